"""Type-ahead over materials, grades, codes and places in both languages, from memory."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
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


class _Text:
    """Names one to a line in one piece: a search through it costs less than one through a list by far."""

    def __init__(self, names: Sequence[str]) -> None:
        self.text = "\n" + "\n".join(names) + "\n"
        self.begins = list(accumulate((len(name) + 1 for name in names), initial=1))

    def find(self, key: str) -> Iterator[tuple[int, int]]:
        """The number of each name that has the key, with how well: 0 is the whole name, 1 its beginning, 2 a word's beginning,
        3 anywhere."""
        at = self.text.find(key)
        while at >= 0:
            number = bisect_right(self.begins, at) - 1
            before, after = self.text[at - 1], self.text[at + len(key)]
            rank = (0 if after == "\n" else 1) if before == "\n" else 2 if before in " (" else 3
            yield number, rank
            at = self.text.find(key, at + 1)


@dataclass(frozen=True, slots=True)
class _Entries:
    """Every name of everything, as it is compared and run together; the spelling looks at the words of Latin names by their
    first letter, each with the number of its entry."""

    found: tuple[Suggestion, ...]
    order: tuple[tuple[int, int, str], ...]
    names: _Text
    joined: _Text
    latin: dict[str, tuple[tuple[str, int], ...]]


@cache
def _entries() -> _Entries:
    found: list[Suggestion] = []
    for family in families():
        for name in (family.name_zh, family.name_en, *family.synonyms_zh, *family.synonyms_en, family.code):
            found.append(Suggestion("material", family.code, family.name_zh, family.name_en, name))
    for grade in grades():
        for name in dict.fromkeys(names_of(grade)):
            found.append(Suggestion("grade", grade.code, grade.name_zh, grade.name_en, name))
    levels: list[int] = [_ORDER[one.kind] for one in found]
    for region in geo.regions():
        if region.name_zh != "市辖区":
            for name in dict.fromkeys((region.name_zh, short_name(region.name_zh), region.name_en)):
                found.append(Suggestion("region", region.code, region.name_zh, region.name_en, name))
                levels.append(_ORDER["region"] + ("province", "city", "county").index(region.level))
    latin: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for number, one in enumerate(found):
        for word in atoms(one.text):
            if word.isascii() and word.isalpha() and len(word) >= MISSPELT_FROM:
                latin[word[0]].append((word, number))
    return _Entries(
        tuple(found),
        tuple((level, len(one.text), one.value) for level, one in zip(levels, found, strict=True)),
        _Text([_key(one.text) for one in found]),
        _Text([key_of(one.text) for one in found]),
        {letter: tuple(words) for letter, words in latin.items()},
    )


def _key(text: str) -> str:
    return " ".join(plain(text).casefold().split())


def suggest(text: str, limit: int) -> list[Suggestion]:
    """The best matches: the whole name, then its beginning, then a word's beginning, then anywhere; each code once. A misspelt
    Latin word finds what it is near to where nothing else is found."""
    key = _key(text)
    if not key:
        return []
    return _best(_containing(key), limit) or _best(_near(key), limit)


def _containing(key: str) -> Iterator[tuple[int, int]]:
    """The number of each entry with its rank: `hms 1` is found in `HMS1` too."""
    entries = _entries()
    yield from entries.names.find(key)
    joined = key_of(key)
    if joined and joined != key:
        yield from entries.joined.find(joined)


def _near(key: str) -> Iterator[tuple[int, int]]:
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
            yield number, int(one != meant)


def _best(ranked: Iterable[tuple[int, int]], limit: int) -> list[Suggestion]:
    entries = _entries()
    best: dict[tuple[str, str], Suggestion] = {}
    for _, _, number in sorted((rank, entries.order[number], number) for number, rank in ranked):
        one = entries.found[number]
        best.setdefault((one.kind, one.value), one)
        if len(best) == limit:
            break
    return list(best.values())
