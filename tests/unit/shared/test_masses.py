"""Masses as people type them."""

from __future__ import annotations

import pytest

from shared.masses import parse_mass
from shared.units import UnitFault


@pytest.mark.parametrize(
    ("text", "kg"),
    [
        ("30.5吨", 30_500),
        ("30.5 吨", 30_500),
        ("30.5t", 30_500),
        ("30.5 T", 30_500),
        ("30500kg", 30_500),
        ("30,500 KG", 30_500),
        ("30500公斤", 30_500),
        ("30500千克", 30_500),
        ("61000 斤", 30_500),
        ("61000 jin", 30_500),
        ("61,000市斤", 30_500),
        ("1.2万吨", 12_000_000),
        ("３０．５吨", 30_500),
        ("0.001 t", 1),
        ("2斤", 1),
        ("1234.567 tonnes", 1_234_567),
        ("2 loads", 64_000),
        ("2车", 64_000),
        ("1.5 车", 48_000),
    ],
)
def test_a_number_and_its_unit(text: str, kg: int) -> None:
    assert parse_mass(text, load_kg=32_000) == kg


@pytest.mark.parametrize(
    "text", ["2车(每车32吨)", "2 车（32吨/车）", "2车×32吨", "2车, 各32000kg", "2 trucks of 32 t", "2 loads x 32t"]
)
def test_loads_that_say_what_one_carries(text: str) -> None:
    assert parse_mass(text) == parse_mass(text, load_kg=10) == 64_000


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("30.5", "not_a_mass"),
        ("吨", "not_a_mass"),
        ("三十吨", "not_a_mass"),
        ("30.5 lb", "not_a_mass"),
        ("-3吨", "not_a_mass"),
        ("1e3 t", "not_a_mass"),
        ("3,05 t", "not_a_mass"),
        ("30 吨 5", "not_a_mass"),
        ("1/0吨", "not_a_mass"),
        ("30吨" * 20, "not_a_mass"),
        ("9" * 39 + "t", "too_large"),
        ("10000001 t", "too_large"),
        ("1斤", "too_fine"),
        ("0.0001吨", "too_fine"),
        ("30.5555 t", "too_fine"),
        ("2车", "load_unknown"),
        ("2车(32吨)", "not_a_mass"),  # in all, or each?
        ("3车32吨", "not_a_mass"),
        ("2车(每车3车)", "not_a_mass"),
    ],
)
def test_what_is_no_mass_says_why_in_both_languages(text: str, code: str) -> None:
    with pytest.raises(UnitFault) as refused:
        parse_mass(text)
    assert refused.value.code == code
    assert refused.value.zh and refused.value.en
