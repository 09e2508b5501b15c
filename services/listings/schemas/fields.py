"""The fields that lots and demands are made of, checked so that every fault is named at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, GetPydanticSchema, StringConstraints, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from shared import catalogue
from shared.http import Shape
from shared.http.filters import Grade
from shared.http.shapes import Time, cut_to_ms
from shared.problem import Fault

YEARS = range(2000, 2101)


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise Fault("这不是有效的编号", "This is no valid id") from None


def _moment(at: datetime) -> datetime:
    if at.year not in YEARS:
        raise Fault("年份应在 2000 到 2100 之间", "The year must be 2000 to 2100")
    return cut_to_ms(at)


def _measures() -> dict[str, core_schema.CoreSchema]:
    return {
        one.name: core_schema.float_schema(ge=one.minimum, le=one.maximum, allow_inf_nan=False, strict=True)
        for one in catalogue.attributes()
    }


def _quality_schema(*_: Any) -> CoreSchema:
    fields = {name: core_schema.typed_dict_field(value, required=False) for name, value in _measures().items()}
    return core_schema.typed_dict_schema(fields, extra_behavior="forbid")


def _bounds(limits: dict[str, float]) -> dict[str, float]:
    if not limits:
        raise Fault("至少填下限或上限", "Give a lower or an upper limit")
    if limits.get("min", -1e300) > limits.get("max", 1e300):
        raise Fault("下限不能大于上限", "The lower limit must not be above the upper")
    return limits


def _limits_schema(*_: Any) -> CoreSchema:
    fields = {}
    for name, value in _measures().items():
        ends = {end: core_schema.typed_dict_field(value, required=False) for end in ("min", "max")}
        both = core_schema.typed_dict_schema(ends, extra_behavior="forbid")
        fields[name] = core_schema.typed_dict_field(core_schema.no_info_after_validator_function(_bounds, both), required=False)
    return core_schema.typed_dict_schema(fields, extra_behavior="forbid")


def _traits_schema(*_: Any) -> CoreSchema:
    fields = {
        one.code: core_schema.typed_dict_field(core_schema.literal_schema([value.code for value in one.values]), required=False)
        for one in catalogue.traits()
    }
    return core_schema.typed_dict_schema(fields, extra_behavior="forbid")


Identifier = Annotated[str, AfterValidator(_uuid)]
Moment = Annotated[Time, AfterValidator(_moment)]
Quality = Annotated[dict[str, float], GetPydanticSchema(_quality_schema)]
Traits = Annotated[dict[str, str], GetPydanticSchema(_traits_schema)]
Limits = Annotated[dict[str, dict[str, float]], GetPydanticSchema(_limits_schema)]
Title = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
Description = Annotated[str, StringConstraints(max_length=4000, strip_whitespace=True)]
Origin = Literal["domestic", "imported"]
Grades = Annotated[list[Grade], Field(min_length=1, max_length=50)]


def in_order(end: datetime, info: ValidationInfo, begin: str) -> datetime:
    start = info.data.get(begin)
    if start is not None and end <= start:
        raise Fault("截止时间应晚于开始时间", "The window must end after it begins")
    return end


def once_each(grades: list[str]) -> list[str]:
    return list(dict.fromkeys(grades))


INSIDE = {
    "quantity_t": "quantity_kg",
    "ask_cny_per_t": "ask_fen_per_t",
    "bid_cny_per_t": "bid_fen_per_t",
    "min_take_t": "min_take_kg",
    "vat_rate_pct": "vat_bp",
}
OUTER = ("site_id", "quantity_kg", "title", "description", "hard_stops_declared", "on_behalf_of")
NOT_KEPT = ("load_t",)
"""Only says how another field is to be read."""


def changes_of(shape: Shape) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a PATCH names: the changes of the draft itself and those of its terms, under their names inside."""
    named = shape.model_fields_set.difference(NOT_KEPT)
    given: Mapping[str, Any] = {INSIDE.get(name, name): getattr(shape, name) for name in named}
    outer = {name: value for name, value in given.items() if name in OUTER}
    return outer, {name: value for name, value in given.items() if name not in OUTER}


def not_null(value: Any) -> Any:
    if value is None:
        raise Fault("不能清空", "This can't be emptied")
    return value
