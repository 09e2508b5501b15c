"""What a haul costs, takes and emits, by mode: the one calculator behind quotes and matching.

All figures come from `data/freight.csv` with their sources. Everything after the great circle is integer arithmetic, and the
scalar answer is made by the vectorised one, so that a quote and a clearing never differ by a fen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

import numpy as np
from numpy.typing import NDArray

from shared.geo import Position
from shared.geo.distance import great_circle_m_array
from shared.tables import read_table

MODES = ("road",)
"""The modes that the data file has tariffs for."""
_MICRO = 1_000_000
_MS_PER_H = 3_600_000


class UnknownMode(ValueError):
    """A mode of transport without a tariff."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """One mode's figures for one family, as integers."""

    mode: str
    base_fen_per_t: int
    rate_milli_fen_per_tkm: int
    detour_micro: int
    co2e_mg_per_tkm: int
    micro_ms_per_m: int
    handling_ms: int


@dataclass(frozen=True, slots=True)
class FreightOption:
    """One way to haul: distance along the mode, door to door time, cost and emissions per tonne."""

    mode: str
    distance_m: int
    transit_ms: int
    freight_fen_per_t: int
    co2e_g_per_t: int

    @property
    def hours(self) -> float:
        """Door to door, handling included."""
        return self.transit_ms / _MS_PER_H


@dataclass(frozen=True, slots=True)
class FreightTable:
    """As `FreightOption`, for many pairs at once: int64 arrays of one shape."""

    mode: str
    distance_m: NDArray[np.int64]
    transit_ms: NDArray[np.int64]
    freight_fen_per_t: NDArray[np.int64]
    co2e_g_per_t: NDArray[np.int64]

    def option(self, index: int) -> FreightOption:
        """The option of one pair."""
        return FreightOption(
            self.mode,
            int(self.distance_m[index]),
            int(self.transit_ms[index]),
            int(self.freight_fen_per_t[index]),
            int(self.co2e_g_per_t[index]),
        )


@cache
def tariff(mode: str, family: str) -> Tariff:
    """The figures of `mode` for `family`; UnknownMode where the data file has none."""
    values: dict[str, Decimal] = {}
    for row in sorted(read_table("shared.catalogue", "freight.csv"), key=lambda row: row["family"] != "*"):
        if row["mode"] == mode and row["family"] in ("*", family):
            values[row["item"]] = Decimal(row["value"])
    if not values:
        raise UnknownMode(f"no tariff for the mode {mode!r}; there are {', '.join(MODES)}")
    return Tariff(
        mode=mode,
        base_fen_per_t=_exact(values["base"] * 100),
        rate_milli_fen_per_tkm=_exact(values["rate"] * 100_000),
        detour_micro=_exact(values["detour"] * _MICRO),
        co2e_mg_per_tkm=_exact(values["co2e"] * 1000),
        micro_ms_per_m=int((Decimal(_MS_PER_H) * 1000 / values["speed"]).to_integral_value()),
        handling_ms=_exact(values["handling"] * _MS_PER_H),
    )


def _exact(value: Decimal) -> int:
    if value != value.to_integral_value():
        raise ValueError(f"{value} in freight.csv has more decimals than the calculator keeps")
    return int(value)


def options(
    origin: Position, destination: Position, kg: int, family: str, modes: Sequence[str] = MODES
) -> tuple[FreightOption, ...]:
    """The ways to haul `kg` of `family`, one per mode, in the order of `modes`. Per-tonne figures do not depend on `kg`,
    which must be above 0."""
    if kg <= 0:
        raise ValueError(f"a haul of {kg} kg has no price")
    a_lat, a_lon = np.array([origin.lat]), np.array([origin.lon])
    b_lat, b_lon = np.array([destination.lat]), np.array([destination.lon])
    return tuple(option_table(a_lat, a_lon, b_lat, b_lon, family, mode).option(0) for mode in modes)


def option_table(
    origin_lat: NDArray[np.float64],
    origin_lon: NDArray[np.float64],
    destination_lat: NDArray[np.float64],
    destination_lon: NDArray[np.float64],
    family: str,
    mode: str,
) -> FreightTable:
    """The same integers as `options`, for arrays of degrees of one shape."""
    great_circle_m = great_circle_m_array(origin_lat, origin_lon, destination_lat, destination_lon)
    return table_over(np.floor(great_circle_m + 0.5).astype(np.int64), family, mode)


def table_over(circle_m: NDArray[np.int64], family: str, mode: str) -> FreightTable:
    """The same integers as `option_table`, for great circles in whole metres."""
    figures = tariff(mode, family)
    distance_m = _over_micro(circle_m * figures.detour_micro)
    return FreightTable(
        mode=mode,
        distance_m=distance_m,
        transit_ms=figures.handling_ms + _over_micro(distance_m * figures.micro_ms_per_m),
        freight_fen_per_t=figures.base_fen_per_t + _over_micro(distance_m * figures.rate_milli_fen_per_tkm),
        co2e_g_per_t=_over_micro(distance_m * figures.co2e_mg_per_tkm),
    )


def _over_micro(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Divide by 10^6, half up; `values` are not negative."""
    return (values + _MICRO // 2) // _MICRO
