"""What a lot costs at a buyer's gate: its net ask plus the freight by the cheapest mode, with the figures of the clearing.

A position that the caller may not know is shown by a distance in steps of 5 km; its freight is that of the distance shown, and
the order goes by it, so that neither says more than the distance does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from shared import geo
from shared.catalogue import family_of
from shared.catalogue.freight import MODES, FreightTable, table_over
from shared.geo import Position

STEP_KM = 5
"""What may be shown of a hidden position: distances in steps of this."""
CANDIDATES = 500
"""So many of the cheapest and so many of the nearest are computed; a mill's first pages come from them."""
MAX_KM = 20_100


@dataclass(frozen=True, slots=True)
class Delivered:
    """Fen per tonne, net."""

    delivered_fen: int
    freight_fen: int
    mode: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What the cost is computed of; `exact` says that the caller may know the place."""

    price_fen: int
    position: Position
    grade: str
    exact: bool


def delivered(to: Position, offers: Sequence[Offer]) -> list[Delivered]:
    """The cost of each at `to`."""
    return [_cost(offer, _circle_m(to, offer)) for offer in offers]


def _circle_m(to: Position, offer: Offer) -> int:
    metres = geo.great_circle_m(offer.position.lat, offer.position.lon, to.lat, to.lon)
    return int(metres + 0.5) if offer.exact else geo.round_km(metres, STEP_KM) * 1000


def _cost(offer: Offer, circle_m: int) -> Delivered:
    family = family_of(offer.grade)
    options = [(_freight_fen(family, mode, circle_m), mode) for mode in MODES]
    freight_fen, mode = min(options)
    return Delivered(offer.price_fen + freight_fen, freight_fen, mode)


def _freight_fen(family: str, mode: str, circle_m: int) -> int:
    if circle_m % (STEP_KM * 1000) == 0:
        return int(_in_steps(family, mode).freight_fen_per_t[circle_m // (STEP_KM * 1000)])
    return int(table_over(np.array([circle_m], dtype=np.int64), family, mode).freight_fen_per_t[0])


@cache
def _in_steps(family: str, mode: str) -> FreightTable:
    """The freight of every distance that is shown of a hidden position."""
    return table_over(np.arange(0, MAX_KM * 1000, STEP_KM * 1000, dtype=np.int64), family, mode)
