"""What counts in which measure, on which side."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.regions.ledger import MEASURED, fact_of
from services.regions.model import FIRMS_KEPT, MEASURES, Cell, cell_id, hour_of
from tests.fixtures.lives import EZHOU, JIANGXIA, NOON, Life, whole_life


def totals(life: Life, side: str) -> dict[str, int]:
    found: Counter[str] = Counter()
    for one in life.told:
        fact = fact_of(one.event, one.id)
        if fact is not None:
            fact.region = fact.region or life.region
            for where, region, kg in fact.cells():
                assert region == (JIANGXIA if where == "origin" else EZHOU)
                if where == side:
                    found.update(kg)
    return dict(found)


def test_a_whole_life_is_counted_and_nothing_is_subtracted_later() -> None:
    life = whole_life()
    assert totals(life, "origin") == {
        "listed": 100_000,
        "agreed": 72_000,
        "cancelled": 12_000,
        "loaded": 60_000,
        "received": 37_400,
        "deducted": 150,
        "refused": 20_000,
    }


def test_the_destination_has_neither_listed_nor_withdrawn() -> None:
    life = Life().publish()
    life.reserve(10_000).release(10_000, to="withdrawn")
    life.withdraw()
    assert totals(life, "origin") == {"listed": 30_500, "withdrawn": 30_500}
    assert totals(life, "destination") == {}
    there = totals(whole_life(), "destination")
    assert there["received"] == 37_400
    assert "listed" not in there


def test_a_smaller_quantity_is_not_subtracted() -> None:
    assert totals(Life().publish().change(10_000), "origin") == {"listed": 30_500}


def test_expiry_is_not_a_withdrawal() -> None:
    assert totals(Life().publish().expire(), "origin") == {"listed": 30_500}


def test_every_measure_has_an_event() -> None:
    told = [*whole_life().told, *Life().publish().withdraw().told]
    found = {measure for one in told if (fact := fact_of(one.event, one.id)) for measure in fact.kg}
    assert found == set(MEASURES)
    assert {type(one.event) for one in told if fact_of(one.event, one.id)} <= set(MEASURED)


def test_cells_are_utc_hours() -> None:
    local = NOON.astimezone(tz=None)
    assert cell_id("origin", JIANGXIA, "steel.hms1", hour_of(local)) == f"origin/{JIANGXIA}/steel.hms1/2026-11-24T04Z"


@given(st.lists(st.sampled_from("abcdef"), min_size=1), st.randoms(use_true_random=False))
def test_a_cell_keeps_the_same_three_firms_in_any_order(firms: list[str], random: Random) -> None:
    shuffled = random.sample(firms, len(firms))
    cells = [Cell("", 0, "origin", JIANGXIA, "steel.hms1", NOON) for _ in range(2)]
    for cell, order in zip(cells, (firms, shuffled), strict=True):
        for firm in order:
            cell.add({"listed": 1}, firm)
    assert cells[0] == cells[1]
    assert cells[0].firms["listed"] == sorted(set(firms))[:FIRMS_KEPT]
