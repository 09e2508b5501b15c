"""Loads on offer, by what they pay for the way there and back, and the taking of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response

from gateway.console.client import Ask
from gateway.console.pages.carrier.common import MOST, Json, Place, Vehicle, each_once, fleet, items_of, own_loads, place_of
from gateway.console.visit import Form, Visit


@dataclass(frozen=True)
class Offer:
    """A load on offer as one truck sees it: how far it is to its seller's region, and what a kilometre of both ways pays."""

    load: Json
    empty_km: float | None
    cny_per_km: float
    is_heavy: bool
    """Whether it is more than the truck has carried so far."""


SORTS: Mapping[str, Callable[[Offer], Any]] = {
    "per_km": lambda one: -one.cny_per_km,
    "nearest": lambda one: one.empty_km if one.empty_km is not None else 1e9,
    "pay": lambda one: -one.load["freight_cny"],
    "shortest": lambda one: one.load["distance_km"],
}


def ranked(loads: Iterable[Json], place: Place | None, vehicle: Vehicle | None, sort: str = "per_km") -> list[Offer]:
    """Those that the truck has not carried the like of come last."""
    found = [_offer(one, place, vehicle) for one in loads]
    return sorted(found, key=lambda one: (one.is_heavy, SORTS[sort](one)))


def _offer(load: Json, place: Place | None, vehicle: Vehicle | None) -> Offer:
    start = place_of(load["from_region"])
    empty = None if place is None or start is None else round(place.km_to(start), 1)
    per_km = load["freight_cny"] / max((empty or 0) + load["distance_km"], 1)
    heavy = vehicle is not None and vehicle.most_t > 0 and load["quantity_t"] > vehicle.most_t * 1.05
    return Offer(load, empty, round(per_km, 2), heavy)


def stands(visit: Visit, trucks: Iterable[Vehicle]) -> tuple[Vehicle | None, Place | None]:
    """The truck that was asked for, else the first free one; where it stands, else where its organisation is."""
    found = list(trucks)
    asked = visit.request.args.get("truck", "")
    chosen = next((one for one in found if one.plate == asked), None) or next((one for one in found if one.is_free), None)
    if chosen is not None and chosen.place is not None:
        return chosen, chosen.place
    me = visit.api.get("/v1/me")
    return chosen, place_of(me.body["region"]) if me.is_ok else None


def offers(visit: Visit) -> Response:
    """`/carrier/loads`."""
    asked = visit.request.args
    on_offer, *own = visit.api.all(Ask("/v1/shipments", {"status": "planned", "limit": MOST}), *own_loads(visit))
    trucks = fleet(each_once(*own))
    chosen, place = stands(visit, trucks)
    sort = str(asked.get("sort")) if asked.get("sort") in SORTS else "per_km"
    found = ranked(items_of(on_offer), place, chosen, sort)
    most_km = asked.get("most_km", "")
    if most_km.isdecimal():
        found = [one for one in found if one.empty_km is None or one.empty_km <= int(most_km)]
    return visit.render(
        "loads.html", offers=found[:50], count=len(found), trucks=trucks, chosen=chosen, place=place, sort=sort,
        sorts=list(SORTS), form=Form(dict(asked.items())), read=on_offer is not None and on_offer.is_ok,
    )  # fmt: skip
