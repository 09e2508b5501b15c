"""shared.units: exact at the edge, half up inside."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.problem import faults_of
from shared.units import (
    MAX_CNY,
    MAX_T,
    CnyOut,
    CnyPerTonne,
    Tonnes,
    TonnesOut,
    UnitFault,
    VatPct,
    VatPctOut,
    div_half_up,
    fen_to_cny,
    kg_to_t,
    net_fen,
    parse_cny,
    parse_difference,
    parse_part,
    parse_pct,
    parse_t,
)


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    quantity_t: Tonnes
    bid_cny_per_t: CnyPerTonne = 0
    vat_rate_pct: VatPct = 0


class Answer(BaseModel):
    quantity_t: TonnesOut
    amount_cny: CnyOut
    vat_rate_pct: VatPctOut


@given(st.integers(-(10**20), 10**20), st.integers(-(10**12), 10**12).filter(bool))
def test_div_half_up_is_the_nearest_integer_and_halves_go_away_from_zero(n: int, d: int) -> None:
    exact = Fraction(n, d)
    got = div_half_up(n, d)
    assert abs(exact - got) <= Fraction(1, 2)
    if abs(exact - got) == Fraction(1, 2):
        assert abs(got) > abs(exact)


@pytest.mark.parametrize(("n", "d", "want"), [(5, 2, 3), (-5, 2, -3), (5, -2, -3), (-5, -2, 3), (4, 3, 1), (0, 7, 0)])
def test_div_half_up_examples(n: int, d: int, want: int) -> None:
    assert div_half_up(n, d) == want


def test_div_by_zero_is_an_error() -> None:
    with pytest.raises(ZeroDivisionError):
        div_half_up(1, 0)


def test_net_prices_of_the_domain_page() -> None:
    assert net_fen(214_000, 300) == 207_767
    assert net_fen(242_000, 1300) == 214_159
    assert net_fen(245_000, 0) == 245_000


@given(st.integers(0, MAX_T * 1000))
def test_every_kilogram_survives_the_way_out_and_in(kg: int) -> None:
    assert parse_t(kg_to_t(kg)) == kg
    assert parse_t(str(Decimal(kg) / 1000)) == kg
    assert parse_t(Decimal(kg) / 1000) == kg


@given(st.integers(0, MAX_CNY * 100))
def test_every_fen_survives_the_way_out_and_in(fen: int) -> None:
    assert parse_cny(fen_to_cny(fen)) == fen
    assert parse_cny(Decimal(fen) / 100) == fen


@given(st.integers(-MAX_CNY * 100, MAX_CNY * 100))
def test_a_difference_of_prices_has_a_sign(fen: int) -> None:
    assert parse_difference(fen_to_cny(fen)) == parse_difference(Decimal(fen) / 100) == fen


@pytest.mark.parametrize("value", [-MAX_CNY - 1, "-0.001", float("nan"), Decimal("-sNaN"), "-", True])
def test_what_is_no_difference_is_refused(value: float | Decimal | str) -> None:
    with pytest.raises(UnitFault):
        parse_difference(value)


@given(st.integers(0, 10_000))
def test_every_basis_point_survives(bp: int) -> None:
    assert parse_pct(bp / 100) == parse_part(bp / 100) == bp


def test_a_part_of_a_whole_is_no_tax_rate() -> None:
    with pytest.raises(UnitFault, match="a percentage must be at most 100"):
        parse_part(200)


@given(st.floats() | st.decimals(allow_nan=True, allow_infinity=True) | st.text(max_size=80) | st.integers())
def test_parse_gives_the_exact_number_or_a_fault(value: float | Decimal | str | int) -> None:
    try:
        kg = parse_t(value)
    except UnitFault as fault:
        assert fault.code
        assert "tonnes" in str(fault)
    else:
        assert 0 <= kg <= MAX_T * 1000
        assert Fraction(kg, 1000) == Fraction(Decimal(value if isinstance(value, str | Decimal) else repr(value)))


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (True, "not_a_number"),
        (None, "not_a_number"),
        ([], "not_a_number"),
        ("five", "not_a_number"),
        ("9" * 100, "not_a_number"),
        (math.nan, "not_finite"),
        (Decimal("sNaN"), "not_finite"),
        (math.inf, "not_finite"),
        (-0.001, "negative"),
        (-(10**30), "negative"),
        (10_000_000.001, "too_large"),
        (10**400, "too_large"),
        ("1e999999", "too_large"),
        (1.0005, "too_many_decimals"),
        ("1e-999999", "too_many_decimals"),
        ("1." + "0" * 40 + "1", "too_many_decimals"),
        (5e-324, "too_many_decimals"),
    ],
)
def test_what_is_not_a_quantity_is_named(value: object, code: str) -> None:
    with pytest.raises(UnitFault) as caught:
        parse_t(value)
    assert caught.value.code == code


def test_trailing_zeros_and_exponents_are_the_same_number() -> None:
    assert parse_t("30.50000") == parse_t("3.05e1") == parse_t(30.5) == 30_500
    assert parse_t(-0.0) == 0


def test_pydantic_takes_numbers_alone() -> None:
    body = Body.model_validate_json('{"quantity_t": 30.5, "bid_cny_per_t": 2450.5, "vat_rate_pct": 13}')
    assert (body.quantity_t, body.bid_cny_per_t, body.vat_rate_pct) == (30_500, 245_050, 1300)
    for bad in ('"30.5"', "true", "0", "-1", "1.0001", "null", "[]", "10000001", "1e400", "NaN", "1" * 400):
        with pytest.raises(ValidationError):
            Body.model_validate_json(f'{{"quantity_t": {bad}}}')


def test_pydantic_names_every_fault_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        Body.model_validate({"quantity_t": "x", "bid_cny_per_t": -1, "vat_rate_pct": 101})
    assert faults_of(caught.value.errors()) == [
        ("/quantity_t", "应为数字，例如 30.5", "This must be a number, for example 30.5"),
        ("/bid_cny_per_t", "单价（元/吨）不能为负", "a price in CNY per tonne must not be negative"),
        ("/vat_rate_pct", "税率（%）不能大于 100", "a rate in per cent must be at most 100"),
    ]


def test_json_schemas_say_number() -> None:
    properties = Body.model_json_schema()["properties"]
    assert {properties[name]["type"] for name in properties} == {"number"}
    assert properties["quantity_t"]["exclusiveMinimum"] == 0
    out = Answer.model_json_schema(mode="serialization")["properties"]
    assert {out[name]["type"] for name in out} == {"number"}


def test_answers_carry_numbers() -> None:
    answer = Answer(quantity_t=30_500, amount_cny=245_005, vat_rate_pct=1300)
    assert answer.model_dump_json() == '{"quantity_t":30.5,"amount_cny":2450.05,"vat_rate_pct":13.0}'
