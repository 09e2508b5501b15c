"""Mass, money and rates at the edge: JSON numbers outside, integers inside.

Inside the system a mass is an integer of kilograms (`_kg`), money an integer of fen (`_fen`) and a VAT rate an integer of
basis points (`_bp`); outside they are tonnes with at most 3 decimals, CNY with at most 2 and per cent with at most 2.
Nothing here rounds what comes in: a number with more decimals is refused with a reason.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from shared.problem import Fault

MAX_T = 10_000_000
MAX_TOTAL_T = 1_000_000_000
"""The largest quantity accepted, tonnes; more is a slip of the keyboard (China recycles about 480 Mt a year in all)."""
MAX_CNY = 10_000_000
"""The largest price accepted, CNY per tonne."""
MAX_AMOUNT_CNY = 1_000_000_000_000
"""The largest amount of money accepted, CNY."""
MAX_SHARE_PCT = 10_000
"""The largest share accepted, per cent of something else."""
_LONGEST_NUMBER = 64


class UnitFault(Fault):
    """A value that is not a quantity, a price or a rate: a ValueError with both texts and a stable `code`."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.code = code


def div_half_up(numerator: int, denominator: int) -> int:
    """`numerator / denominator` to the nearest integer; a half goes away from zero (5/2 is 3, -5/2 is -3)."""
    if denominator == 0:
        raise ZeroDivisionError("division of an amount by zero")
    quotient = (2 * abs(numerator) + abs(denominator)) // (2 * abs(denominator))
    return quotient if (numerator < 0) == (denominator < 0) else -quotient


def net_fen(price_fen: int, vat_bp: int) -> int:
    """The net price of one that includes VAT at `vat_bp` basis points: price × 10000 / (10000 + bp), half up to the fen."""
    return div_half_up(price_fen * 10_000, 10_000 + vat_bp)


def kg_to_t(kg: int) -> float:
    """Tonnes as a JSON number; exact to the kilogram below 9 × 10^12 t."""
    return kg / 1000


def t_text(kg: int) -> str:
    """Tonnes for people: `1,234.5`."""
    return f"{kg_to_t(kg):,.3f}".rstrip("0").rstrip(".")


def fen_to_cny(fen: int) -> float:
    """CNY as a JSON number; exact to the fen below 9 × 10^13 CNY."""
    return fen / 100


def parse_t(value: object) -> int:
    """Kilograms of a quantity in tonnes (int, float, Decimal or text); 0 up to `MAX_T`, at most 3 decimals."""
    return _scaled(value, ("数量（吨）", "a quantity in tonnes"), decimals=3, largest=MAX_T)


def parse_total_t(value: object) -> int:
    """Kilograms of a total of many lots; otherwise as `parse_t`, up to `MAX_TOTAL_T`."""
    return _scaled(value, ("总量（吨）", "a total in tonnes"), decimals=3, largest=MAX_TOTAL_T)


def parse_cny(value: object) -> int:
    """Fen of an amount in CNY (int, float, Decimal or text); 0 up to `MAX_CNY`, at most 2 decimals."""
    return _scaled(value, ("单价（元/吨）", "a price in CNY per tonne"), decimals=2, largest=MAX_CNY)


def parse_difference(value: object) -> int:
    """Fen of a difference of two prices in CNY, which may be negative; otherwise as `parse_cny`."""
    number = _decimal(value, ("价差（元/吨）", "a difference of prices in CNY per tonne"))
    return -parse_cny(number.copy_abs()) if number.is_signed() else parse_cny(number)


def parse_amount(value: object) -> int:
    """Fen of an amount of money in CNY (int, float, Decimal or text); 0 up to `MAX_AMOUNT_CNY`, at most 2 decimals."""
    return _scaled(value, ("金额（元）", "an amount in CNY"), decimals=2, largest=MAX_AMOUNT_CNY)


def parse_pct(value: object) -> int:
    """Basis points of a rate in per cent (int, float, Decimal or text); 0 up to 100, at most 2 decimals."""
    return _scaled(value, ("税率（%）", "a rate in per cent"), decimals=2, largest=100)


def parse_part(value: object) -> int:
    """Basis points of a part of a whole in per cent (int, float, Decimal or text); 0 up to 100, at most 2 decimals."""
    return _scaled(value, ("百分比", "a percentage"), decimals=2, largest=100)


def parse_share(value: object) -> int:
    """Basis points of a share in per cent (int, float, Decimal or text); 0 up to `MAX_SHARE_PCT`, at most 2 decimals."""
    return _scaled(value, ("比例（%）", "a share in per cent"), decimals=2, largest=MAX_SHARE_PCT)


def _scaled(value: object, what: tuple[str, str], *, decimals: int, largest: int) -> int:
    """`value` × 10^`decimals` exactly, as an integer; UnitFault when it is not that number. `what` names it, zh and en."""
    zh, en = what
    number = _decimal(value, what)
    if not number.is_finite():
        raise UnitFault("not_finite", f"{zh}应为有限的数字", f"{en} must be a finite number")
    if number < 0:
        raise UnitFault("negative", f"{zh}不能为负", f"{en} must not be negative")
    if number > largest:
        raise UnitFault("too_large", f"{zh}不能大于 {largest}", f"{en} must be at most {largest}")
    if number == 0:
        return 0
    digits, exponent = number.as_tuple().digits, number.as_tuple().exponent
    assert isinstance(exponent, int)  # finite, so not one of the letters
    shift = exponent + decimals
    whole = int("".join(map(str, digits)))
    if shift >= 0:
        return whole * int(10**shift)
    if -shift >= len(digits) or whole % int(10**-shift):
        raise UnitFault("too_many_decimals", f"{zh}至多 {decimals} 位小数", f"{en} must have at most {decimals} decimals")
    return whole // int(10**-shift)


def _decimal(value: object, what: tuple[str, str]) -> Decimal:
    fault = UnitFault("not_a_number", f"{what[0]}应为数字", f"{what[1]} must be a number")
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise fault
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int):
        return Decimal(value)
    text = value if isinstance(value, str) else repr(value)
    if len(text) > _LONGEST_NUMBER:
        raise fault
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        raise fault from None


def _json_number(parse: Callable[[object], int], *, positive: bool = False) -> PlainValidator:
    """A pydantic validator that takes JSON numbers alone (no text, no booleans) and gives the integer inside."""

    def validate(value: Any) -> int:
        if isinstance(value, str):
            raise UnitFault("not_a_number", "应为数字，例如 30.5", "This must be a number, for example 30.5")
        inside = parse(value)
        if positive and inside == 0:
            raise UnitFault("not_positive", "应大于 0", "This must be greater than 0")
        return inside

    return PlainValidator(validate)


Tonnes = Annotated[
    int,
    _json_number(parse_t, positive=True),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": MAX_T, "description": "Tonnes, at most 3 decimals."}),
]
"""In: a JSON number of tonnes, above 0. Inside: kilograms."""

TotalTonnes = Annotated[
    int,
    _json_number(parse_total_t, positive=True),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": MAX_TOTAL_T, "description": "Tonnes, 3 decimals."}),
]
"""In: a JSON number of tonnes, above 0, of a region or a year. Inside: kilograms."""

TotalTonnesOrNone = Annotated[
    int,
    _json_number(parse_total_t),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": MAX_TOTAL_T, "description": "Tonnes, 3 decimals."}),
]
"""As `TotalTonnes`, 0 or more."""

CnyPerTonne = Annotated[
    int,
    _json_number(parse_cny),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": MAX_CNY, "description": "CNY per tonne, at most 2 decimals."}),
]
"""In: a JSON number of CNY per tonne, 0 or more. Inside: fen per tonne."""

PriceDifference = Annotated[
    int,
    _json_number(parse_difference),
    WithJsonSchema({"type": "number", "minimum": -MAX_CNY, "maximum": MAX_CNY, "description": "CNY per tonne, 2 decimals."}),
]
"""In: a JSON number of CNY per tonne, of either sign. Inside: fen per tonne."""

CnyAmount = Annotated[
    int,
    _json_number(parse_amount, positive=True),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": MAX_AMOUNT_CNY, "description": "CNY, 2 decimals."}),
]
"""In: a JSON number of CNY, above 0. Inside: fen."""

PartPct = Annotated[
    int,
    _json_number(parse_part),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100, "description": "Per cent, at most 2 decimals."}),
]
"""In: a JSON number of per cent of a whole, 0 to 100. Inside: basis points."""

VatPct = Annotated[
    int,
    _json_number(parse_pct),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100, "description": "Per cent, at most 2 decimals."}),
]
"""In: a JSON number of per cent, 0 to 100. Inside: basis points."""


SharePct = Annotated[
    int,
    _json_number(parse_share, positive=True),
    WithJsonSchema(
        {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_SHARE_PCT, "description": "Per cent, at most 2 decimals."}
    ),
]
"""In: a JSON number of per cent of something else, above 0, which may pass 100. Inside: basis points."""


def _bp_to_pct(vat_bp: int) -> float:
    return vat_bp / 100


TonnesOut = Annotated[int, PlainSerializer(kg_to_t, return_type=float), WithJsonSchema({"type": "number"})]
"""Out: kilograms shown as tonnes."""
CnyOut = Annotated[int, PlainSerializer(fen_to_cny, return_type=float), WithJsonSchema({"type": "number"})]
"""Out: fen shown as CNY."""
PctOut = Annotated[int, PlainSerializer(_bp_to_pct, return_type=float), WithJsonSchema({"type": "number"})]
"""Out: basis points shown as per cent."""
VatPctOut = Annotated[int, PlainSerializer(_bp_to_pct, return_type=float), WithJsonSchema({"type": "number"})]
"""Out: basis points shown as per cent."""
