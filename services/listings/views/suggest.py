"""Type-ahead over materials, grades and places in both languages, from memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from services.listings.views.words import short_name
from shared import geo
from shared.catalogue import families, grades

Subject = Literal["material", "grade", "region"]
_ORDER: dict[Subject, int] = {"material": 0, "grade": 1, "region": 2}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`value` is the code for the query parameter named by `kind`; `text` is the name that matched."""

    kind: Subject
    value: str
    name_zh: str
    name_en: str
    text: str


@cache
def _entries() -> tuple[tuple[Suggestion, str], ...]:
    """Every name of everything, each with the key it is compared by."""
    found: list[Suggestion] = []
    for family in families():
        for name in (family.name_zh, family.name_en, *family.synonyms_zh, *family.synonyms_en, family.code):
            found.append(Suggestion("material", family.code, family.name_zh, family.name_en, name))
    for grade in grades():
        for name in (grade.name_zh, grade.name_en, *grade.synonyms_zh, *grade.synonyms_en, grade.code):
            found.append(Suggestion("grade", grade.code, grade.name_zh, grade.name_en, name))
    for region in geo.regions():
        if region.name_zh != "市辖区":
            for name in dict.fromkeys((region.name_zh, short_name(region.name_zh), region.name_en)):
                found.append(Suggestion("region", region.code, region.name_zh, region.name_en, name))
    return tuple((one, one.text.casefold()) for one in found)


def suggest(text: str, limit: int) -> list[Suggestion]:
    """The best matches: the whole name, then its beginning, then a word's beginning, then anywhere; each code once."""
    key = " ".join(text.casefold().split())
    if not key:
        return []
    ranked: list[tuple[int, int, int, str, Suggestion]] = []
    for one, name in _entries():
        rank = _rank(name, key)
        if rank is not None:
            ranked.append((rank, _ORDER[one.kind], len(name), one.value, one))
    ranked.sort(key=lambda row: row[:4])
    best: dict[tuple[str, str], Suggestion] = {}
    for *_, one in ranked:
        best.setdefault((one.kind, one.value), one)
        if len(best) == limit:
            break
    return list(best.values())


def _rank(name: str, key: str) -> int | None:
    if name == key:
        return 0
    if name.startswith(key):
        return 1
    if f" {key}" in name or f"({key}" in name:
        return 2
    return 3 if key in name else None
