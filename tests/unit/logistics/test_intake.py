"""The kilograms of a received load, by hand and by property."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.logistics.model import Intake, intake


def kg(net: int, contract: dict[str, float], found: dict[str, float | None], planned: int = 25_000, tol: float = 5) -> Intake:
    return intake(planned, net, contract, found, tol)


@pytest.mark.parametrize(
    ("net", "contract", "found", "settled"),
    [
        # impurity 3.2 against 1.0: 97.8 % of 25,120 = 24,567.36
        (25_120, {"impurity_pct": 1.0}, {"impurity_pct": 3.2}, 24_567),
        # moisture 14.5 against 12: 85.5 / 88 of 24,900 = 24,192.61
        (24_900, {"moisture_pct": 12.0}, {"moisture_pct": 14.5}, 24_193),
        # both: 25,000 × 0.97 × 85.5 / 88 = 23,561.08
        (25_000, {"moisture_pct": 12, "impurity_pct": 1}, {"moisture_pct": 14.5, "impurity_pct": 4}, 23_561),
        # better than agreed: nothing is added
        (25_000, {"moisture_pct": 12, "impurity_pct": 1}, {"moisture_pct": 8, "impurity_pct": 0.2}, 25_000),
        # not agreed, or not measured: nothing is deducted
        (25_000, {}, {"moisture_pct": 50, "impurity_pct": 50}, 25_000),
        (25_000, {"moisture_pct": 1, "impurity_pct": 1}, {"moisture_pct": None, "impurity_pct": None}, 25_000),
        # a half goes up: 25,050 × 0.99 = 24,799.5
        (25_050, {"impurity_pct": 0.1}, {"impurity_pct": 1.1}, 24_800),
        # decimals as written: 0.3 − 0.1 is 0.2, so 99.8 % of 12,500 is 12,475 exactly
        (12_500, {"impurity_pct": 0.1}, {"impurity_pct": 0.3}, 12_475),
        (25_000, {"moisture_pct": 0}, {"moisture_pct": 100}, 0),
        (25_000, {"moisture_pct": 100}, {"moisture_pct": 100}, 25_000),
        (25_000, {"impurity_pct": 0}, {"impurity_pct": 100}, 0),
    ],
)
def test_deductions_by_hand(net: int, contract: dict[str, float], found: dict[str, float | None], settled: int) -> None:
    assert kg(net, contract, found).settled_kg == settled


@pytest.mark.parametrize(
    ("net", "consumed", "shortfall", "difference"),
    [
        (25_000, 25_000, 0, 0),
        (24_999, 25_000, 0, 1),
        (23_750, 25_000, 0, 1_250),  # 5 % below: still within
        (23_749, 23_749, 1_251, 0),
        (26_250, 25_000, 0, -1_250),
        (40_000, 25_000, 0, -15_000),
        (1, 1, 24_999, 0),
    ],
)
def test_tolerance_by_hand(net: int, consumed: int, shortfall: int, difference: int) -> None:
    found = kg(net, {}, {})
    assert (found.consumed_kg, found.shortfall_kg, found.difference_kg) == (consumed, shortfall, difference)


def test_a_tolerance_with_decimals_is_exact() -> None:
    assert kg(9_970, {}, {}, planned=10_000, tol=0.3).shortfall_kg == 0
    assert kg(9_969, {}, {}, planned=10_000, tol=0.3).shortfall_kg == 31


pct = st.one_of(st.none(), st.integers(0, 1000).map(lambda tenths: tenths / 10))


@given(
    planned=st.integers(1, 60_000),
    net=st.integers(1, 90_000),
    agreed=st.tuples(pct, pct),
    measured=st.tuples(pct, pct),
    tolerance=st.integers(0, 1000).map(lambda tenths: tenths / 10),
)
def test_every_kilogram_has_its_place(
    planned: int,
    net: int,
    agreed: tuple[float | None, float | None],
    measured: tuple[float | None, float | None],
    tolerance: float,
) -> None:
    names = ("moisture_pct", "impurity_pct")
    contract = {name: value for name, value in zip(names, agreed, strict=True) if value is not None}
    found = intake(planned, net, contract, dict(zip(names, measured, strict=True)), tolerance)
    assert found.net_kg == net
    assert 0 <= found.settled_kg <= net
    assert found.settled_kg + found.deducted_kg == net
    assert found.settled_kg + found.deducted_kg + found.difference_kg + found.shortfall_kg == planned
    assert found.consumed_kg + found.shortfall_kg == planned
    assert found.difference_kg == 0 or found.shortfall_kg == 0
    assert found.shortfall_kg == 0 or Fraction(net * 100, planned) < 100
