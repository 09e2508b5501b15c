"""Quantities as people type them, the days within which a waste arose, and what a seller declares his goods free of."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from shared import catalogue
from shared.masses import parse_mass
from shared.problem import Fault
from shared.units import MAX_T, UnitFault, parse_t

DAYS_OF = range(1900, 2101)
"""Years of a waste's days: heaps are older than the market."""


def _typed(value: Any, info: ValidationInfo) -> int:
    """A JSON number of tonnes, or a text with its unit; `load_t` of the same body says what a 车 takes."""
    if not isinstance(value, str):
        return parse_t(value)
    try:
        parse_t(value)
    except UnitFault:
        return parse_mass(value, info.data.get("load_t"))
    raise UnitFault(
        "not_a_number", "应为数字，或带单位的文本，例如 30.5吨", "This must be a number, or text with its unit (30.5 t)"
    )


def _some(value: Any, info: ValidationInfo) -> int:
    kg = _typed(value, info)
    if kg == 0:
        raise UnitFault("not_positive", "应大于 0", "This must be greater than 0")
    return kg


def _schema(**bound: float) -> WithJsonSchema:
    number = {"type": "number", "maximum": MAX_T, **bound}
    text = {"type": "string", "examples": ["30.5吨", "61000 斤", "30500kg", "2车"]}
    return WithJsonSchema({"anyOf": [number, text], "description": "Tonnes, at most 3 decimals; or text with its unit."})


Quantity = Annotated[int, PlainValidator(_some), _schema(exclusiveMinimum=0)]
"""In: tonnes above 0 as a number, or a text with its unit. Inside: kilograms. `load_t` must stand before it in its shape."""
Least = Annotated[int, PlainValidator(_typed), _schema(minimum=0)]
"""As `Quantity`, 0 or more."""


def _day(value: Any) -> str:
    fault = Fault("应为日期，例如 2026-11-24", "This must be a day, as 2026-11-24")
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError as error:
        raise fault from error
    if day is None or day.year not in DAYS_OF:
        raise fault
    return day.isoformat()


def arose_in_order(until: str | None, info: ValidationInfo) -> str | None:
    """A shape's check of `arose_until`, which stands after `arose_from`."""
    begin = info.data.get("arose_from")
    if begin is not None and until is not None and until < begin:
        raise Fault("结束日期不能早于开始日期", "It must not end before it begins")
    return until


Day = Annotated[str, PlainValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
"""In: `2026-11-24`. Inside: the same text, which sorts by time."""
Stock = Literal["new", "stock"]


def _declared(value: Any) -> list[str] | None:
    """`true` stands for every hard stop of the catalogue, `false` for no declaration."""
    if value is None or value is False:
        return None
    known = [stop.code for stop in catalogue.hard_stops()]
    if value is True:
        return known
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Fault("应为是、否或一票否决项的列表", "Say yes, no, or which of the hard stops")
    if unknown := [one for one in value if one not in known]:
        raise Fault(f"没有这个一票否决项：{unknown[0][:40]}", f"There is no hard stop {unknown[0][:40]}; see /v1/materials")
    return [one for one in known if one in value]


HardStops = Annotated[
    list[str] | None,
    PlainValidator(_declared),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "array", "items": {"type": "string"}}, {"type": "null"}]}),
]
"""In: the hard stops that the seller declares his goods free of, or true for all. Inside: their codes, None without any."""
