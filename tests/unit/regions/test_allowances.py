"""以渣定产: what is allowed, exact to the kilogram, whatever the order in which it is heard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.regions.model.allowances import (
    Allowance,
    AllowanceRule,
    AllowanceTerms,
    Counted,
    Forecast,
)
from shared.clock import Calendar

GYPSUM, HUBEI, WUHAN = "solid_waste.phosphogypsum", "420000", "420115"
NEW_YEAR = datetime(2025, 12, 31, 16, tzinfo=UTC)
"""Midnight in China."""
NOW = datetime(2026, 3, 1, tzinfo=UTC)
KG = st.integers(0, 10_000_000_000)


def terms(
    ratio_bp: int = 10_000,
    initial_kg: int = 0,
    period: Calendar = "year",
    start: datetime = NEW_YEAR,
    end: datetime | None = None,
) -> AllowanceTerms:
    return AllowanceTerms(
        region=HUBEI,
        material=GYPSUM,
        ratio_bp=ratio_bp,
        initial_kg=initial_kg,
        period=period,
        start=start,
        end=end,
        source="test",
    )


def rule(of: AllowanceTerms) -> AllowanceRule:
    return AllowanceRule("rule", 1, of, NOW, NOW)


def allowance(of: AllowanceTerms, **sums: int) -> Allowance:
    period = of.period_at(NOW)
    assert period is not None
    found = Allowance.of(rule(of), "producer", period, NOW)
    for name, kg in sums.items():
        setattr(found, name, kg)
    found.reckon(rule(of), NOW)
    return found


@given(KG, st.integers(1, 1_000_000), KG)
def test_what_is_allowed_is_exact_and_never_rounded_up(verified: int, ratio_bp: int, initial: int) -> None:
    allowed = terms(ratio_bp, initial).allowed_kg(verified)
    assert 0 <= verified * ratio_bp - (allowed - initial) * 10_000 < 10_000


@given(st.lists(st.tuples(KG, KG, KG), max_size=20), st.randoms(use_true_random=False))
def test_sums_do_not_depend_on_order_and_what_is_taken_back_is_gone(rows: list[tuple[int, int, int]], random: object) -> None:
    counted = [Counted("producer", WUHAN, GYPSUM, NOW, *row) for row in rows]
    first, other = allowance(terms()), allowance(terms())
    for one in counted:
        first.add(one, 1)
    for one in sorted(counted, key=lambda _: random.random()):  # type: ignore[attr-defined]
        other.add(one, 1)
        other.add(one, -1)
        other.add(one, 1)
    first.reckon(rule(terms()), NOW)
    other.reckon(rule(terms()), NOW)
    assert (first.used_kg, first.verified_kg, first.promised_kg) == (other.used_kg, other.verified_kg, other.promised_kg)
    assert first.left_kg == max(0, first.allowed_kg - first.used_kg)


@given(st.integers(0, 5 * 365 * 86_400), st.sampled_from(["month", "year"]))
def test_every_moment_lies_in_one_period(seconds: int, period: Calendar) -> None:
    of = terms(period=period, start=datetime(2020, 1, 1, tzinfo=UTC))
    at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    found = of.period_at(at)
    assert found is not None and found.start <= at < found.end
    after, before = of.period_at(found.end), of.period_at(found.end - timedelta(milliseconds=1))
    assert before == found
    assert after is not None and after.start == found.end and after.name > found.name


def test_periods_are_of_china_and_cut_to_the_rule() -> None:
    of = terms(start=datetime(2026, 6, 30, 16, tzinfo=UTC), end=datetime(2027, 2, 1, tzinfo=UTC))
    assert of.period_at(datetime(2026, 6, 30, 15, 59, tzinfo=UTC)) is None
    first, second = of.period_at(of.start), of.period_at(datetime(2026, 12, 31, 16, tzinfo=UTC))
    assert first is not None and (first.name, first.start) == ("2026", of.start)
    assert second is not None and (second.name, second.end) == ("2027", of.end)
    assert of.period_at(datetime(2027, 2, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("sums", "ends"),
    [
        ({"used_kg": 59_000, "verified_kg": 0}, NOW + timedelta(days=41_000 / 1000)),
        ({"used_kg": 59_000, "verified_kg": 59_000}, None),
        ({"used_kg": 1_000, "verified_kg": 0}, None),
        ({"used_kg": 100_001, "verified_kg": 0}, NOW),
    ],
)
def test_at_this_pace_it_ends_on(sums: dict[str, int], ends: datetime | None) -> None:
    of = terms(initial_kg=100_000, start=NOW - timedelta(days=59))
    found = allowance(of, **sums).forecast(of.ratio_bp, NOW)
    assert found.ends_at == ends
    assert found.listed_kg_per_day == sums["used_kg"] // 59


def test_before_anything_is_counted_nothing_is_foretold() -> None:
    of = terms(start=NOW)
    assert allowance(of).forecast(of.ratio_bp, NOW) == Forecast(None, None, None)


@settings(max_examples=50)
@given(KG, KG, KG)
def test_a_share_is_full_when_nothing_is_left(verified: int, initial: int, used: int) -> None:
    found = allowance(terms(initial_kg=initial), verified_kg=verified, used_kg=used)
    if found.allowed_kg and used == found.allowed_kg:
        assert found.used_bp == 10_000
    assert (found.used_bp > 10_000) <= (found.left_kg == 0)
