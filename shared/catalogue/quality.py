"""Checking declared quality against the catalogue."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from shared.catalogue.tables import attribute


class Fault(NamedTuple):
    """What is wrong with one attribute, in both languages."""

    attribute: str
    message_zh: str
    message_en: str


def quality_faults(grade_code: str, quality: Mapping[str, object]) -> list[Fault]:
    """Every fault of a declared quality: unknown attributes, values that are no finite numbers or out of range.

    Any attribute of the catalogue may be declared for any grade: a seller who measured more than the grade asks for
    says so. A wrong unit is another name (`thickness_cm`), so it is unknown.
    """
    return [fault for name, value in quality.items() for fault in attribute_faults(name, value)]


def attribute_faults(name: str, value: object) -> list[Fault]:
    """The faults of one attribute's value: at most one."""
    known = attribute(name)
    if known is None:
        return [Fault(name, f"未知的质量指标：{name}", f"unknown quality attribute: {name}")]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return [Fault(name, f"{known.name_zh}必须是数字", f"{known.name_en} must be a number")]
    if not known.minimum <= value <= known.maximum:
        low, high, unit = f"{known.minimum:g}", f"{known.maximum:g}", known.unit
        return [
            Fault(
                name,
                f"{known.name_zh}必须在 {low} 到 {high} {unit} 之间",
                f"{known.name_en} must be between {low} and {high} {unit}",
            )
        ]
    return []
