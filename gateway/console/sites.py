"""An organisation's own places, as a form asks for another: a yard or a plant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.console.formats import city_of
from gateway.console.texts import Texts
from gateway.console.visit import typed_number
from shared import geo

FIELDS = ("name", "region", "lat", "lon")
NO_PLACE = "市辖区"
"""What merely groups a city's districts."""
POINTERS = {"/position/lat": "lat", "/position/lon": "lon"}


def counties_around(code: str, words: Texts) -> list[tuple[str, str]]:
    """Code and name of the counties of a region's city, or of the municipality, to choose one."""
    below = geo.children(city_of(code))
    own = geo.region(code)
    found = [one for one in below if one.name_zh != NO_PLACE] or ([] if own is None else [own])
    named = [(one.code, one.name_zh if words.code == "zh" else one.name_en) for one in found]
    return named if code in dict(named) else [("", words["choose_one"]), *named]


def site_of(typed: Mapping[str, str], kind: str) -> dict[str, Any]:
    """As the API takes it. Where no position was typed the county's own point stands for it."""
    found = geo.region(typed.get("region", ""))
    position: dict[str, Any] = {}
    if typed.get("lat") or typed.get("lon"):
        position = {name: typed_number(typed[name]) for name in ("lat", "lon") if typed.get(name)}
    elif found is not None:
        position = {"lat": found.position.lat, "lon": found.position.lon}
    return {"name": typed.get("name", ""), "kind": kind, "region": typed.get("region", ""), "position": position}
