"""Targets: how far one is, exactly, and which figures may be compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.regions.model import Progress, Target, TargetTerms
from services.regions.schemas import national_out
from services.regions.views import national

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def terms(**changes: Any) -> TargetTerms:
    """365 t in the 365 days of 2026."""
    values = {"region": "420000", "material": "steel", "side": "origin", "measure": "received", "kg": 365_000}
    span = {"start": NEW_YEAR, "end": NEW_YEAR + timedelta(days=365), "source": "test"}
    return TargetTerms(**{**values, **span, **changes})


@pytest.mark.parametrize(
    ("day", "reached", "due", "rate", "missing", "needed", "on_day"),
    [
        (-5, 0, 0, None, 365_000, 1_000, None),
        (0, 0, 0, None, 365_000, 1_000, None),
        (73, 0, 73_000, 0, 365_000, 1_250, None),
        (73, 36_500, 73_000, 182_500, 328_500, 1_125, 730),
        (73, 365_000, 73_000, 1_825_000, 0, 0, 73),
        (365, 182_500, 365_000, 182_500, 182_500, None, 730),
        (900, 182_500, 365_000, 182_500, 182_500, None, 730),
        (365, 1, 365_000, 1, 364_999, None, None),
    ],
)
def test_pace_and_what_is_missing(
    day: int, reached: int, due: int, rate: int | None, missing: int, needed: int | None, on_day: int | None
) -> None:
    on = None if on_day is None else NEW_YEAR + timedelta(days=on_day)
    expected = Progress(reached, due, rate, missing, needed, on)
    assert Progress.of(terms(), reached, NEW_YEAR + timedelta(days=day)) == expected


@given(st.integers(0, 10**12), st.integers(1, 364 * 86_400_000))
def test_what_is_needed_a_day_reaches_it(reached: int, gone_ms: int) -> None:
    now = NEW_YEAR + timedelta(milliseconds=gone_ms)
    found = Progress.of(terms(), reached, now)
    assert found.needed_kg_per_day is not None
    days_left = (terms().end - now) / timedelta(days=1)
    assert abs(found.needed_kg_per_day * days_left - found.missing_kg) <= days_left / 2 + 1e-3


def test_a_change_is_told_and_no_change_is_not() -> None:
    target = Target("t", 1, terms(), NEW_YEAR, NEW_YEAR)
    assert target.change(terms(), "standing", NEW_YEAR) == [] and target.version == 1
    (told,) = target.change(terms(kg=1), "withdrawn", NEW_YEAR)
    assert (told.version, told.kg, told.status) == (2, 1, "withdrawn")  # type: ignore[attr-defined]


def test_figures_of_another_measure_are_never_compared() -> None:
    items = {one.code: one for one in national_out(national()).items}
    assert len(items) == 8 and all(one.source and row.source for one in items.values() for row in one.outcomes)
    solid = items["bulk_solid_waste"]
    assert [(row.period, row.value, row.reached_pct) for row in solid.outcomes if row.compared] == [
        ("2022", 56.47, 99.07),
        ("2023", 53.32, 93.54),
    ]
    assert items["scrap_steel"].value == 320
    for one in items.values():
        for row in one.outcomes:
            assert row.compared is (row.measure == one.measure) and (row.reached_pct is not None) is row.compared
    assert not any(row.compared for row in items["scrap_steel"].outcomes)
