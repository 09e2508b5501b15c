"""What the carrier's pages share: its own loads, and its trucks as its loads show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.console.client import Ask, Reply
from gateway.console.hauls import ENDED, NEXT, last_of
from gateway.console.visit import Visit
from shared import geo

ROLES = ("carrier",)
MOST = 200
"""The longest page of a list that the API gives."""
NEWEST = 50
"""Of the carrier's loads: they show its trucks, for there is no register of them."""
IN_HAND = tuple(status for status in NEXT if status != "planned")

Json = Mapping[str, Any]


def items_of(reply: Reply | None) -> list[Json]:
    """Of a part of the page that may be missing."""
    return reply.items if reply is not None and reply.is_ok else []


def own_id(visit: Visit) -> str:
    return "" if visit.user is None else visit.user.session.organisation_id


def own_loads(visit: Visit, newest: int = NEWEST) -> tuple[Ask, Ask]:
    """The newest of the carrier's loads, and however old all that have a step to come."""
    own = {"carrier_id": own_id(visit)}
    return Ask("/v1/shipments", {**own, "limit": newest}), Ask("/v1/shipments", {**own, "under_way": "true", "limit": MOST})


def each_once(*replies: Reply | None) -> list[Json]:
    """The loads of several answers, the newest first."""
    found = {one["id"]: one for reply in replies for one in items_of(reply)}
    return [found[identifier] for identifier in sorted(found, reverse=True)]


def in_hand(loads: Iterable[Json]) -> list[Json]:
    """Those with a step to come; first those whose next step is the carrier's, the oldest first."""
    found = [one for one in loads if one["status"] in IN_HAND]
    return sorted(found, key=lambda one: (NEXT[one["status"]][0] != "carrier", one["created_at"]))


@dataclass(frozen=True)
class Place:
    """Where something is, and what people call it."""

    lat: float
    lon: float
    region: str

    def km_to(self, other: Place) -> float:
        """By the great circle."""
        return geo.great_circle_m(self.lat, self.lon, other.lat, other.lon) / 1000


@dataclass(frozen=True)
class Vehicle:
    """A truck by its plate: where its last load left it, whether it is free, the most it has carried."""

    plate: str
    place: Place | None
    is_free: bool
    most_t: float


def place_of(region: str) -> Place | None:
    """A region's middle."""
    found = geo.region(region)
    return None if found is None else Place(found.position.lat, found.position.lon, found.code)


def fleet(loads: Sequence[Json]) -> list[Vehicle]:
    """The trucks of loads (newest first), free ones first: there is no register of them."""
    newest: dict[str, Json] = {}
    most: dict[str, float] = {}
    for load in loads:
        plate = load["vehicle"]
        if not plate:
            continue
        busy = load["status"] not in ENDED
        if plate not in newest or (busy and newest[plate]["status"] in ENDED):
            newest[plate] = load
        most[plate] = max(most.get(plate, 0.0), load["net_t"] or 0.0)
    found = [Vehicle(plate, _left_at(load), load["status"] in ENDED, most[plate]) for plate, load in newest.items()]
    return sorted(found, key=lambda one: (not one.is_free, one.plate))


def _left_at(load: Json) -> Place | None:
    """Where a truck was last known to be: where it reported, else the end at which its load's last step happens."""
    status = load["status"]
    if status == "position" and (report := last_of(load, "position")) is not None:
        return Place(report["lat"], report["lon"], load["to_region"])
    is_there = status in ("arrived", "weighed", "inspected", "received", "refused")
    region, position = (load["to_region"], load["to_position"]) if is_there else (load["from_region"], load["from_position"])
    return place_of(region) if position is None else Place(position["lat"], position["lon"], region)
