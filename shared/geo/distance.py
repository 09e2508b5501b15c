"""Great-circle distances on the mean sphere; positions are WGS 84 degrees."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius R1 of the WGS 84 ellipsoid (IUGG), metres."""


@dataclass(frozen=True, slots=True)
class Position:
    """A point in WGS 84 degrees."""

    lat: float
    lon: float


def great_circle_m(a_lat: float, a_lon: float, b_lat: float, b_lon: float) -> float:
    """Metres between two points given in degrees, by the haversine formula."""
    phi_a, phi_b = math.radians(a_lat), math.radians(b_lat)
    half_phi, half_lambda = (phi_b - phi_a) / 2, math.radians(b_lon - a_lon) / 2
    h = math.sin(half_phi) ** 2 + math.cos(phi_a) * math.cos(phi_b) * math.sin(half_lambda) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, h)))


def great_circle_m_array(
    a_lat: NDArray[np.float64], a_lon: NDArray[np.float64], b_lat: NDArray[np.float64], b_lon: NDArray[np.float64]
) -> NDArray[np.float64]:
    """As `great_circle_m`, for arrays of degrees that broadcast against one another."""
    import numpy as np  # most rooms never need it

    phi_a, phi_b = np.radians(a_lat), np.radians(b_lat)
    half_phi, half_lambda = (phi_b - phi_a) / 2, np.radians(np.subtract(b_lon, a_lon)) / 2
    h = np.sin(half_phi) ** 2 + np.cos(phi_a) * np.cos(phi_b) * np.sin(half_lambda) ** 2
    metres: NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, h)))
    return metres


def round_km(metres: float, step_km: int) -> int:
    """Kilometres to the nearest multiple of `step_km`, halves up: what may be shown of a hidden position."""
    return math.floor(metres / 1000 / step_km + 0.5) * step_km
