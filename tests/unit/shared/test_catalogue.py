from __future__ import annotations

import csv
import json
import math
from datetime import date

import pytest

from shared import catalogue
from shared.catalogue.lint import faults
from shared.tables import read_table

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


GRADES_OF_THE_DOMAIN = {
    "steel": "hms1 hms2 medium small light shredded bundle turnings cast_iron stainless",
    "nonferrous": "copper aluminium zinc lead nickel cobalt lithium magnesium",
    "paper": "occ_a occ_b news office mixed kraft",
    "plastic": "pet_bottle pet_flake hdpe ldpe_film pp pvc abs ps",
    "tyre": "whole crumb",
    "battery": "lfp_pack ncm_pack module cell",
    "solid_waste": "tailings fly_ash gangue steel_slag blast_furnace_slag manganese_slag magnesium_slag phosphogypsum "
    "desulphurisation_gypsum red_mud alkali_residue gasification_slag",
}


def test_every_grade_of_the_domain_is_there() -> None:
    wanted = {f"{family}.{name}" for family, names in GRADES_OF_THE_DOMAIN.items() for name in names.split()}
    assert wanted - {found.code for found in catalogue.grades()} == set()


def test_the_tables_have_no_fault() -> None:
    assert faults() == []


GRADE = "steel.new,新料,New scrap,新废|新料子,new scrap|prime scrap,thickness_mm,"
FAULTY = {
    "the same name twice": ("grades.csv", GRADE.replace("新废", "重废"), "'重废' means steel.hms1 and steel.new"),
    "an unknown attribute": ("grades.csv", GRADE.replace("thickness_mm", "thickness_cm"), "names 'thickness_cm'"),
    "no Chinese": ("grades.csv", GRADE.replace("新料,", "New,"), "steel.new has no Chinese name_zh"),
    "no English": ("grades.csv", GRADE.replace("New scrap", "新"), "steel.new has no English name_en"),
    "no synonyms": ("grades.csv", GRADE.replace("新废|新料子", ""), "has no synonyms"),
    "a code's form": ("grades.csv", GRADE.replace("steel.new", "Steel New"), "has not the form of a code"),
    "an unknown family": ("grades.csv", GRADE.replace("steel.new", "gold.new"), "names 'gold'"),
    "a code twice": ("grades.csv", GRADE.replace("steel.new", "steel.hms1"), "steel.hms1 is there twice"),
    "a unit": ("attributes.csv", "thickness_cm,mm,厚度二,Thickness two,0,1,", "does not end in its unit"),
    "no edition": ("standards.csv", "steel.hms1,GB/T 1,,X1,新,,somewhere,yes", "has no edition"),
    "no source": ("standards.csv", "steel.hms1,GB/T 1,2020,X1,新,,,yes", "has no source"),
    "a limit": ("standards.csv", "steel.hms1,GB/T 1,2020,X1,新,iron_pct:over:3,somewhere,yes", "is no limit"),
    "an impossible limit": ("standards.csv", "steel.hms1,GB/T 1,2020,X1,新,iron_pct:min:300,x,yes", "outside of what can be"),
    "a tax without a beginning": ("tax.csv", "recycled,vat_refund,1,2,%,,,somewhere,yes", "never begins"),
    "a tax of nothing": ("tax.csv", "gold,vat_refund,1,2,%,2022-01-01,,somewhere,yes", "no such category"),
    "a shared name of one": ("shared_names.csv", "重废,steel.hms1|steel.hms2,x", "means one thing alone"),
    "a trait's word twice": (
        "traits.csv",
        "form,形态,Form,sheet,片材,Sheets,瓶片,sheet,plastic",
        "'瓶片' means flake and sheet",
    ),
    "a trait of nothing": ("traits.csv", "form,形态,Form,sheet,片材,Sheets,,,gold", "names 'gold'"),
    "an edition out of order": ("editions.csv", "2020-01,2020-01-01,旧,Old", "does not follow"),
}


def with_row(name: str, line: str) -> list[str]:
    """The faults of the tables with one more row in `name`."""

    def read(table: str) -> list[dict[str, str]]:
        rows = read_table("shared.catalogue", table)
        return [*rows, dict(zip(rows[0], next(csv.reader([line])), strict=True))] if table == name else rows

    return faults(read)


@pytest.mark.parametrize("fault", FAULTY)
def test_the_lint_names_a_bad_row(fault: str) -> None:
    name, line, told = FAULTY[fault]
    found = with_row(name, line)
    assert [one for one in found if told in one], found


def test_a_row_is_enough_to_add_a_grade() -> None:
    assert with_row("grades.csv", GRADE) == []


def test_a_name_means_one_grade() -> None:
    for found in catalogue.grades():
        for name in (found.code, found.name_zh, found.name_en, *found.synonyms_zh, *found.synonyms_en):
            assert catalogue.resolve(name) == found, name


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
        ("黄纸板", "paper.occ_a"),
        ("PET 毛料", "plastic.pet_bottle"),
        ("OCC", "paper.occ_a"),
        ("hms 2", "steel.hms2"),
        ("304不锈钢", "steel.stainless"),
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
    assert hms1["quality"][0]["basis"]["code"] == "wet"
    assert hms1["compliance"] == items[0]["compliance"] and hms1["compliance"]["edition"] == "2012"
    assert hms1["tax_category"] == "scrap_steel"


def test_names_of_several_grades_mean_none_and_find_all() -> None:
    assert catalogue.resolve("HMS 1&2") is None
    assert "HMS 1&2" in catalogue.search_terms("steel.hms1")[1] and "HMS 1&2" in catalogue.search_terms("steel.hms2")[1]


def test_plastics_are_asked_for_form_and_colour_and_glass_for_colour() -> None:
    kinds = {family["code"]: family["traits"] for family in catalogue.tree()["items"]}
    assert set(kinds["plastic"]) == {"form", "colour"} and {"bale", "flake", "pellet"} <= set(kinds["plastic"]["form"])
    assert set(kinds["glass"]) == {"colour"} and kinds["steel"] == {}
    assert "颗粒" in next(one for one in catalogue.traits() if one.code == "form").of("plastic")[2].names


def test_hard_stops_are_served_with_their_limits() -> None:
    common = json.loads(json.dumps(catalogue.common()))
    assert common["edition"] == catalogue.edition() == "2026-11-28"
    stops = {stop["code"]: stop for stop in common["hard_stops"]}
    assert set(stops) == {"radioactive", "closed_container", "explosive", "corrosive", "pcb", "uncleaned_vessel"}
    assert stops["radioactive"]["limits"]["dose_rate_usv_h"] == {"max": 0.46}
    assert stops["corrosive"]["limits"] == {"leachate_ph": {"min": 2, "max": 12.5}}
    assert all(stop["text_zh"] and stop["text_en"] and stop["source"] for stop in stops.values())


def test_taxes_are_dated_and_say_what_is_assumed() -> None:
    def refund(category: str, on: date) -> list[tuple[float, bool]]:
        rules = catalogue.tax_rules(category, on)
        return [(float(rule.high), rule.verified) for rule in rules if rule.rule == "vat_refund"]

    assert refund("scrap_steel", date(2026, 11, 24)) == [(30, True)]
    assert refund("plastic", date(2026, 11, 24)) == [(70, False)]
    assert refund("scrap_steel", date(2020, 1, 1)) == []
    cap = [rule for rule in catalogue.tax_rules("natural_person", date(2026, 1, 1)) if rule.unit == "CNY"]
    assert {int(rule.high) for rule in cap} == {5_000_000, 100_000}
    assert all(catalogue.tax_rules(kin.tax, date(2026, 1, 1)) for kin in catalogue.families())
