"""What is published reveals no single firm: not in itself, and not by the difference of any answers."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from services.regions.ledger.publishing import DAY, Own, city_of, days_within, published_of, shown_of
from services.regions.model import LEAST_FIRMS, MEASURES, ORIGIN_ONLY, SHOWN_TO_ALL, Grain, Measure, Published

MONDAY = datetime(2026, 11, 22, 16, tzinfo=UTC)
"""Midnight in China."""
REGIONS = ("420115", "420102", "420704", "110101", "429004")
READER = "reader"


def grain(seller: str, kg: int, measure: Measure = "received", buyer: str | None = "b1", **more: object) -> Grain:
    where = {"region": "420115", "to_region": "420704", "grade": "steel.hms1", "recorded": MONDAY, "day": MONDAY, **more}
    if measure in ORIGIN_ONLY:
        where["to_region"] = buyer = None
    return Grain(seller_id=seller, buyer_id=buyer, kg={measure: kg}, **where)  # type: ignore[arg-type]


def test_three_firms_on_each_side_or_nothing() -> None:
    three = [grain(f"s{i}", 10**i, buyer=f"b{i}") for i in range(3)]
    [piece] = published_of(three)
    assert (piece.level, piece.from_place, piece.to_place) == ("city", "420100", "420700")
    assert (piece.kg, piece.withheld) == ({"received": 111}, [])
    for fewer in (
        three[:2],
        [grain(f"s{i}", 10, buyer="b1") for i in range(3)],
        [grain("s1", 5, buyer=f"b{i}") for i in range(3)],
    ):
        assert all(not one.kg and one.withheld == ["received"] for one in published_of(fewer))


def test_what_is_listed_needs_three_sellers_alone() -> None:
    [piece] = published_of([grain(f"s{i}", 10, "listed") for i in range(3)])
    assert piece.kg == {"listed": 30} and piece.to_place is None


def test_a_firm_whose_kilograms_were_taken_off_again_does_not_stand_behind_a_figure() -> None:
    told = [*(grain(f"s{i}", 10, "listed") for i in range(2)), grain("s2", 7, "listed"), grain("s2", -7, "listed")]
    assert all(not one.kg for one in published_of(told))


def test_what_is_too_little_for_cities_counts_in_their_provinces() -> None:
    ends = (("420115", "420704"), ("420704", "420115"), ("429004", "420704"))
    told = [grain(f"s{i}", 10, buyer=f"b{i}", region=here, to_region=there) for i, (here, there) in enumerate(ends)]
    pieces = published_of(told)
    [province] = [one for one in pieces if one.level == "province"]
    assert (province.from_place, province.kg, province.withheld) == ("420000", {"received": 30}, [])
    assert all(not one.kg for one in pieces if one.level == "city")
    assert city_of("429004") == "429004"


def test_ones_own_kilograms_are_shown_once() -> None:
    own = grain(READER, 1_000, buyer="b9")
    others = [grain(f"s{i}", 1, buyer=f"b{i}") for i in range(3)]
    mine = [Own("2026-11", own)]
    together = shown_of(published_of([own, *others]), mine, lambda _: "2026-11", SHOWN_TO_ALL, "city")
    alone = shown_of(published_of([own]), mine, lambda _: "2026-11", SHOWN_TO_ALL, "city")
    assert together["2026-11", "steel.hms1"].kg == {"received": 1_003}
    assert alone["2026-11", "steel.hms1"].kg == {"received": 1_000}
    for shown in (together, alone):
        assert shown["2026-11", "steel.hms1"].own == {"received": 1_000}
    assert alone["2026-11", "steel.hms1"].withheld and not together["2026-11", "steel.hms1"].withheld


def test_only_whole_days_are_within() -> None:
    noon = MONDAY + timedelta(hours=12)
    assert days_within(MONDAY, MONDAY + DAY) == (MONDAY, MONDAY + DAY)
    assert days_within(noon, noon + DAY) == (MONDAY + DAY, MONDAY + DAY)
    assert days_within(None, None) == (None, None)


FACTS = st.builds(
    lambda seller, buyer, measure, here, there, grade, told, days_before: (
        seller, buyer, measure, here, there, grade, MONDAY + told * DAY, MONDAY + (told - days_before) * DAY
    ),
    st.sampled_from(["a", "b", "c", "d", READER]),
    st.sampled_from(["p", "q", "r", "s"]),
    st.sampled_from(["listed", "received", "agreed"]),
    st.sampled_from(REGIONS),
    st.sampled_from(REGIONS),
    st.sampled_from(["steel.hms1", "steel.light"]),
    st.integers(0, 1),
    st.integers(0, 1),
)  # fmt: skip
PLACES = ("420100", "420700", "420000", "110000", "429004")


def made(told: list[tuple[object, ...]]) -> list[Grain]:
    """Each weighs another power of two, so that a sum tells which ones it is made of."""
    return [
        grain(str(seller), 1 << number, measure, str(buyer), region=here, to_region=there, grade=grade, recorded=at, day=day)  # type: ignore[arg-type]
        for number, (seller, buyer, measure, here, there, grade, at, day) in enumerate(told)
    ]


def answers(grains: list[Grain]) -> set[int]:
    """Every figure that the reader can get: for each place, side, grade, measure, time of asking, and period."""
    by_day: defaultdict[datetime, list[Grain]] = defaultdict(list)
    for one in grains:
        by_day[one.recorded].append(one)
    pieces = [piece for of in by_day.values() for piece in published_of(of)]
    found: set[int] = set()
    for code, origin, asked, first in product(PLACES, (True, False), range(3), range(-1, 3)):
        digits = code[:2] if code.endswith("0000") else code.rstrip("0") if code != "429004" else code

        def there(place: str | None, digits: str = digits) -> bool:
            return place is not None and place.startswith(digits)

        known, since = MONDAY + asked * DAY, MONDAY + first * DAY
        seen = [
            one
            for one in pieces
            if one.recorded < known and one.day >= since and there(one.from_place if origin else one.to_place)
        ]
        own = [
            Own(f"{one.day:%d}", one)
            for one in grains
            if one.seller_id == READER and one.day >= since and there(one.region if origin else one.to_region)
        ]
        level = "province" if code.endswith("0000") else "city"
        for fine in (True, False):
            rows = shown_of(seen, own, lambda day, fine=fine: f"{day:%d}" if fine else "", MEASURES, level)  # type: ignore[misc]
            if not fine:
                rows = shown_of(seen, [Own("", one.grain) for one in own], lambda _: "", MEASURES, level)
            found |= {kg for shown in rows.values() for kg in shown.kg.values()}
            totals: defaultdict[Measure, int] = defaultdict(int)
            for shown in rows.values():
                for measure, kg in shown.kg.items():
                    totals[measure] += kg
            found |= set(totals.values())
    return found - {0}


@settings(max_examples=150)
@given(st.lists(FACTS, min_size=1, max_size=40))
def test_no_difference_of_answers_reveals_one_firm(told: list[tuple[object, ...]]) -> None:
    """Grains that stand in the same answers can't be told apart by any sum or difference of answers: so each such class must be
    of three sellers and, where there are buyers, three buyers."""
    grains = made(told)
    figures = sorted(answers(grains))
    classes: defaultdict[tuple[int, ...], list[Grain]] = defaultdict(list)
    own = {number for number, one in enumerate(grains) if one.seller_id == READER}
    for number, one in enumerate(grains):
        signature = tuple(index for index, figure in enumerate(figures) if figure >> number & 1)
        if signature and number not in own:
            classes[signature].append(one)
    for of in classes.values():
        sellers = {one.seller_id for one in of} | {grains[number].seller_id for number in own}
        assert len(sellers) >= LEAST_FIRMS, of
        if not all(measure in ORIGIN_ONLY for one in of for measure in one.kg):
            assert len({one.buyer_id for one in of} | {grains[number].buyer_id for number in own}) >= LEAST_FIRMS


@settings(max_examples=100)
@given(st.lists(FACTS, max_size=60))
def test_every_kilogram_is_published_at_most_once(told: list[tuple[object, ...]]) -> None:
    grains = made(told)
    by_day: defaultdict[datetime, list[Grain]] = defaultdict(list)
    for one in grains:
        by_day[one.recorded].append(one)
    pieces: list[Published] = [piece for of in by_day.values() for piece in published_of(of)]
    seen = 0
    for piece in pieces:
        for kg in piece.kg.values():
            assert seen & kg == 0
            seen |= kg
    assert len({piece.id for piece in pieces}) == len(pieces)
