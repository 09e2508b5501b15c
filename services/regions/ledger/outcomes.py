"""Circulation, radius of supply, modes and avoided CO2e: sums over what was received, measure `received`, net kilograms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from services.regions.model import Factor, Received
from shared.catalogue.freight import tariff
from shared.units import div_half_up

FactorOf = Callable[[str], Factor | None]


@dataclass(frozen=True)
class Avoided:
    """What one factor comes to."""

    factor: Factor
    kg: int
    avoided_kg: int


@dataclass
class Outcomes:
    """Of the loads received in one region. A share is of kilograms; None where there is nothing to share."""

    loads: int = 0
    received_kg: int = 0
    inside_kg: int = 0
    hauled_kg: int = 0
    metre_kg: int = 0
    freight_ng: int = 0
    by_mode: dict[str, int] = field(default_factory=dict)
    avoided: list[Avoided] = field(default_factory=list)
    unfactored_kg: dict[str, int] = field(default_factory=dict)

    @property
    def circulation_bp(self) -> int | None:
        """Of what was received, how much arose in the same region, in basis points."""
        return div_half_up(self.inside_kg * 10_000, self.received_kg) if self.received_kg else None

    @property
    def freight_kg(self) -> int:
        """CO2e of the hauls, by the emission factors of the freight table."""
        return div_half_up(self.freight_ng, 10**12)

    @property
    def radius_m(self) -> int | None:
        """The mean distance of supply, weighed by kilograms; loads whose haul is not known yet are left out of it."""
        return div_half_up(self.metre_kg, self.hauled_kg) if self.hauled_kg else None


def outcomes_of(received: Sequence[Received], factor_of: FactorOf) -> Outcomes:
    """Every figure is rounded once, at the end."""
    found = Outcomes()
    by_mode: defaultdict[str, int] = defaultdict(int)
    factored: defaultdict[Factor, int] = defaultdict(int)
    unfactored: defaultdict[str, int] = defaultdict(int)
    for row in received:
        found.loads += row.loads
        found.received_kg += row.kg
        found.inside_kg += row.kg if row.inside else 0
        found.hauled_kg += row.hauled_kg
        found.metre_kg += row.metre_kg
        found.freight_ng += row.metre_kg * tariff(row.mode, row.grade.split(".")[0]).co2e_mg_per_tkm
        by_mode[row.mode] += row.kg
        factor = factor_of(row.grade)
        if factor is None:
            unfactored[row.grade] += row.kg
        else:
            factored[factor] += row.kg
    found.by_mode, found.unfactored_kg = dict(sorted(by_mode.items())), dict(sorted(unfactored.items()))
    found.avoided = [
        Avoided(factor, kg, div_half_up(kg * factor.kg_per_t, 1000))
        for factor, kg in sorted(factored.items(), key=lambda one: one[0].material)
    ]
    return found
