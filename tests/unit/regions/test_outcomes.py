"""Circulation, radius of supply, modes, avoided CO2e: exact, with what is not known said and not counted as nothing."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from services.regions.ledger import Span, outcomes_of
from services.regions.model import Received
from services.regions.schemas import OutcomesOut
from services.regions.views import factor_of, factors
from shared.catalogue import family, grade, grades


def row(
    kg: int, inside: bool = False, mode: str = "road", metres: int | None = 90_000, material: str = "steel.hms1"
) -> Received:
    return Received(material, mode, inside, 1, kg, kg if metres is not None else 0, kg * (metres or 0))


def test_shares_and_the_radius_are_weighed_by_kilograms() -> None:
    found = outcomes_of(
        [row(30_000, inside=True, metres=10_000), row(10_000, metres=200_000), row(10_000, metres=None)], factor_of
    )
    assert (found.loads, found.received_kg, found.circulation_bp) == (3, 50_000, 6_000)
    assert found.radius_m == (30_000 * 10_000 + 10_000 * 200_000 + 20_000) // 40_000 == 57_500
    assert found.by_mode == {"road": 50_000}
    shown = OutcomesOut.of("420100", None, Span(), found, False).model_dump(mode="json", by_alias=True)
    assert (shown["circulation_pct"], shown["radius_km"], shown["freight_co2e_t"]) == (60.0, 57.5, 0.095)
    assert {one["mode"]: one["share_pct"] for one in shown["modes"]} == {"road": 100.0}
    assert "Table 5" in next(one for one in shown["modes"] if one["mode"] == "road")["co2e_source"]


def test_avoided_carbon_names_its_factor_and_what_has_none() -> None:
    found = outcomes_of([row(10_000), row(5_000, material="paper.occ_a"), row(7_000, material="tyre.whole")], factor_of)
    shown = OutcomesOut.of("420100", None, Span(), found, True).model_dump(mode="json", by_alias=True)
    steel, paper = sorted(shown["avoided"], key=lambda one: one["material"], reverse=True)
    assert (steel["avoided_t"], steel["quality"], steel["factor_kg_per_t"]) == (16.0, "published", 1600)
    assert (paper["avoided_t"], paper["quality"]) == (4.25, "weak")
    assert steel["source"] and paper["source"]
    assert shown["without_factor"] == [{"material": "tyre.whole", "received_t": 7.0}]
    assert shown["withheld"] is True and shown["measure"] == "received"


def test_nothing_received_has_no_share() -> None:
    found = outcomes_of([], factor_of)
    assert (found.circulation_bp, found.radius_m, found.by_mode, found.avoided) == (None, None, {}, [])


def test_every_factor_is_of_the_catalogue_and_has_a_source() -> None:
    for material, factor in factors().items():
        assert (grade(material) if "." in material else family(material)) is not None, material
        assert factor.kg_per_t > 0 and factor.source and factor.basis_zh and factor.basis_en
    steel = [one.code for one in grades() if one.code.startswith("steel.")]
    assert steel and all(factor_of(code) is factors()["steel"] for code in steel)


@given(st.lists(st.builds(row, st.integers(1, 10**9), st.booleans(), st.just("road"), st.integers(0, 10**7) | st.none())))
def test_kilograms_add_up(rows: list[Received]) -> None:
    found = outcomes_of(rows, factor_of)
    assert found.hauled_kg <= sum(found.by_mode.values()) == found.received_kg == sum(one.kg for one in rows)
    assert sum(one.kg for one in found.avoided) + sum(found.unfactored_kg.values()) == found.received_kg
    if found.hauled_kg:
        exact = Fraction(sum(one.metre_kg for one in rows), found.hauled_kg)
        assert found.radius_m is not None and abs(found.radius_m - exact) <= Fraction(1, 2)
