"""Query parameters that many lists share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator

from shared import catalogue, geo
from shared.problem import Fault


def known_material(code: str) -> str:
    """A family or a grade of the catalogue."""
    if catalogue.family(code) is None and catalogue.grade(code) is None:
        raise Fault(f"未知的品种：{code[:40]}", f"There is no material {code[:40]}; see /v1/materials")
    return code


def known_grade(code: str) -> str:
    """A grade of the catalogue."""
    if catalogue.grade(code) is None:
        raise Fault(f"未知的品种：{code[:40]}", f"Unknown grade: {code[:40]}")
    return code


def known_region(code: str) -> str:
    """A GB/T 2260 code."""
    if not geo.exists(code):
        raise Fault(f"未知的行政区划代码：{code[:40]}", f"{code[:40]} is no GB/T 2260 region code")
    return code


Material = Annotated[str, AfterValidator(known_material)]
"""`steel` or `steel.hms1`."""
Grade = Annotated[str, AfterValidator(known_grade)]
"""`steel.hms1`."""
Region = Annotated[str, AfterValidator(known_region)]
"""`420100`; selects what lies in it."""


MOST_CODES = 20
"""Of one filter."""


def _each(known: Callable[[str], str]) -> Callable[[str], str]:
    def check(text: str) -> str:
        codes = text.split(",")
        if len(codes) > MOST_CODES:
            raise Fault(f"最多以逗号分隔 {MOST_CODES} 个", f"Name at most {MOST_CODES}, parted by commas")
        for code in codes:
            known(code)
        return text

    return check


Materials = Annotated[str, AfterValidator(_each(known_material))]
"""One or several, parted by commas: `steel.hms1,steel.light`."""
Regions = Annotated[str, AfterValidator(_each(known_region))]
"""One or several, parted by commas: `420100,420000`."""


def in_material(field: str, code: str) -> dict[str, Any]:
    """The MongoDB condition that `field`, a grade, is of the material."""
    return {field: code if "." in code else {"$regex": f"^{code}\\."}}


def in_region(field: str, code: str) -> dict[str, Any]:
    """The MongoDB condition that `field`, a region code, is `code` or lies in it."""
    return {field: {"$regex": f"^{geo.prefix(code)}"}}
