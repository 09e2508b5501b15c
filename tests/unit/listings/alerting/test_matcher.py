"""The inverted matcher gives what every search, asked one by one, would give; whatever was put in and taken out before."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.listings.alerting import Matcher, QueryIsNotUnderstood
from services.listings.alerting.conditions import Near
from services.listings.alerting.matcher import CELLS_DEG, cells_of, cells_under
from services.listings.model import Demand, Lot
from services.listings.views import Criteria
from shared.clock import iso
from shared.geo import great_circle_m
from shared.parties import Compliance
from tests.unit.listings.alerting.markets import CRITERIA, ENTRIES, LISTINGS, SPOTS, document, entry, fits, lot_of, query
from tests.unit.listings.builders import NOW


@settings(max_examples=300)
@given(
    searches=st.lists(CRITERIA, max_size=40),
    replaced=st.dictionaries(st.integers(0, 39), CRITERIA | st.none(), max_size=8),
    arrivals=st.lists(st.tuples(LISTINGS, ENTRIES, st.integers(0, 9).map(bool)), min_size=1, max_size=4),
)
def test_it_gives_what_every_search_by_itself_gives(
    searches: list[Criteria],
    replaced: dict[int, Criteria | None],
    arrivals: list[tuple[Lot | Demand, list[Compliance], bool]],
) -> None:
    matcher: Matcher[str] = Matcher()
    wanted = {str(number): query(criteria) for number, criteria in enumerate(searches)}
    for identifier, asked in wanted.items():
        matcher.put(identifier, identifier, asked)
    for at, (listing, entries, is_open) in enumerate(arrivals):
        found = document(listing, entries, is_open)
        expected = sorted(identifier for identifier, asked in wanted.items() if fits(asked, found))
        assert sorted(one.who for one in matcher.matches(found, iso(NOW))) == expected
        for number, criteria in replaced.items() if at == 0 else ():
            if criteria is None:
                matcher.drop(str(number))
                wanted.pop(str(number), None)
            else:
                wanted[str(number)] = query(criteria)
                matcher.put(str(number), str(number), wanted[str(number)])
    assert len(matcher) == len(wanted)
    for identifier in wanted:
        matcher.drop(identifier)
    assert (len(matcher), matcher._buckets, len(matcher._vocabulary), matcher._vocabulary._led) == (0, {}, 0, {})


@settings(max_examples=300)
@given(
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    metres=st.floats(1, 20_100_000),
    at_lat=st.floats(-90, 90),
    at_lon=st.floats(-180, 180),
)
def test_a_circles_cells_cover_it(lat: float, lon: float, metres: float, at_lat: float, at_lon: float) -> None:
    cells = cells_under(Near("position", lat, lon, metres))
    for near_lat, near_lon in ((at_lat, at_lon), (lat + metres / 111_200, lon), (lat, max(-180, lon - metres / 111_200))):
        if abs(near_lat) <= 90 and great_circle_m(lat, lon, near_lat, near_lon) <= metres and cells:
            assert set(cells) & set(cells_of({"lat": near_lat, "lon": near_lon}))


def test_cells_are_small_where_circles_are() -> None:
    [level] = {cell[0] for cell in cells_under(Near("position", 30.59, 114.3, 10_000))}
    assert CELLS_DEG[level] == 0.25
    assert cells_under(Near("position", 89.99, 0, 10_000)) == ()
    assert cells_under(Near("position", 0, 179.99, 10_000)) == ()


def told(criteria: Criteria, listing: Lot | Demand, entries: list[Compliance]) -> bool:
    matcher: Matcher[str] = Matcher()
    matcher.put("1", "1", query(criteria))
    return bool(matcher.matches(document(listing, entries, True), iso(NOW)))


@pytest.mark.parametrize(
    "text", ["zebra unheardofword velvet", "unheardofword zebra velvet", "zebra velvet unheardofword jumbo"]
)
def test_of_three_words_any_one_may_be_missing_the_longest_too(text: str) -> None:
    lot = lot_of("steel.hms1", "420100", SPOTS[0], 30_000, 245_000, "zebra jumbo velvet")
    assert told(Criteria(q=text), lot, [])
    assert not told(Criteria(q="zebra unheardofword"), lot_of("steel.hms1", "420100", SPOTS[0], 30_000, 245_000, ""), [])


@pytest.mark.parametrize(("begins", "covered"), [(-3, False), (-2, False), (-1, True), (0, True), (1, False)])
def test_a_period_of_compliance_ends_before_its_end(begins: int, covered: bool) -> None:
    lot = lot_of("steel.hms1", "420100", SPOTS[0], 30_000, 245_000, "")
    assert told(Criteria(compliant=True), lot, [entry("steel", begins)]) is covered


def test_every_criterion_is_judged() -> None:
    """A field that the search gets later has to be drawn in the markets above."""
    drawn = "q material grade region near within_km min_kg max_kg min_price_fen max_price_fen compliant"
    not_saved = "sort to favourite owners not_owners"
    assert {one.name for one in fields(Criteria)} == {*drawn.split(), *not_saved.split()}


@pytest.mark.parametrize(
    "asked",
    [
        {"script": {}},
        {"term": {"a": 1}, "range": {"b": {}}},
        {"range": {"published_at": {"gte": "2026-11-24T00:00:00.000Z"}}},
        {"range": {"price_fen": {"gte": 1, "relation": "within"}}},
        {"bool": {"should": [], "minimum_should_match": "-1"}},
        {"bool": {"flavour": []}},
        {"multi_match": {"query": "a", "fields": ["title"], "type": "cross_fields"}},
        {"multi_match": {"query": "a b", "fields": ["title"], "operator": "and"}},
        {"geo_distance": {"distance": "3mi", "position": {"lat": 0, "lon": 0}}},
    ],
)
def test_what_it_does_not_know_is_an_error(asked: dict[str, Any]) -> None:
    with pytest.raises(QueryIsNotUnderstood):
        Matcher[str]().put("1", "1", {"bool": {"filter": [asked]}})
