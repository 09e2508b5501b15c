"""How a trade's tonnes are split into loads, and what a haul would cost. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from services.logistics.model.intake import exact
from shared.catalogue import family_of
from shared.catalogue.freight import FreightOption, options
from shared.geo import Position
from shared.units import div_half_up


def split(kg: int, load_t: float) -> list[int]:
    """The kilograms of ceil(kg / load) loads: equal to the kilogram, the last taking the remainder."""
    count = -(-kg // (exact(load_t) * 1000))
    share = kg // count
    return [share] * (count - 1) + [kg - share * (count - 1)]


@dataclass(frozen=True, slots=True)
class Quote:
    """One way to haul a quantity: the per-tonne figures that matching uses, and the totals."""

    option: FreightOption
    freight_fen: int
    co2e_g: int


def quotes(origin: Position, destination: Position, kg: int, material: str) -> list[Quote]:
    """One per mode."""
    return [
        Quote(option, div_half_up(option.freight_fen_per_t * kg, 1000), div_half_up(option.co2e_g_per_t * kg, 1000))
        for option in options(origin, destination, kg, family_of(material))
    ]
