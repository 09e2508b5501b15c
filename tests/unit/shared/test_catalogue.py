from __future__ import annotations

import json
import math
import re

import pytest

from shared import catalogue

CONTRACT_GRADES = [
    f"{family}.{name}"
    for family, names in {
        "steel": "hms1 hms2 medium small light shredded bundle turnings cast_iron stainless",
        "paper": "occ_a occ_b news office mixed",
        "plastic": "pet_bottle pet_flake hdpe ldpe_film pp",
        "nonferrous": "copper aluminium",
        "solid_waste": "fly_ash gangue steel_slag phosphogypsum red_mud",
    }.items()
    for name in names.split()
]
DOMAIN_FAMILIES = [
    *("steel", "nonferrous", "paper", "plastic", "tyre", "battery", "phone", "elv", "textile", "glass", "ship", "pv"),
    *("blade", "reman", "solid_waste"),
]


def test_the_contract_names_27_grades_and_all_are_there() -> None:
    assert len(CONTRACT_GRADES) == 27
    assert [code for code in CONTRACT_GRADES if catalogue.grade(code) is None] == []


def test_every_family_of_the_domain_has_a_grade() -> None:
    assert [kin.code for kin in catalogue.families()] == DOMAIN_FAMILIES
    assert {found.family for found in catalogue.grades()} == set(DOMAIN_FAMILIES)


def test_lint_codes_names_and_references() -> None:
    codes = [found.code for found in catalogue.grades()]
    assert len(codes) == len(set(codes))
    for found in catalogue.grades():
        assert re.fullmatch(r"[a-z_]+\.[a-z0-9_]+", found.code), found.code
        assert re.search(r"[一-鿿]|PET|ABS", found.name_zh), found.code
        assert found.name_en.isascii() and found.synonyms_zh and found.synonyms_en, found.code
        assert catalogue.family(found.family) is not None, found.code
        assert [name for name in found.attributes if catalogue.attribute(name) is None] == [], found.code
        assert len(found.attributes) == len(set(found.attributes)), found.code


def test_lint_attribute_names_end_in_their_unit() -> None:
    suffix = {
        "%": "pct", "mm": "mm", "kg": "kg", "t/m³": "t_m3", "ppm": "ppm", "g/10min": "g_10min", "V": "v", "d": "days",
        "MJ/kg": "mj_kg", "µSv/h": "usv_h", "Bq/cm²": "bq_cm2", "pH": "ph", "mg/kg": "mg_kg",
    }  # fmt: skip
    for attribute in catalogue.attributes():
        assert attribute.name.endswith("_" + suffix[attribute.unit]), attribute.name
        assert attribute.minimum <= attribute.maximum, attribute.name
        assert attribute.name_zh and attribute.name_en, attribute.name


def test_lint_standards_have_sources_and_limits_of_known_attributes() -> None:
    seen: set[tuple[str, str, str]] = set()
    for found in catalogue.grades():
        for standard in found.standards:
            key = (standard.standard, standard.edition, standard.code)
            assert key not in seen, key
            seen.add(key)
            assert standard.source, key
            for limit in standard.limits:
                assert limit.kind in ("min", "max") and catalogue.attribute(limit.attribute), key


def test_lint_a_name_means_one_grade() -> None:
    for found in catalogue.grades():
        for name in (found.code, found.name_zh, found.name_en, *found.synonyms_zh, *found.synonyms_en):
            assert catalogue.resolve(name) == found, name


def test_lint_compliance_lists_exist() -> None:
    for kin in catalogue.families():
        assert kin.compliance == "" or catalogue.compliance_list(kin.compliance) is not None, kin.code
    listed = {kin.compliance for kin in catalogue.families()} - {""}
    assert listed == {known.code for known in catalogue.compliance_lists()}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("重废", "steel.hms1"),
        (" HMS 1 ", "steel.hms1"),
        ("刨花", "steel.turnings"),
        ("201A", "steel.hms1"),
        ("快递包装", "plastic.ldpe_film"),
        ("steel.medium", "steel.medium"),
        ("red mud", "solid_waste.red_mud"),
    ],
)
def test_what_people_type(text: str, code: str) -> None:
    found = catalogue.resolve(text)
    assert found is not None and found.code == code
    assert catalogue.resolve("月亮石") is None


def test_heavy_melting_is_in_the_english_name_of_hms1() -> None:
    hms1 = catalogue.grade("steel.hms1")
    assert hms1 is not None and "heavy melting" in hms1.name_en.lower() and hms1.name_zh == "重废"


def test_a_material_is_a_family_or_a_grade() -> None:
    assert catalogue.matches("steel", "steel.hms1") and catalogue.matches("steel.hms1", "steel.hms1")
    assert not catalogue.matches("steel.hms2", "steel.hms1") and not catalogue.matches("paper", "steel.hms1")
    assert catalogue.family_of("solid_waste.red_mud") == "solid_waste"


def test_search_terms_carry_both_languages_and_codes() -> None:
    zh, en = catalogue.search_terms("steel.hms1")
    assert {"重废", "重型废钢", "废钢"} <= set(zh)
    assert {"HMS1", "HRS101", "Scrap steel", "steel.hms1"} <= set(en)
    assert catalogue.search_terms("steel.none") == ([], [])


def test_quality_that_is_fine_has_no_fault() -> None:
    assert catalogue.quality_faults("steel.hms1", {"thickness_mm": 8, "impurity_pct": 1.2, "moisture_pct": 0.5}) == []


def test_every_quality_fault_at_once() -> None:
    bad = {"thickness_cm": 1, "impurity_pct": math.nan, "moisture_pct": -1, "iron_pct": "93", "length_mm": True}
    faults = catalogue.quality_faults("steel.hms1", bad)
    assert [fault.attribute for fault in faults] == list(bad)
    assert "水分" in faults[2].message_zh and "Moisture" in faults[2].message_en


@pytest.mark.parametrize("name", ["dose_rate_usv_h", "alpha_bq_cm2", "beta_bq_cm2", "leachate_ph", "pcb_mg_kg"])
def test_hard_stops_cannot_be_declared(name: str) -> None:
    attribute = catalogue.attribute(name)
    assert attribute is not None and attribute.hard_stop
    assert catalogue.quality_faults("steel.hms1", {name: attribute.maximum}) == []
    assert catalogue.quality_faults("steel.hms1", {name: attribute.maximum + 0.01})


def test_the_tree_is_json_with_every_grade() -> None:
    items = json.loads(json.dumps(catalogue.tree()))["items"]
    assert {g["code"] for kin in items for g in kin["grades"]} == {g.code for g in catalogue.grades()}
    hms1 = items[0]["grades"][0]
    assert hms1["standards"][0]["limits"] == {"impurity_pct": {"max": 0.8}, "iron_pct": {"min": 93}}
    assert {"name": "moisture_pct", "unit": "%"}.items() <= hms1["quality"][0].items()
