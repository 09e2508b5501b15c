"""Places as points to scale. No boundaries are shipped: in China a map of them needs an approval number (审图号). A deployer's
approved layer (GeoJSON, WGS 84) is drawn below the points, with its number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import orjson

from shared.geo import Position

WIDE, HIGH = 400, 300
"""Of the frame, in its own units; pages show it 4 to 3."""
MARGIN = 0.1
LEAST_DEG = 0.2
"""Of a frame's height, where all is at one place."""
MOST_R, LEAST_R = 20.0, 3.0
"""Pixels."""
PHONE_PX = 280
"""Names that do not run into one another at this width do so at none."""
LETTER_PX, LINE_PX = 13, 20
LATIN = 0.62
"""Of a letter's height, the width of a Latin one."""
APART_PX = 4

Ring = tuple[tuple[float, float], ...]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Place:
    """What is to be drawn: a name and a value at a position."""

    name: str
    at: Position
    value: float


@dataclass(frozen=True)
class Point:
    """A place in the frame: per cent of its width and height, a radius in pixels by the root of its value. `side` is where its
    name stands: `start` (to the right), `end`, or empty where there is no room for it."""

    place: Place
    x: float
    y: float
    r: float
    side: str = ""

    @property
    def label_x(self) -> float:
        """Pixels from the point to its name."""
        return self.r + APART_PX if self.side == "start" else -self.r - APART_PX


@dataclass(frozen=True)
class Map:
    """`outlines` is an SVG path in a frame of 400 by 300; empty where no layer is set."""

    points: Sequence[Point]
    outlines: str
    approval: str


def map_of(places: Iterable[Place], layer: Path | None, approval: str) -> Map:
    """The places in one frame, the greatest drawn first and named first."""
    shown = sorted(places, key=lambda one: (-one.value, one.name))
    frame = _frame([one.at for one in shown])
    most = max((one.value for one in shown), default=0.0)
    points: list[Point] = []
    for one in shown:
        x, y = _onto(frame, one.at.lon, one.at.lat)
        r = LEAST_R + (MOST_R - LEAST_R) * math.sqrt(one.value / most) if one.value > 0 else LEAST_R
        points.append(Point(one, round(100 * x / WIDE, 2), round(100 * y / HIGH, 2), round(r, 1)))
    taken = [_dot(one) for one in points]
    return Map([_named(one, taken) for one in points], "" if layer is None else _outlines(layer, frame), approval)


def _frame(positions: Sequence[Position]) -> Box:
    """West, south, east, north of a frame 4 wide and 3 high (on the ground, at its middle) that holds all of them."""
    if not positions:
        return (73.0, 18.0, 135.0, 54.0)
    lats, lons = [one.lat for one in positions], [one.lon for one in positions]
    lat, lon = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
    narrow = math.cos(math.radians(lat))
    high = max(max(lats) - min(lats), (max(lons) - min(lons)) * narrow * HIGH / WIDE, LEAST_DEG) * (1 + 2 * MARGIN)
    wide = high * WIDE / HIGH / narrow
    return (lon - wide / 2, lat - high / 2, lon + wide / 2, lat + high / 2)


def _onto(frame: Box, lon: float, lat: float) -> tuple[float, float]:
    west, south, east, north = frame
    return WIDE * (lon - west) / (east - west), HIGH * (north - lat) / (north - south)


def _on_a_phone(point: Point) -> tuple[float, float]:
    return point.x / 100 * PHONE_PX, point.y / 100 * PHONE_PX * HIGH / WIDE


def _dot(point: Point) -> Box:
    x, y = _on_a_phone(point)
    return (x - point.r, y - point.r, x + point.r, y + point.r)


def _named(point: Point, taken: list[Box]) -> Point:
    """With its name where that touches no point and no name on a phone; what it takes is added to `taken`."""
    x, y = _on_a_phone(point)
    wide = sum(LETTER_PX if ord(letter) > 0x2E7F else LETTER_PX * LATIN for letter in point.place.name)
    left = x + point.r + APART_PX
    boxes = {
        "start": (left, y - LINE_PX / 2, left + wide, y + LINE_PX / 2),
        "end": (x - point.r - APART_PX - wide, y - LINE_PX / 2, x - point.r - APART_PX, y + LINE_PX / 2),
    }
    side = next((side for side, box in boxes.items() if box[0] >= 0 and box[2] <= PHONE_PX and _is_free(box, taken)), "")
    taken += [boxes[side]] if side else []
    return Point(point.place, point.x, point.y, point.r, side)


def _is_free(box: Box, taken: Iterable[Box]) -> bool:
    return all(box[2] <= one[0] or one[2] <= box[0] or box[3] <= one[1] or one[3] <= box[1] for one in taken)


@lru_cache(maxsize=256)
def _outlines(layer: Path, frame: Box) -> str:
    """The layer's lines that may be seen in the frame; points closer than a tenth of a unit become one."""
    west, south, east, north = frame
    lines = []
    for (left, low, right, high), ring in _rings(layer):
        if right < west or left > east or high < south or low > north:
            continue
        drawn = [tuple(round(one, 1) for one in _onto(frame, lon, lat)) for lon, lat in ring]
        kept = [one for at, one in enumerate(drawn) if at == 0 or one != drawn[at - 1]]
        if len(kept) > 1:
            lines.append("M" + "L".join(f"{x:g},{y:g}" for x, y in kept))
    return "".join(lines)


@cache
def _rings(layer: Path) -> tuple[tuple[Box, Ring], ...]:
    """Every line of the layer, with its box. Raises ValueError where the file is no GeoJSON with lines or areas."""
    try:
        found = [tuple((float(one[0]), float(one[1])) for one in line) for line in _lines(orjson.loads(layer.read_bytes()))]
    except (orjson.JSONDecodeError, KeyError, TypeError, IndexError) as error:
        raise ValueError(f"HUANLIU_MAP_LAYER: {layer.name} is no GeoJSON of lines or areas: {error!r}") from error
    return tuple((_box(ring), ring) for ring in found if ring)


def _box(ring: Ring) -> Box:
    lons, lats = [lon for lon, _ in ring], [lat for _, lat in ring]
    return min(lons), min(lats), max(lons), max(lats)


def _lines(of: Mapping[str, Any]) -> Iterator[Sequence[Sequence[float]]]:
    """RFC 7946: of a collection, a feature or a geometry."""
    kind = of["type"]
    if kind == "FeatureCollection":
        for one in of["features"]:
            yield from _lines(one)
    elif kind == "Feature":
        yield from _lines(of["geometry"]) if of["geometry"] else ()
    elif kind == "GeometryCollection":
        for one in of["geometries"]:
            yield from _lines(one)
    elif kind == "LineString":
        yield of["coordinates"]
    elif kind in ("MultiLineString", "Polygon"):
        yield from of["coordinates"]
    elif kind == "MultiPolygon":
        yield from (ring for area in of["coordinates"] for ring in area)


def check(layer: Path | None) -> None:
    """For the start: raises ValueError where a layer is set that cannot be drawn."""
    if layer is not None and not _rings(layer):
        raise ValueError(f"HUANLIU_MAP_LAYER: {layer.name} has no lines or areas")
