"""The settlement statement, to the fen."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trading.model import Load
from services.trading.settling import settle, statement_lines
from tests.fixtures.trades import NOON, terms


def load(planned_kg: int, net_kg: int, settled_kg: int, name: str = "s1", **more: float) -> Load:
    return Load(name, "received", NOON, planned_kg, net_kg, settled_kg, f"T-{name}", **more)


def test_two_loads_by_hand() -> None:
    # 24.980 + 25.333 = 50.313 t settled at 2,100.00 = 105,657.30; 3 % = 3,169.719 → 3,169.72; 50 t at 171.17 = 8,558.50
    found = settle(terms(), [load(25_000, 25_100, 24_980), load(25_000, 25_400, 25_333, "s2")])
    assert (found.net_kg, found.settled_kg, found.deducted_kg) == (50_500, 50_313, 187)
    assert (found.amount_fen, found.vat_fen, found.freight_fen) == (10_565_730, 316_972, 855_850)


@pytest.mark.parametrize(
    ("settled_kg", "price", "vat_bp", "amount", "vat"),
    [
        (1, 500, 0, 1, 0),  # 0.001 t at 5.00 = 0.005: half up
        (1, 499, 0, 0, 0),
        (333, 208_891, 1300, 69_561, 9_043),  # 695.60703 → 695.61; 13 % of the rounded 695.61 = 90.4293 → 90.43
        (10_000_000, 271_828, 1300, 2_718_280_000, 353_376_400),
        (1, 50_000, 300, 50, 2),  # 0.50; 3 % = 0.015 → 0.02
        (1, 16_500, 300, 17, 1),  # 0.165 → 0.17; 3 % of 0.17 = 0.0051 → 0.01
    ],
)
def test_rounding_is_half_up_once(settled_kg: int, price: int, vat_bp: int, amount: int, vat: int) -> None:
    found = settle(terms(price_fen_per_t=price, vat_bp=vat_bp), [load(settled_kg, settled_kg, settled_kg)])
    assert (found.amount_fen, found.vat_fen) == (amount, vat)


def test_money_is_rounded_per_trade_not_per_load() -> None:
    # three loads of 0.001 t at 1.66: per load 0.00166 → 0.00 each; together 0.00498 → 0.00; at 5.00: 0.015 → 0.02
    three = [load(1, 1, 1, name) for name in "abc"]
    assert settle(terms(price_fen_per_t=500), three).amount_fen == 2


def test_freight_counts_planned_tonnes_of_received_loads() -> None:
    found = settle(terms(freight_fen_per_t=10_001), [load(33_334, 20_000, 20_000)])
    assert found.freight_fen == 333_373  # 33.334 t at 100.01 = 3,333.73334


loads = st.lists(
    st.tuples(st.integers(1, 50_000), st.integers(1, 60_000), st.integers(0, 10_000)).map(
        lambda row: load(row[0], row[1], max(0, row[1] - row[2]))
    ),
    min_size=1,
    max_size=8,
)


@given(loads, st.integers(0, 10_000_000), st.integers(0, 2_000))
def test_amount_is_within_half_a_fen_and_masses_add_up(received: list[Load], price: int, vat_bp: int) -> None:
    found = settle(terms(price_fen_per_t=price, vat_bp=vat_bp), received)
    assert found.settled_kg + found.deducted_kg == found.net_kg
    exact = Fraction(found.settled_kg * price, 1000)
    assert -Fraction(1, 2) < found.amount_fen - exact <= Fraction(1, 2)
    assert -Fraction(1, 2) < found.vat_fen - Fraction(found.amount_fen * vat_bp, 10_000) <= Fraction(1, 2)


def test_every_line_names_its_source() -> None:
    lines = statement_lines(terms(), "p1", [load(25_000, 25_100, 24_980, moisture_pct=1.5)])
    found = {line.figure: (line.value, line.source, line.reference) for line in lines}
    assert found == {
        "price_cny_per_t": (2100.0, "contract", "p1"),
        "vat_rate_pct": (3.0, "contract", "p1"),
        "freight_cny_per_t": (171.17, "contract", "p1"),
        "contract_moisture_pct": (0.5, "contract", "p1"),
        "contract_impurity_pct": (1.0, "contract", "p1"),
        "planned_t": (25.0, "contract", "p1"),
        "net_t": (25.1, "ticket", "T-s1"),
        "moisture_pct": (1.5, "inspection", "s1"),
        "deducted_t": (0.12, "inspection", "s1"),
        "settled_t": (24.98, "inspection", "s1"),
    }
