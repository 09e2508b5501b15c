"""What a person may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import cache, lru_cache

from shared import catalogue

LIKE_ENOUGH = 0.5
LONGEST = 40
MOST = 3


def nearest(text: str, names: Iterable[str], most: int = MOST) -> list[str]:
    """The names most like `text`, the likest first: one that holds it, or that it holds, before one that is merely alike."""
    wanted = "".join(text.casefold().split())
    if not 0 < len(wanted) <= LONGEST:
        return []
    matcher = SequenceMatcher(b=wanted, autojunk=False)
    scored: list[tuple[float, str]] = []
    for name in names:
        known = "".join(name.casefold().split())
        within = len(known) > 1 < len(wanted) and (known in wanted or wanted in known)
        matcher.set_seq1(known)
        if within or (matcher.real_quick_ratio() >= LIKE_ENOUGH and matcher.quick_ratio() >= LIKE_ENOUGH):
            score = matcher.ratio() + within
            if score >= LIKE_ENOUGH:
                scored.append((-score, name))
    return [name for _, name in sorted(scored)[:most]]


@cache
def _names() -> dict[str, str]:
    """Every name of a grade → the grade as it is suggested."""
    names: dict[str, str] = {}
    for grade in catalogue.grades():
        shown = f"{grade.name_zh} {grade.code}"
        for name in (grade.code, grade.name_zh, grade.name_en, *grade.synonyms_zh, *grade.synonyms_en):
            names.setdefault(name, shown)
    return names


@lru_cache(maxsize=4096)
def nearest_grades(text: str) -> str | None:
    """Up to three grades, `重废 steel.hms1 / 中废 steel.medium`; None where nothing is alike."""
    found = dict.fromkeys(_names()[name] for name in nearest(text, _names(), 4 * MOST))
    return " / ".join(list(found)[:MOST]) or None
