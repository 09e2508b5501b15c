"""What a fault of the input says: to people, in their language, whatever a shape of ours can find wrong."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError
from pydantic_core._pydantic_core import list_all_errors

from shared.http import Query, Shape
from shared.http.shapes import Time
from shared.problem import TEXTS, InputIsInvalid, faults_of
from shared.settings import ROOMS

ALLOWED = re.compile(r"RFC 3339|'[^']*'")
"""Latin letters that a Chinese text may have: names of formats, and values that are themselves Latin."""
RAISED = {
    "int": "int_type int_parsing int_parsing_size int_from_float greater_than greater_than_equal less_than less_than_equal",
    "float": "float_type float_parsing finite_number greater_than greater_than_equal less_than less_than_equal",
    "str": "string_type string_too_short string_too_long string_pattern_mismatch",
    "bool": "bool_type bool_parsing",
    "datetime": "datetime_type datetime_parsing datetime_from_date_parsing timezone_aware",
    "date": "date_type date_parsing date_from_datetime_parsing date_from_datetime_inexact",
    "list": "list_type too_short too_long",
    "dict": "dict_type too_short too_long",
    "model": "model_type model_attributes_type",
    "model-fields": "missing extra_forbidden",
    "dataclass": "dataclass_type missing",
    "typed-dict": "dict_type missing extra_forbidden",
    "literal": "literal_error",
    "tagged-union": "union_tag_not_found union_tag_invalid",
    "uuid": "uuid_type uuid_parsing uuid_version",
}
"""What pydantic can find wrong with each kind of field."""
SILENT = {
    "model-field", "dataclass-args", "dataclass-field", "typed-dict-field", "no-info", "with-info", "default", "nullable",
    "definitions", "definition-ref", "any", "function-after", "function-before", "function-plain", "function-wrap", "none",
    "union", "chain", "lax-or-strict", "json-or-python", "is-instance",
}  # fmt: skip
"""Kinds that hold another, or whose faults our own validators word."""


class Sample(Shape):
    """One field of each kind that a form has."""

    whole: Annotated[int, Field(ge=1, le=9)]
    number: float
    name: Annotated[str, Field(min_length=2, max_length=3)]
    at: Time
    day: date
    side: Literal["origin", "destination", "both"]
    flag: bool
    some: Annotated[list[str], Field(min_length=1)]
    gone: str


def said(body: str, language: Literal["zh-CN", "en"]) -> dict[str, str]:
    with pytest.raises(ValidationError) as found:
        Sample.model_validate_json(body)
    problem = InputIsInvalid(faults_of(found.value.errors())).body(language)
    return {one["pointer"]: one["message"] for one in problem["errors"]}


FAULTY = (
    '{"whole": "much", "number": "dear", "name": "four", "at": "soon", "day": "today", "side": "left", "flag": "yes",'
    ' "some": [], "more": 1}'
)


def test_every_fault_is_said_in_the_readers_language() -> None:
    chinese, english = said(FAULTY, "zh-CN"), said(FAULTY, "en")
    assert chinese == {
        "/whole": "应为整数",
        "/number": "应为数字",
        "/name": "太长，至多 3 个字符",
        "/at": "应为时间，如 2026-11-28T08:00:00+08:00",
        "/day": "应为日期，如 2026-11-28",
        "/side": "应为 'origin'、'destination'、'both' 之一",
        "/flag": "应为是或否",
        "/some": "至少 1 项",
        "/gone": "必填",
        "/more": "未知字段",
    }
    assert set(english) == set(chinese)
    assert english["/whole"] == "This must be a whole number"
    assert english["/side"] == "This must be 'origin', 'destination' or 'both'"
    assert [text for text in english.values() if text.startswith("Input") or re.search(r"[\u4e00-\u9fff]", text)] == []


@pytest.mark.parametrize("kind", list_all_errors(), ids=lambda one: one["type"])
def test_no_type_of_error_is_said_in_english_to_a_chinese_reader(kind: Any) -> None:
    context = {name: 1 if value is None else value for name, value in (kind.get("example_context") or {}).items()}
    error: Any = {"type": kind["type"], "loc": ("field",), "msg": "Input should be otherwise", "input": "", "ctx": context}
    [(pointer, zh, en)] = faults_of([error])
    assert pointer == "/field"
    assert re.search(r"[A-Za-z]", ALLOWED.sub("", zh).replace("T08", "")) is None, zh
    assert "Input" not in en and "{" not in zh + en


def shapes() -> Iterator[type[BaseModel]]:
    for name in (*(f"services.{room}.schemas" for room in ROOMS), "gateway.notices.schemas"):
        importlib.import_module(name)
    waiting: list[type[BaseModel]] = [Shape, Query]
    while waiting:
        found = waiting.pop().__subclasses__()
        waiting += found
        yield from (one for one in found if one.__module__.startswith(("services.", "gateway.")))


def kinds_in(schema: Any) -> Iterator[str]:
    if isinstance(schema, list | tuple):
        for one in schema:
            yield from kinds_in(one)
    elif isinstance(schema, dict):
        if isinstance(schema.get("type"), str):
            yield schema["type"]
        for name, one in schema.items():
            if name not in ("metadata", "serialization", "default", "config"):
                yield from kinds_in(one)


def test_whatever_a_shape_of_ours_can_find_wrong_has_its_words() -> None:
    kinds = {kind for shape in shapes() for kind in kinds_in(shape.__pydantic_core_schema__)}
    assert len(kinds) > 8
    assert kinds - set(RAISED) - SILENT == set(), "say what these raise"
    assert {error for kind in kinds & set(RAISED) for error in RAISED[kind].split()} - set(TEXTS) == set()
