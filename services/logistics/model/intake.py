"""What a received load comes to, in kilograms (the contract's arithmetic of settlement and tolerance)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from shared.units import div_half_up


@dataclass(frozen=True, slots=True)
class Intake:
    """settled + deducted = net; consumed + shortfall = planned; consumed − net = difference."""

    net_kg: int
    settled_kg: int
    deducted_kg: int
    consumed_kg: int
    shortfall_kg: int
    difference_kg: int


def intake(
    planned_kg: int,
    net_kg: int,
    contract: Mapping[str, float],
    found: Mapping[str, float | None],
    tolerance_pct: float,
) -> Intake:
    """The kilograms of a load planned at `planned_kg` that weighed `net_kg`.

    Within the tolerance, and above it, the load uses up its planned tonnes and what was weighed more or less is the weighing
    difference; below, it uses what was weighed and the shortfall goes back.
    """
    settled_kg = settled(net_kg, contract, found)
    short = net_kg * 100 < planned_kg * (100 - exact(tolerance_pct))
    consumed_kg = net_kg if short else planned_kg
    return Intake(
        net_kg=net_kg,
        settled_kg=settled_kg,
        deducted_kg=net_kg - settled_kg,
        consumed_kg=consumed_kg,
        shortfall_kg=planned_kg - consumed_kg,
        difference_kg=consumed_kg - net_kg,
    )


def settled(net_kg: int, contract: Mapping[str, float], found: Mapping[str, float | None]) -> int:
    """net × (100 − max(0, impurity − contract)) / 100 × (100 − max(moisture, contract)) / (100 − contract), half up once.

    An attribute that the contract does not name, or the inspection did not measure, deducts nothing.
    """
    share = _dry(contract.get("moisture_pct"), found.get("moisture_pct"))
    share *= _clean(contract.get("impurity_pct"), found.get("impurity_pct"))
    return div_half_up(net_kg * share.numerator, share.denominator)


def _clean(agreed: float | None, found: float | None) -> Fraction:
    if agreed is None or found is None:
        return Fraction(1)
    return (100 - max(Fraction(0), exact(found) - exact(agreed))) / 100


def _dry(agreed: float | None, found: float | None) -> Fraction:
    if agreed is None or found is None or exact(agreed) >= 100:
        return Fraction(1)
    return (100 - max(exact(found), exact(agreed))) / (100 - exact(agreed))


def exact(number: float) -> Fraction:
    """The decimal number that was written, not its binary neighbour."""
    return Fraction(Decimal(str(number)))
