"""shared.catalogue.freight: one calculator, integers, sources kept."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.catalogue.freight import MODES, FreightOption, UnknownMode, option_table, options, tariff
from shared.geo import Position, great_circle_m
from shared.tables import read_table
from shared.units import div_half_up

POSITIONS = st.builds(Position, st.floats(-90, 90), st.floats(-180, 180))
WUHAN, SHANGHAI = Position(30.5928, 114.3055), Position(31.2304, 121.4737)


def test_every_figure_keeps_its_source() -> None:
    for row in read_table("shared.catalogue", "freight.csv"):
        assert row["source"], row
        assert row["verified"] in ("source", "source+computed", "assumption"), row
        assert row["mode"] in MODES


def test_wuhan_to_shanghai_by_road() -> None:
    (road,) = options(WUHAN, SHANGHAI, 30_000, "steel")
    assert road.mode == "road"
    assert road.distance_m == div_half_up(round(great_circle_m(30.5928, 114.3055, 31.2304, 121.4737)) * 13, 10)
    assert 880_000 < road.distance_m < 910_000
    assert road.freight_fen_per_t == div_half_up(2000 * 1000 + 39 * road.distance_m, 1000)
    assert road.co2e_g_per_t == div_half_up(4125 * road.distance_m, 100_000)
    assert road.hours == pytest.approx(2 + road.distance_m / 60_000, abs=1e-6)


def test_a_haul_to_the_same_place_costs_the_base() -> None:
    (road,) = options(WUHAN, WUHAN, 1, "paper")
    assert road == FreightOption("road", 0, 7_200_000, 2000, 0)


@given(st.lists(st.tuples(POSITIONS, POSITIONS), min_size=1, max_size=40))
def test_many_at_once_are_the_same_integers_as_one_by_one(pairs: list[tuple[Position, Position]]) -> None:
    a_lat, a_lon, b_lat, b_lon = (
        np.array([getattr(pair[end], name) for pair in pairs]) for end in (0, 1) for name in ("lat", "lon")
    )
    table = option_table(a_lat, a_lon, b_lat, b_lon, "steel", "road")
    for index, (origin, destination) in enumerate(pairs):
        assert (table.option(index),) == options(origin, destination, 1000, "steel")


@given(POSITIONS, POSITIONS)
def test_the_figures_are_exact_fractions_of_the_distance_rounded_half_up(origin: Position, destination: Position) -> None:
    (road,) = options(origin, destination, 1000, "steel")
    metres = great_circle_m(origin.lat, origin.lon, destination.lat, destination.lon)
    assert abs(road.distance_m - metres * 1.3) <= 1.2
    freight = 2000 + Fraction(39, 1000) * road.distance_m
    assert -Fraction(1, 2) <= road.freight_fen_per_t - freight <= Fraction(1, 2)
    assert road.freight_fen_per_t >= tariff("road", "steel").base_fen_per_t


def test_what_cannot_be_quoted_is_named() -> None:
    with pytest.raises(UnknownMode, match="teleport"):
        options(WUHAN, SHANGHAI, 1, "steel", modes=("teleport",))
    with pytest.raises(ValueError, match="0 kg"):
        options(WUHAN, SHANGHAI, 0, "steel")
