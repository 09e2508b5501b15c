"""What of a hit's texts was typed, marked by <em> in HTML.

Elasticsearch's highlighter took several times what the search itself took, and the texts are at hand.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from services.listings.model import Demand, Lot
from services.listings.views.documents import names_of_grade, places_of_region
from services.listings.views.understanding import understand
from services.listings.views.words import is_chinese
from shared.text import plain

MARKED = ("grade", "material", "region", "words")
SHORT = 160
"""Characters of a text that is shown whole; of a longer one, so many around the first mark."""
PREFIX_FROM = 3


def highlights_of(listing: Lot | Demand, text: str) -> dict[str, list[str]]:
    """By field, the texts with a mark: `names` and `places` in both languages, `title` and `description` of lots."""
    pattern = _pattern(text)
    if pattern is None:
        return {}
    lot = listing if isinstance(listing, Lot) else None
    grades = listing.terms.grades if isinstance(listing, Demand) else [listing.terms.grade]
    fields: dict[str, Iterable[str]] = {
        "names": dict.fromkeys(name for grade in grades for name in names_of_grade(grade)),
        "places": places_of_region(listing.region),
        "title": [plain(lot.title or "")] if lot else [],
        "description": [plain(lot.description or "")] if lot else [],
    }
    found = {name: [one for written in texts if (one := _marked(written, pattern))] for name, texts in fields.items()}
    return {name: texts for name, texts in found.items() if texts}


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str] | None:
    """What is to be marked: the pieces as typed or as they were read, a Latin word also as the beginning of one."""
    meant = understand(text)
    needles: dict[str, str] = {}
    for part in meant.parts:
        if part.kind in MARKED:
            for one in (part.text, part.spelt):
                needles |= dict(_needles(one, part.kind == "words")) if one else {}
    wanted = sorted(needles, key=len, reverse=True)
    return re.compile("|".join(needles[one] for one in wanted), re.IGNORECASE) if wanted else None


def _needles(text: str, is_word: bool) -> Iterator[tuple[str, str]]:
    if is_chinese(text):
        yield text, re.escape(text)
        if is_word and len(text) > 3:
            yield from ((text[at : at + 2], re.escape(text[at : at + 2])) for at in range(len(text) - 1))
        return
    atoms = [re.escape(atom) for atom in re.findall(r"[^\W\d_]+|\d+", text)]
    end = "" if is_word and len(text) >= PREFIX_FROM else r"(?![^\W_])"
    if atoms:
        run = r"[\s&/.-]*".join(atoms)
        yield text, rf"(?<![^\W_]){run}{end}"


def _marked(text: str, pattern: re.Pattern[str]) -> str | None:
    first = pattern.search(text)
    if first is None:
        return None
    begin, end = 0, len(text)
    if len(text) > SHORT:
        begin = max(0, first.start() - SHORT // 3)
        end = min(len(text), begin + SHORT)
    pieces: list[str] = []
    at = begin
    for match in pattern.finditer(text, begin, end):
        pieces += [_escaped(text[at : match.start()]), "<em>", _escaped(match[0]), "</em>"]
        at = match.end()
    shown = "".join(pieces) + _escaped(text[at:end])
    return ("…" if begin else "") + shown + ("…" if end < len(text) else "")


def _escaped(text: str) -> str:
    return html.escape(text).replace("/", "&#x2F;")
