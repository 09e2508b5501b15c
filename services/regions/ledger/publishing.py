"""What is published of a day, and what a reader who does not see a region in full is shown.

Everything published is cut into pieces that never overlap (a day told, a day it belongs to, a grade, a measure, where from,
where to), each of at least three sellers and, where there are buyers, three buyers; and every figure shown is a sum of whole
pieces and of the reader's own kilograms. So no two answers differ by less than a piece, whatever is asked: regions, periods,
materials, sides, measures, times of asking.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.regions.ledger.places import city_of
from services.regions.model import LEAST_FIRMS, ORIGIN_ONLY, SHOWN_TO_ALL, Grain, Level, Measure, Published, day_of
from shared.clock import SHANGHAI

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Key:
    """Which piece something belongs to."""

    level: Level
    recorded: datetime
    day: datetime
    grade: str
    from_place: str
    to_place: str | None

    @property
    def name(self) -> str:
        days = f"{self.recorded.astimezone(SHANGHAI):%Y-%m-%d}/{self.day.astimezone(SHANGHAI):%Y-%m-%d}"
        return f"{days}/{self.level}/{self.grade}/{self.from_place}/{self.to_place or '-'}"


def province_of(code: str) -> str:
    return f"{code[:2]}0000"


_PLACES: Mapping[Level, Callable[[str], str]] = {"city": city_of, "province": province_of}


def key_of(one: Grain, level: Level, measure: Measure) -> Key:
    """The piece of that level to which a grain's kilograms belong."""
    place_of = _PLACES[level]
    there = None if measure in ORIGIN_ONLY or one.to_region is None else place_of(one.to_region)
    return Key(level, one.recorded, one.day, one.grade, place_of(one.region), there)


def published_of(grains: Iterable[Grain]) -> list[Published]:
    """What is published of the grains of whole days of telling: by cities where that may be shown, the rest by provinces."""
    found: dict[Key, Published] = {}
    left = _publish(found, "city", [(one, measure) for one in grains for measure in SHOWN_TO_ALL if one.kg.get(measure)])
    _publish(found, "province", left)
    return [found[key] for key in sorted(found, key=lambda key: key.name)]


def _publish(found: dict[Key, Published], level: Level, parts: Sequence[tuple[Grain, Measure]]) -> list[tuple[Grain, Measure]]:
    """Add what may be shown of `level` to `found`, and give back the rest."""
    pieces: defaultdict[tuple[Key, Measure], list[Grain]] = defaultdict(list)
    for one, measure in parts:
        pieces[key_of(one, level, measure), measure].append(one)
    left: list[tuple[Grain, Measure]] = []
    for (key, measure), of in pieces.items():
        places = (key.recorded, key.day, key.grade, key.from_place, key.to_place)
        piece = found.setdefault(key, Published(key.name, 1, key.level, *places))
        if may_be_shown(of, measure):
            piece.kg[measure] = sum(one.kg[measure] for one in of)
        else:
            piece.withheld = sorted({*piece.withheld, measure})
            left += [(one, measure) for one in of]
    return left


def may_be_shown(of: Iterable[Grain], measure: Measure) -> bool:
    """Whether enough firms have something in it, on each side that there is."""
    sellers: defaultdict[str | None, int] = defaultdict(int)
    buyers: defaultdict[str | None, int] = defaultdict(int)
    for one in of:
        sellers[one.seller_id] += one.kg[measure]
        buyers[one.buyer_id] += one.kg[measure]
    sides = [sellers] if measure in ORIGIN_ONLY else [sellers, buyers]
    return all(sum(1 for firm, kg in side.items() if firm is not None and kg) >= LEAST_FIRMS for side in sides)


@dataclass
class Shown:
    """One period's kilograms of one grade, by measure: what is published and the reader's own; `own` is the latter alone."""

    kg: dict[Measure, int] = field(default_factory=dict)
    own: dict[Measure, int] = field(default_factory=dict)
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Own:
    """The reader's own kilograms in a period, as a grain."""

    period: str
    grain: Grain


PeriodOf = Callable[[datetime], str]


def shown_of(
    pieces: Iterable[Published], own: Iterable[Own], period_of: PeriodOf, measures: Sequence[Measure], level: Level
) -> dict[tuple[str, str], Shown]:
    """By period and grade: the sum of `pieces`, and of the reader's own kilograms that are in none of them. What a city keeps
    back is no loss to whoever asks for whole provinces (`level`)."""
    found: defaultdict[tuple[str, str], Shown] = defaultdict(Shown)
    included: defaultdict[Measure, set[str]] = defaultdict(set)
    for piece in pieces:
        shown = found[period_of(piece.day), piece.grade]
        shown.withheld |= piece.level == level and any(measure in measures for measure in piece.withheld)
        for measure in measures:
            if measure in piece.kg:
                included[measure].add(piece.id)
                shown.kg[measure] = shown.kg.get(measure, 0) + piece.kg[measure]
    for period, grain in ((one.period, one.grain) for one in own):
        shown = found[period, grain.grade]
        for measure, kg in grain.kg.items():
            if not kg or measure not in measures:
                continue
            shown.own[measure] = shown.own.get(measure, 0) + kg
            if contained_in(grain, measure, included[measure]) is None:
                shown.kg[measure] = shown.kg.get(measure, 0) + kg
    return dict(found)


def contained_in(grain: Grain, measure: Measure, pieces: Container[str]) -> str | None:
    """Which of `pieces` (their ids) a grain's kilograms are in; None where they are in none."""
    names = (key_of(grain, level, measure).name for level in _PLACES)
    return next((name for name in names if name in pieces), None)


def days_within(start: datetime | None, end: datetime | None) -> tuple[datetime | None, datetime | None]:
    """The whole days in China within a span: the beginning of the first, and the end of the last."""
    first = None if start is None else day_of(start + DAY - timedelta(microseconds=1))
    return first, None if end is None else day_of(end)
