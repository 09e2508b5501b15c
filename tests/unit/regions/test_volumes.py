"""What counts in which measure, on which side."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from services.regions.ledger import MEASURED, facts_of
from services.regions.model import MEASURES, cell_id, day_of, hour_of, month_of
from tests.fixtures.lives import EZHOU, JIANGXIA, NOON, Life, whole_life


def totals(life: Life, side: str) -> dict[str, int]:
    found: Counter[str] = Counter()
    for one in life.told:
        for fact in facts_of(one.event, one.id, one.event.at):
            fact.region = fact.region or life.region
            for where, region, _, kg in fact.sides():
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
        "used": 37_400,
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
    found = {measure for one in told for fact in facts_of(one.event, one.id, one.event.at) for measure in fact.kg}
    assert found == set(MEASURES)
    assert {type(one.event) for one in told if facts_of(one.event, one.id, one.event.at)} <= set(MEASURED)


def test_cells_are_hours_in_utc_and_days_in_china() -> None:
    local = NOON.astimezone(tz=None)
    assert cell_id("origin", JIANGXIA, "hour", hour_of(local)) == f"origin/{JIANGXIA}/2026-11-24T04Z"
    late = NOON + timedelta(hours=12, seconds=-1)
    assert cell_id("origin", JIANGXIA, "day", day_of(late)) == f"origin/{JIANGXIA}/2026-11-24"
    assert cell_id("origin", JIANGXIA, "day", day_of(late + timedelta(seconds=1))) == f"origin/{JIANGXIA}/2026-11-25"
    assert cell_id("origin", JIANGXIA, "month", month_of(late)) == f"origin/{JIANGXIA}/2026-11"
