"""Shapes of freight quotes."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema

from services.logistics.routing import Quote
from shared import geo
from shared.http import Query, Shape
from shared.http.filters import Material
from shared.problem import Fault
from shared.units import CnyOut, Tonnes, parse_t

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PAIR = re.compile(r"\s*(-?\d{1,3}(?:\.\d{1,15})?)\s*,\s*(-?\d{1,3}(?:\.\d{1,15})?)\s*")


def _place(lat: float, lon: float) -> geo.Position:
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise Fault("纬度应在 ±90 之内，经度在 ±180 之内", "The latitude must be within ±90, the longitude within ±180")
    return geo.Position(lat, lon)


def _end(value: Any) -> geo.Position | str:
    """A position, a region's code or a site's id."""
    if isinstance(value, dict) and set(value) == {"lat", "lon"}:
        numbers = [value["lat"], value["lon"]]
        if all(isinstance(one, int | float) and not isinstance(one, bool) for one in numbers):
            return _place(*numbers)
    if isinstance(value, str):
        pair = _PAIR.fullmatch(value)
        if pair is not None:
            return _place(float(pair[1]), float(pair[2]))
        if geo.exists(value) or _UUID.fullmatch(value):
            return value
    raise Fault(
        '应为 {"lat","lon"}、"纬度,经度"、行政区划代码或场站编号',
        'Give {"lat","lon"}, "lat,lon", a GB/T 2260 region code or a site\'s id',
    )


def _tonnes_text(value: Any) -> int:
    kg = parse_t(value)
    if kg == 0:
        raise Fault("应大于 0", "This must be greater than 0")
    return kg


End = Annotated[
    geo.Position | str,
    PlainValidator(_end),
    WithJsonSchema(
        {
            "description": "A position, `lat,lon`, a region code, or the id of a site.",
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "required": ["lat", "lon"],
                    "properties": {
                        "lat": {"type": "number", "minimum": -90, "maximum": 90},
                        "lon": {"type": "number", "minimum": -180, "maximum": 180},
                    },
                },
            ],
        }
    ),
]


class QuoteIn(Shape):
    from_: Annotated[End, Field(alias="from")]
    to: End
    tonnes: Tonnes
    material: Material


class QuoteQuery(Query):
    from_: Annotated[End, Field(alias="from")]
    to: End
    tonnes: Annotated[int, PlainValidator(_tonnes_text), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})]
    material: Material


class QuoteOption(Shape):
    """One mode. Distance is along the mode, hours door to door."""

    mode: str
    distance_km: float
    hours: float
    freight_cny_per_t: CnyOut
    freight_cny: CnyOut
    co2e_kg_per_t: float
    co2e_kg: float

    @classmethod
    def of(cls, quote: Quote) -> QuoteOption:
        option = quote.option
        return cls(
            mode=option.mode,
            distance_km=option.distance_m / 1000,
            hours=round(option.hours, 3),
            freight_cny_per_t=option.freight_fen_per_t,
            freight_cny=quote.freight_fen,
            co2e_kg_per_t=option.co2e_g_per_t / 1000,
            co2e_kg=quote.co2e_g / 1000,
        )


class QuotesOut(Shape):
    options: list[QuoteOption]
