"""Whatever the policy, and whenever it comes: months keep their sums."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.pages.park.looking import GRAINS, SINCE, Look
from services.regions.ledger import SHANGHAI, Granularity, Span, check_kept, covered_by
from services.regions.model import Cell, Period, Retention, cell_id, month_of
from shared.problem import InputIsInvalid

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 3 * 365 * 24).map(lambda hours: FIRST + timedelta(hours=hours))
FACTS = st.lists(st.tuples(MOMENTS, st.sampled_from(["paper.occ_a", "steel.hms1"]), st.integers(-500, 5_000)), max_size=30)
POLICIES = st.lists(st.tuples(MOMENTS, st.integers(0, 400), st.integers(0, 20)), min_size=1, max_size=4)
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
CUT = datetime(2026, 9, 30, 16, tzinfo=UTC)
"""When October begins in China."""


def count(cells: dict[str, Cell], kept: Retention, at: datetime, grade: str, kg: int) -> None:
    for period, start in kept.cells_of(at).values():
        identifier = cell_id("origin", "420000", period, start)
        cells.setdefault(identifier, Cell(identifier, 0, "origin", "420000", period, start)).add(grade, "road", {"listed": kg})


def thin(cells: dict[str, Cell], kept: Retention) -> None:
    """As the room does, all at once."""
    for identifier, cell in list(cells.items()):
        kept_as = [period for period, _ in kept.cells_of(cell.start).values()]
        if cell.period == "day" and "day" not in kept_as:
            name = cell_id("origin", "420000", "month", month_of(cell.start))
            month = cells.setdefault(name, Cell(name, 0, "origin", "420000", "month", month_of(cell.start)))
            month.take_in(cells.pop(identifier))
        elif cell.period == "hour" and "hour" not in kept_as:
            del cells[identifier]


def months(cells: dict[str, Cell]) -> dict[tuple[datetime, str, str], int]:
    sums: defaultdict[tuple[datetime, str, str], int] = defaultdict(int)
    for cell in cells.values():
        if cell.period != "hour":
            for family, grades in cell.kg.items():
                for grade, modes in grades.items():
                    sums[month_of(cell.start), family, grade] += modes["road"]["listed"]
    return dict(sums)


@given(FACTS, POLICIES, FACTS)
def test_sums_by_month_are_the_same_under_any_policy_at_any_moment(
    before: list[tuple[datetime, str, int]], policies: list[tuple[datetime, int, int]], late: list[tuple[datetime, str, int]]
) -> None:
    plain: dict[str, Cell] = {}
    cells: dict[str, Cell] = {}
    kept = Retention()
    for fact in before:
        count(plain, Retention(), *fact)
        count(cells, kept, *fact)
    for now, days, of_months in policies:
        kept.advance(now, days, of_months)
        thin(cells, kept)
        assert months(cells) == months(plain)
    for fact in late:
        count(plain, Retention(), *fact)
        count(cells, kept, *fact)
    assert months(cells) == months(plain)
    assert all(cell.period != "day" or kept.days_from is None or cell.start >= kept.days_from for cell in cells.values())
    thin(plain, kept)
    assert {name: cell.kg for name, cell in plain.items()} == {name: cell.kg for name, cell in cells.items()}


@given(POLICIES)
def test_what_is_kept_only_moves_on(policies: list[tuple[datetime, int, int]]) -> None:
    kept = Retention()
    for now, days, of_months in policies:
        hours_from, days_from = kept.hours_from, kept.days_from
        moved = kept.advance(now, days, of_months)
        assert moved == ((hours_from, days_from) != (kept.hours_from, kept.days_from))
        assert hours_from is None or (kept.hours_from is not None and kept.hours_from >= hours_from)
        assert days_from is None or (kept.days_from is not None and kept.days_from >= days_from)
        assert kept.days_from is None or kept.days_from == month_of(kept.days_from)
        assert kept.days_from is None or (kept.hours_from is not None and kept.hours_from >= kept.days_from)


def test_a_policy_is_counted_from_today_and_from_this_month() -> None:
    kept = Retention()
    assert not kept.advance(NOW, 0, 0)
    assert kept.advance(NOW, 7, 1)
    assert kept.hours_from == datetime(2026, 11, 20, 16, tzinfo=UTC)
    assert kept.days_from == datetime(2026, 9, 30, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "granularity", "zone", "source"),
    [
        (CUT, "day", SHANGHAI, "day"),
        (CUT - timedelta(days=30), "day", SHANGHAI, None),
        (CUT - timedelta(days=30), "month", SHANGHAI, "day"),
        (CUT - timedelta(days=29), "month", SHANGHAI, None),
        (CUT + timedelta(days=1), "hour", SHANGHAI, None),
        (CUT + timedelta(days=9), "hour", SHANGHAI, "hour"),
        (CUT + timedelta(days=1), "year", "UTC", None),
        (None, "year", SHANGHAI, "day"),
        (None, "year", "UTC", None),
    ],
)
def test_cells_answer_what_they_still_cover(
    start: datetime | None, granularity: Granularity, zone: str, source: Period | None
) -> None:
    kept = Retention(hours_from=CUT + timedelta(days=9), days_from=CUT)
    assert covered_by(Span(start), granularity, zone, kept) == source


def test_a_finer_question_than_what_is_kept_hears_what_would_be_right() -> None:
    kept = Retention(hours_from=CUT + timedelta(days=9), days_from=CUT)
    for granularity, start, zone, coarser, since in (
        ("hour", CUT, SHANGHAI, "day", "2026-10-10"),
        ("hour", None, SHANGHAI, "month", "2026-10-10"),
        ("day", None, SHANGHAI, "month", "2026-10-01"),
        ("day", CUT - timedelta(hours=1), "UTC", "month", "2026-09-30T16:00:00"),
    ):
        with pytest.raises(InputIsInvalid) as caught:
            check_kept(Span(start), granularity, zone, kept)  # type: ignore[arg-type]
        [(pointer, zh, en)] = caught.value.faults
        assert pointer == "/granularity"
        for text in (zh, en):
            assert f"granularity={coarser}" in text and f"from={since}" in text
    check_kept(Span(CUT), "day", SHANGHAI, kept)
    check_kept(Span(), "month", SHANGHAI, kept)
    check_kept(Span(), "hour", SHANGHAI, Retention())


@pytest.mark.parametrize("since", SINCE)
@pytest.mark.parametrize("day", [datetime(2026, 11, 28, 4, tzinfo=UTC), datetime(2026, 12, 1, 1, tzinfo=UTC)])
def test_what_the_consoles_pages_ask_for_is_kept_under_the_shortest_policy(since: str, day: datetime) -> None:
    """Hours for a day, days for a month: nobody who opens a page is told that its figures are no longer kept."""
    kept = Retention()
    kept.advance(day, 1, 1)
    look = Look("origin", "", "listed", since, 0, day)
    start = None if look.start is None else datetime.fromisoformat(look.start).replace(tzinfo=ZoneInfo(SHANGHAI))
    check_kept(Span(start), GRAINS[since], SHANGHAI, kept)  # type: ignore[arg-type]
