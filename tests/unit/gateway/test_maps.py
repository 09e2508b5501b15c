"""Points to scale: what is named touches nothing, distances keep their ratio, and a layer is drawn only where it can be."""

from __future__ import annotations

import math
from itertools import chain, combinations, product
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.console.maps import HIGH, LATIN, LETTER_PX, LINE_PX, MOST_R, PHONE_PX, WIDE, Place, check, map_of
from shared.geo import Position, children, great_circle_m
from shared.settings import Settings

places = st.lists(
    st.builds(
        Place,
        st.text("武汉宜昌AbcÜ", min_size=1, max_size=8),
        st.builds(Position, st.floats(18, 54), st.floats(73, 135)),
        st.floats(0, 1e6),
    ),
    max_size=30,
)


def hubei() -> list[Place]:
    return [Place(one.name_zh, one.position, 10.0 * at) for at, one in enumerate(children("420000"))]


@given(places)
def test_everything_is_in_the_frame_and_no_name_touches_a_name_or_a_point(some: list[Place]) -> None:
    drawn = map_of(some, None, "")
    assert len(drawn.points) == len(some)
    boxes, dots = [], []
    for one in drawn.points:
        x, y = one.x / 100 * PHONE_PX, one.y / 100 * PHONE_PX * HIGH / WIDE
        dots.append((x - one.r, y - one.r, x + one.r, y + one.r))
        assert 0 <= one.x <= 100 and 0 <= one.y <= 100 and 0 < one.r <= MOST_R
        if one.side:
            wide = sum(LETTER_PX if letter > "\u2e7f" else LETTER_PX * LATIN for letter in one.place.name)
            left = x + one.label_x - (wide if one.side == "end" else 0)
            boxes.append((left, y - LINE_PX / 2, left + wide, y + LINE_PX / 2))
    for a, b in chain(combinations(boxes, 2), product(boxes, dots)):
        assert a[2] <= b[0] + 0.1 or b[2] <= a[0] + 0.1 or a[3] <= b[1] + 0.1 or b[3] <= a[1] + 0.1


def test_distances_keep_their_ratio_within_a_province() -> None:
    """An equirectangular frame is true at its middle; across Hubei it errs by less than 3 %."""
    points = map_of(hubei(), None, "").points
    scales = []
    for a, b in combinations(points, 2):
        drawn = math.hypot((a.x - b.x) * WIDE, (a.y - b.y) * HIGH)
        scales.append(drawn / great_circle_m(a.place.at.lat, a.place.at.lon, b.place.at.lat, b.place.at.lon))
    assert max(scales) / min(scales) < 1.06


def test_areas_show_values() -> None:
    here = Position(30, 114)
    four, one, none = map_of([Place("a", here, 400), Place("b", here, 100), Place("c", here, 0)], None, "").points
    assert (four.r, round(one.r - none.r, 1)) == (MOST_R, round((MOST_R - none.r) / 2, 1))


def test_a_layer_is_drawn_where_it_crosses_the_frame(tmp_path: Path) -> None:
    layer = tmp_path / "approved.json"
    square = [[110, 28], [116, 28], [116, 33], [110, 33], [110, 28]]
    far = {"type": "LineString", "coordinates": [[80, 45], [81, 45]]}
    area = {"type": "Feature", "properties": {}, "geometry": {"type": "MultiPolygon", "coordinates": [[square]]}}
    many = {"type": "FeatureCollection", "features": [area, {"type": "Feature", "geometry": far}]}
    layer.write_bytes(orjson.dumps(many))
    check(layer)
    drawn = map_of(hubei(), layer, "GS(2026)0000")
    assert (drawn.outlines.count("M"), drawn.approval) == (1, "GS(2026)0000")


@pytest.mark.parametrize("content", ["no json", "[]", '{"type": "Polygon"}', '{"type": "Point", "coordinates": [1, 2]}'])
def test_what_cannot_be_drawn_stops_the_start(tmp_path: Path, content: str) -> None:
    layer = tmp_path / "layer.json"
    layer.write_text(content)
    with pytest.raises(ValueError, match=r"HUANLIU_MAP_LAYER: layer\.json"):
        check(layer)


def test_a_layer_needs_its_number(tmp_path: Path) -> None:
    layer = tmp_path / "layer.json"
    layer.touch()
    with pytest.raises(ValidationError, match="HUANLIU_MAP_APPROVAL"):
        Settings(map_layer=layer)
    assert Settings(map_layer=layer, map_approval="GS(2026)0000").map_layer == layer
