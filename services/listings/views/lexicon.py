"""What names mean: every name of a grade, a family and a place, and their parts, as people run them together.

A name is compared by its atoms: each Chinese character, each run of letters, each number, without case, spaces and
hyphens, so that `HMS 1`, `hms-1` and `ＨＭＳ１` are one. A part of a name (`石膏`, `heavy melting`) means every grade it is a
part of, weighed by how much of the name it is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from services.listings.views.words import short_name
from shared import geo
from shared.catalogue import families, grades, names_of_several
from shared.catalogue.material import Grade
from shared.tables import read_table
from shared.text import plain

_ATOM = re.compile(r"[\u3400-\u9fff]|[a-z]+|\d+(?:\.\d+)?|\s+|[^\s\u3400-\u9fffa-z\d]")
_WORD = re.compile(r"[\u3400-\u9fffa-z\d]")
LONGEST = 14
"""Atoms of the longest name that is looked for."""
PART_WEIGHT = 0.6
"""A part of a name says less than the whole of one; the rest is by how much of the name it is."""


@cache
def _common(use: str) -> frozenset[str]:
    """Words of every day, by what is made of them; see the table's head."""
    rows = read_table("services.listings.views", "common_words.csv")
    return frozenset(word for row in rows if row["use"] == use for word in row["words"].split())


@dataclass
class Meaning:
    """What a name means: grades with a weight above 0 and at most 1, places, or nothing (`ignored`)."""

    grades: dict[str, float] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    ignored: bool = False
    whole: bool = False
    """It is a name, not a part of one."""
    family: str | None = None
    text: str = ""
    """The name as it is written, for the spelling."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """`meanings` by atoms run together; `words` are the Latin words of materials and of places, for the spelling."""

    meanings: Mapping[str, Meaning]
    materials: frozenset[str]
    places: frozenset[str]


def atoms(text: str) -> list[str]:
    return _ATOM.findall(plain(text).casefold())


def key_of(text: str) -> str:
    """A name as it is compared."""
    return "".join(atom for atom in atoms(text) if _WORD.match(atom))


@cache
def lexicon() -> Lexicon:
    """Read from the catalogue and the regions once."""
    found: dict[str, Meaning] = {}
    for word in sorted(_common("ignored")):
        found[key_of(word)] = Meaning(ignored=True, whole=True, text=word)
    for code, name in _places():
        known = found.setdefault(key_of(name), Meaning(whole=True, text=name))
        if not known.ignored and code not in known.regions:
            known.regions = (*known.regions, code)
    for key, meaning in _materials().items():
        if meaning.whole or key not in found:
            found[key] = meaning
    materials = {word for grade in grades() for name in names_of(grade) for word in _latin(name)}
    materials |= {word for kin in families() for name in (kin.name_en, *kin.synonyms_en) for word in _latin(name)}
    places = {word for _, name in _places() for word in _latin(name) if len(word) > 4}
    return Lexicon(found, frozenset(materials), frozenset(places - {"district", "county", "city", "banner", "autonomous"}))


def names_of(grade: Grade) -> Iterator[str]:
    """Every name of a grade in both languages, its codes and those of standards; what stands in brackets also by itself."""
    for name in (grade.name_zh, grade.name_en, *grade.synonyms_zh, *grade.synonyms_en):
        yield name
        if "(" in name:
            yield from (part.strip() for part in re.split(r"[()]", name) if part.strip())
    yield grade.code
    for standard in grade.standards:
        yield standard.code
        if standard.standard.startswith("ISRI"):
            yield f"ISRI {standard.code}"


def _latin(name: str) -> list[str]:
    return [atom for atom in atoms(name) if atom.isascii() and atom.isalpha() and len(atom) > 3]


def _materials() -> dict[str, Meaning]:
    names: dict[str, dict[str, str]] = defaultdict(dict)
    found: dict[str, Meaning] = {}
    of_family: dict[str, list[str]] = defaultdict(list)
    for grade in grades():
        of_family[grade.family].append(grade.code)
        for name in names_of(grade):
            names[key_of(name)].setdefault(grade.code, name)
    for key, of in names.items():
        if not _is_bare(key):
            found[key] = Meaning(grades=dict.fromkeys(of, 1.0), whole=True, text=next(iter(of.values())))
    for name, codes in names_of_several().items():
        found[key_of(name)] = Meaning(grades=dict.fromkeys(codes, 1.0), whole=True, text=name)
    for kin in families():
        for name in (kin.name_zh, kin.name_en, *kin.synonyms_zh, *kin.synonyms_en, kin.code):
            whole = found.setdefault(key_of(name), Meaning(whole=True, text=name))
            whole.grades |= dict.fromkeys(of_family[kin.code], 1.0)
            whole.family = kin.code
            for part in _parts(name):
                _add_part(found, part, dict.fromkeys(of_family[kin.code], _share(part, name)), name)
    for grade in grades():
        for name in names_of(grade):
            for part in _parts(name):
                _add_part(found, part, {grade.code: _share(part, name)}, name)
    return found


def _is_bare(key: str) -> bool:
    """A code of one letter or a number alone (a mill's `A`) is no name."""
    return (len(key) < 2 and key.isascii()) or key.isdigit()


def _add_part(found: dict[str, Meaning], part: str, weights: Mapping[str, float], name: str) -> None:
    meaning = found.setdefault(part, Meaning(text=name))
    for grade, weight in weights.items():
        meaning.grades[grade] = max(weight, meaning.grades.get(grade, 0.0))


def _share(part: str, name: str) -> float:
    return round(PART_WEIGHT * (0.5 + 0.5 * len(part) / len(key_of(name))), 1)


def _parts(name: str) -> Iterator[str]:
    """Runs of a name's words and characters that may stand for it: two characters, or a word of three letters, at least."""
    found = [atom for atom in atoms(name) if _WORD.match(atom)]
    for begin in range(len(found)):
        for end in range(begin + 1, len(found) + 1):
            run = found[begin:end]
            part = "".join(run)
            if end - begin < len(found) and _tells(run, part, begin == 0 or end == len(found)):
                yield part


def _tells(run: list[str], part: str, at_an_end: bool) -> bool:
    if any(atom.isascii() and atom.isalpha() and len(atom) > 2 and atom not in _common("no name") for atom in run):
        return part not in _common("no name")
    return not part.isascii() and len(run) > 1 and at_an_end and part not in _common("no name")


def _places() -> Iterator[tuple[str, str]]:
    """Codes of regions with each of their names."""
    for region in geo.regions():
        if region.name_zh == "市辖区":
            continue
        short = short_name(region.name_zh)
        for name in dict.fromkeys((region.name_zh, short)):
            if name not in _common("no place") and len(name) > 1:
                yield region.code, name
        english = region.name_en
        bare = re.sub(r" (?:District|County|City|Banner|Autonomous .*)$", "", english)
        least = 4 if region.level != "county" else 5
        for name in dict.fromkeys((english, bare)):
            if len(key_of(name)) >= least or name == english != bare:
                yield region.code, name


def corrected(word: str, known: Iterable[str]) -> str | None:
    """The word meant by a misspelt one of at least four letters: one slip (two from eight letters on), its first letter
    right; of several the nearest, then the shortest."""
    most = 2 if len(word) > 7 else 1
    near = [
        (slips, len(one), one)
        for one in known
        if one[0] == word[0] and abs(len(one) - len(word)) <= most and (slips := _slips(word, one, most)) <= most
    ]
    return min(near)[2] if near and len(word) > 3 else None


def _slips(a: str, b: str, most: int) -> int:
    """Letters left out, added, changed or swapped with their neighbour (Damerau), counted up to `most` + 1."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, y in enumerate(b, 1):
            best = min(before[j] + 1, row[-1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                best = min(best, older[j - 2] + 1)
            row.append(best)
        if min(row) > most:
            return most + 1
    return row[-1]
