from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import geo
from shared.geo import distance

LAT = st.floats(-90, 90)
LON = st.floats(-180, 180)


def test_a_quarter_of_the_equator() -> None:
    assert geo.great_circle_m(0, 0, 0, 90) == pytest.approx(6_371_008.8 * np.pi / 2)


def test_wuhan_to_shanghai_is_about_690_km() -> None:
    assert geo.great_circle_m(30.5928, 114.3055, 31.2304, 121.4737) == pytest.approx(689_000, rel=0.01)


@given(LAT, LON, LAT, LON)
def test_distance_is_symmetric_and_never_beyond_the_antipode(a: float, b: float, c: float, d: float) -> None:
    there = geo.great_circle_m(a, b, c, d)
    assert 0 <= there <= 6_371_008.8 * np.pi + 1
    assert there == pytest.approx(geo.great_circle_m(c, d, a, b), abs=1e-3)


def test_arrays_broadcast_and_agree_with_the_scalar() -> None:
    lats, lons = np.array([30.0, 31.0]), np.array([114.0, 115.0])
    grid = distance.great_circle_m_array(lats[:, None], lons[:, None], lats[None, :], lons[None, :])
    assert grid.shape == (2, 2)
    assert grid[0, 1] == pytest.approx(geo.great_circle_m(30, 114, 31, 115))


@pytest.mark.parametrize(("metres", "km"), [(0, 0), (2499, 0), (2500, 5), (7499, 5), (7500, 10), (52_000, 50)])
def test_hidden_positions_show_a_distance_rounded_to_5_km(metres: float, km: int) -> None:
    assert geo.round_km(metres, 5) == km


def test_a_county_lies_in_its_city_and_province() -> None:
    assert geo.ancestors("420106") == ("420100", "420000")
    assert geo.lineage("420100") == ("420100", "420000")
    assert geo.ancestors("420000") == ()


@pytest.mark.parametrize("code", ["429004", "469001", "659001"])
def test_counties_directly_under_a_province_have_no_city(code: str) -> None:
    assert geo.ancestors(code) == (code[:2] + "0000",)
    assert geo.contains(code[:2] + "0000", code)
    assert code in {r.code for r in geo.children(code[:2] + "0000")}


@pytest.mark.parametrize(("code", "group", "district"), [("110000", "110100", "110101"), ("500000", "500200", "500228")])
def test_a_municipality_s_parts_are_its_districts(code: str, group: str, district: str) -> None:
    parts = {r.code for r in geo.children(code)}
    assert district in parts and group not in parts
    assert geo.places_above(district) == (code,) and geo.ancestors(district) == (group, code)
    assert district in {r.code for r in geo.children(group)}, "what groups them can still be asked for"


def test_prefix_selects_all_below() -> None:
    assert [geo.prefix(c) for c in ("420000", "420100", "420106", "429004")] == ["42", "4201", "420106", "429004"]
    assert geo.contains("420100", "420106")
    assert not geo.contains("420106", "420100")
    assert not geo.contains("420100", "420200")


def test_names_and_levels() -> None:
    wuhan = geo.region("420100")
    assert wuhan is not None
    assert (wuhan.name_zh, wuhan.name_en, wuhan.level) == ("武汉市", "Wuhan", "city")
    assert geo.region("999999") is None
    assert not geo.exists("4201")


def test_every_region_has_names_a_level_a_plausible_point_and_existing_ancestors() -> None:
    found = list(geo.regions())
    assert len(found) == 3511
    for r in found:
        assert r.name_zh and r.name_en.isascii(), r
        assert 3 < r.position.lat < 54 and 73 < r.position.lon < 136, r
        assert all(geo.exists(code) for code in geo.ancestors(r.code)), r
        assert r.level == "province" or r.code[:2] + "0000" in geo.ancestors(r.code), r


def test_the_nearest_county_of_a_point_in_wuchang() -> None:
    assert geo.nearest_county(geo.Position(30.556, 114.312)).code == "420106"


def test_the_nearest_county_can_be_kept_inside_a_province() -> None:
    assert geo.nearest_county(geo.Position(30.556, 114.312), within="430000").code.startswith("43")
    assert geo.nearest_county(geo.Position(25.0, 121.5), within="710000").code == "710000"
