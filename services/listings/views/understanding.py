"""What a person means: materials, places, quantities and what is left as words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from services.listings.views.lexicon import LONGEST, Lexicon, Meaning, atoms, corrected, lexicon
from services.listings.views.measures import Measure, measures
from shared import geo
from shared.catalogue import family, grade
from shared.text import plain

As = Literal["grade", "material", "region", "quantity", "price", "distance", "words", "ignored"]
_JOINS = frozenset("-._·'’ ")
_AND = frozenset("&/+、,和")
_TO = frozenset("-~至到—")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the text and what it was taken for: `values` are codes of grades, families and regions; `spelt` is the word
    that a misspelt one was read as."""

    text: str
    kind: As
    values: tuple[str, ...] = ()
    zh: str = ""
    en: str = ""
    spelt: str | None = None


@dataclass(frozen=True, slots=True)
class Understood:
    """`grades` by weight (empty: no material is named), `regions` where, `words` to be found in the texts, `measures` as
    typed. `guessed` says that every place was misspelt: a guess prefers, it never leaves out."""

    parts: tuple[Part, ...] = ()
    grades: dict[str, float] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    guessed: bool = False

    @property
    def says_something(self) -> bool:
        """Whether anything in it can make one lot more relevant than another."""
        return bool(self.grades or self.regions or self.words or any(one.about for one in self.measures))


@lru_cache(maxsize=2048)
def understand(text: str) -> Understood:
    """Read a query; the same text always means the same."""
    found, rest = measures(plain(text))
    parts = [_measured(one) for one in found]
    named: list[tuple[Part, Meaning]] = []
    regions: list[tuple[str, ...]] = []
    words: list[str] = []
    guessed: list[bool] = []
    for text_of, meaning, spelt in _read(rest):
        if meaning is None:
            words.append(text_of)
            parts.append(Part(text_of, "words", zh="文字", en="words"))
        elif meaning.ignored:
            parts.append(Part(text_of, "ignored", zh="不影响结果", en="left aside"))
        elif meaning.regions:
            regions.append(meaning.regions)
            guessed.append(spelt is not None)
            parts.append(_place(text_of, meaning, spelt))
        else:
            named.append((_material(text_of, meaning, spelt), meaning))
            parts.append(named[-1][0])
    whole = [meaning.grades for _, meaning in named if meaning.whole]
    meant = {code for one in whole for code in one}
    for part, meaning in named:  # 棉布角料 is a name; the 角料 of 不锈钢边角料 is not it
        if whole and not meaning.whole and not meant & meaning.grades.keys():
            words.append(part.text)
            parts[parts.index(part)] = Part(part.text, "words", zh="文字", en="words")
    fitting = [meaning.grades for _, meaning in named if meaning.whole or not whole or meant & meaning.grades.keys()]
    return Understood(
        tuple(parts),
        _together(fitting),
        _narrowed(regions),
        tuple(dict.fromkeys(words)),
        tuple(found),
        bool(guessed) and all(guessed),
    )


def _together(named: Sequence[dict[str, float]]) -> dict[str, float]:
    """Names that can mean the same grade do (`废钢 重废`, `PET 毛料`); names that cannot are alternatives."""
    if not named:
        return {}
    common = set.intersection(*(set(one) for one in named))
    if common:
        return {code: round(sum(one[code] for one in named) / len(named), 1) for code in sorted(common)}
    found: dict[str, float] = {}
    for one in named:
        for code, weight in one.items():
            found[code] = max(weight, found.get(code, 0.0))
    return found


def _narrowed(places: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """`北京朝阳区` is the district in Beijing: of the places of one name those are meant that lie in another that was named,
    and what holds them is not looked for by itself."""
    found: list[str] = []
    for number, place in enumerate(places):
        others = [code for at, other in enumerate(places) if at != number for code in other]
        inside = [code for code in place if any(code != outer and geo.contains(outer, code) for outer in others)]
        around = any(code != inner and geo.contains(code, inner) for code in place for inner in others)
        found += [] if around else inside or place
    return tuple(dict.fromkeys(found))


def _read(text: str) -> list[tuple[str, Meaning | None, str | None]]:
    """The pieces of a text in order: what was typed, its meaning (None: words), and the spelling it was read by."""
    known = lexicon()
    typed = [" " if atom.isspace() else atom for atom in atoms(text)]
    found: list[tuple[str, Meaning | None, str | None]] = []
    loose: list[str] = []
    at = 0

    def put_down() -> None:
        if loose:
            found.append(("".join(loose), None, None))
            loose.clear()

    while at < len(typed):
        end, meaning, spelt = _longest(known, typed, at)
        if meaning is not None:
            put_down()
            end, meaning = _series(known, typed, at, end, meaning)
            found.append(("".join(typed[at:end]), meaning, spelt))
        elif not typed[at].isalnum():
            put_down()  # what is between words
        elif typed[at].isascii():
            put_down()
            if not _is_a_ratio(typed, at):
                found.append((typed[at], None, None))
        else:
            loose.append(typed[at])
        at = end
    put_down()
    return found


def _longest(known: Lexicon, typed: list[str], at: int) -> tuple[int, Meaning | None, str | None]:
    """The longest name that begins here, a misspelt one only where none is; else one atom on."""
    best: tuple[int, Meaning | None, str | None] = (at + 1, None, None)
    if typed[at].isalnum():
        run, right, shown = "", "", ""
        for end in range(at + 1, min(at + LONGEST, len(typed)) + 1):
            atom = typed[end - 1]
            if not atom.isalnum():
                if atom not in _JOINS:
                    break
                shown += " "
                continue
            corrected_atom = _right(known, atom)
            run, right, shown = run + atom, right + corrected_atom, shown + corrected_atom
            for one, spelt in ((run, None), (right, shown if right != run else None)):
                meaning = known.meanings.get(one)
                if meaning is not None and not (spelt and meaning.ignored):
                    best = (end, meaning, spelt)
                    break
    return best


def _right(known: Lexicon, atom: str) -> str:
    """A Latin word as it is spelt in a name."""
    if not (atom.isascii() and atom.isalpha()) or len(atom) < 4 or atom in known.meanings:
        return atom
    if atom in known.materials or atom in known.places:
        return atom
    return corrected(atom, known.materials) or (corrected(atom, known.places) if len(atom) > 4 else None) or atom


def _series(known: Lexicon, typed: list[str], begin: int, end: int, meaning: Meaning) -> tuple[int, Meaning]:
    """`HMS 1&2` and `ISRI 200-206`: a name that ends in a number, and further numbers in its place."""
    while end + 1 < len(typed) and typed[end - 1].isdigit() and typed[end + 1].isdigit() and typed[end] in _AND | _TO:
        stem = "".join(atom for atom in typed[begin : end - 1] if atom.isalnum())
        first, last = int(typed[end - 1]), int(typed[end + 1])
        numbers = range(first, min(last, first + 50) + 1) if typed[end] in _TO else (first, last)
        others = [known.meanings[f"{stem}{number}"] for number in numbers if f"{stem}{number}" in known.meanings]
        if f"{stem}{last}" not in known.meanings:
            break
        grades = {code: weight for one in (meaning, *others) for code, weight in one.grades.items()}
        meaning = Meaning(grades=grades, whole=True, text=meaning.text)
        end += 2
    return end, meaning


def _is_a_ratio(typed: list[str], at: int) -> bool:
    """`80:20` says how a blend is mixed."""
    return typed[at].isdigit() and (typed[at + 1 : at + 2] == [":"] or (at > 0 and typed[at - 1] == ":"))


def _material(text: str, meaning: Meaning, spelt: str | None) -> Part:
    if meaning.family is not None and (kin := family(meaning.family)) is not None:
        return Part(text, "material", (kin.code,), kin.name_zh, kin.name_en, spelt)
    best = max(meaning.grades.values())
    codes = tuple(sorted(meaning.grades, key=lambda code: (-meaning.grades[code], code)))
    named = [one for code in codes if meaning.grades[code] == best and (one := grade(code)) is not None][:3]
    zh, en = "、".join(one.name_zh for one in named), ", ".join(one.name_en for one in named)
    return Part(text, "grade", codes, zh, en, spelt)


def _place(text: str, meaning: Meaning, spelt: str | None) -> Part:
    named = [one for code in meaning.regions[:3] if (one := geo.region(code)) is not None]
    zh, en = "、".join(one.name_zh for one in named), ", ".join(one.name_en for one in named)
    return Part(text, "region", meaning.regions, zh, en, spelt)


_OF: dict[str, tuple[As, int, str, str]] = {
    "kg": ("quantity", 1000, "吨", "t"),
    "fen_per_t": ("price", 100, "元/吨（不含税）", "CNY/t net"),
    "m": ("distance", 1000, "公里", "km"),
}


def _measured(one: Measure) -> Part:
    kind, divisor, unit_zh, unit_en = _OF[one.of]
    ends = [None if end is None else f"{end / divisor:g}" for end in (one.least, one.most, one.about)]
    least, most, about = ends
    if about is not None:
        zh, en = f"约 {about} {unit_zh}", f"about {about} {unit_en}"
    elif least is not None and most is not None:
        zh, en = f"{least}–{most} {unit_zh}", f"{least}–{most} {unit_en}"
    elif least is not None:
        zh, en = f"≥ {least} {unit_zh}", f"≥ {least} {unit_en}"
    else:
        zh, en = f"≤ {most} {unit_zh}", f"≤ {most} {unit_en}"
    return Part(one.text, kind, zh=zh, en=en)
