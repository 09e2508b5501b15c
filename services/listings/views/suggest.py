"""Type-ahead over materials, grades, codes and places in both languages, from memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from services.listings.views.lexicon import atoms, corrected, key_of, names_of
from services.listings.views.words import short_name
from shared import geo
from shared.catalogue import families, grades
from shared.text import plain

Subject = Literal["material", "grade", "region"]
_ORDER: dict[Subject, int] = {"material": 0, "grade": 1, "region": 2}
MISSPELT_FROM = 4
"""Letters: shorter ones are near to too much."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`value` is the code for the query parameter named by `kind`; `text` is the name that matched."""

    kind: Subject
    value: str
    name_zh: str
    name_en: str
    text: str


@dataclass(frozen=True, slots=True)
class _Entries:
    """Every name of everything with the key it is compared by, and where it stands by the first letter of its words."""

    names: tuple[tuple[Suggestion, str], ...]
    latin: dict[str, tuple[tuple[str, int], ...]]
    """Words of Latin names by their first letter, each with the number of its entry: the spelling looks here."""


@cache
def _entries() -> _Entries:
    found: list[Suggestion] = []
    for family in families():
        for name in (family.name_zh, family.name_en, *family.synonyms_zh, *family.synonyms_en, family.code):
            found.append(Suggestion("material", family.code, family.name_zh, family.name_en, name))
    for grade in grades():
        for name in dict.fromkeys(names_of(grade)):
            found.append(Suggestion("grade", grade.code, grade.name_zh, grade.name_en, name))
    for region in geo.regions():
        if region.name_zh != "市辖区":
            for name in dict.fromkeys((region.name_zh, short_name(region.name_zh), region.name_en)):
                found.append(Suggestion("region", region.code, region.name_zh, region.name_en, name))
    latin: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for number, one in enumerate(found):
        for word in atoms(one.text):
            if word.isascii() and word.isalpha() and len(word) > 3:
                latin[word[0]].append((word, number))
    names = tuple((one, _key(one.text)) for one in found)
    return _Entries(names, {letter: tuple(words) for letter, words in latin.items()})


def _key(text: str) -> str:
    return " ".join(plain(text).casefold().split())


def suggest(text: str, limit: int) -> list[Suggestion]:
    """The best matches: the whole name, then its beginning, then a word's beginning, then anywhere; each code once. A misspelt
    Latin word finds what it is near to where nothing else is found."""
    key = _key(text)
    if not key:
        return []
    return _best(_containing(key), limit) or _best(_near(key), limit)


_Ranked = tuple[int, int, int, str, Suggestion]


def _containing(key: str) -> Iterator[_Ranked]:
    joined = key_of(key)
    for one, name in _entries().names:
        rank = _rank(name, key)
        if rank is None and len(joined) > 2 and joined != key and joined in _joined(name):
            rank = 3
        if rank is not None:
            yield rank, _ORDER[one.kind], len(name), one.value, one


def _near(key: str) -> Iterator[_Ranked]:
    """Names with a word that the last one typed is near to, or begins like."""
    word = key.split()[-1]
    if not (word.isascii() and word.isalpha()) or len(word) < MISSPELT_FROM:
        return
    entries = _entries()
    known = entries.latin.get(word[0], ())
    meant = corrected(word, {one for one, _ in known}) or corrected(word, {one[: len(word)] for one, _ in known})
    if meant is None:
        return
    for one, number in known:
        if one.startswith(meant):
            suggestion, name = entries.names[number]
            yield one != meant, _ORDER[suggestion.kind], len(name), suggestion.value, suggestion


def _best(ranked: Iterable[_Ranked], limit: int) -> list[Suggestion]:
    best: dict[tuple[str, str], Suggestion] = {}
    for *_, one in sorted(ranked, key=lambda row: row[:4]):
        best.setdefault((one.kind, one.value), one)
        if len(best) == limit:
            break
    return list(best.values())


@cache
def _joined(name: str) -> str:
    """The name without spaces and hyphens: `HMS 1` is found by `hms1`."""
    return key_of(name)


def _rank(name: str, key: str) -> int | None:
    if name == key:
        return 0
    if name.startswith(key):
        return 1
    if f" {key}" in name or f"({key}" in name:
        return 2
    return 3 if key in name else None
