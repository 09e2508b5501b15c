"""The inverted matcher: each search lies under what a document must have to fit it, so that a document meets few of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Generic, TypeVar

from services.listings.alerting.conditions import AtLeast, Clause, Condition, Is, Near, Seen, Stands, compiled, every
from services.listings.alerting.text import Vocabulary, Word
from shared.geo.distance import EARTH_RADIUS_M

T = TypeVar("T")
Cell = tuple[int, int, int]
Place = str | Cell | None
Goods = tuple[str | None, Place]
"""A grade or family, and a region or a cell of the map; None asks for nothing."""

OPEN = Is("status", frozenset({"open"}))
MATERIAL_FIELDS = ("grades", "materials")
PLACE_FIELDS = ("regions",)
CELLS_DEG = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
MOST_CELLS = 9
SHARED_AT_LEAST = 10_000
_EDGE_DEG = 1e-5
"""A circle's box is this much larger: a metre, more than any rounding."""


@dataclass(slots=True, eq=False)
class Search(Generic[T]):
    """One search; `who` is what its owner keeps with it. It lies under each of `keys`, a word that must stand in a document
    (None for no word) with goods; `rest` is what they leave to be judged."""

    who: T
    material: str | None
    keys: tuple[tuple[Word | None, Goods], ...]
    rest: tuple[Condition, ...]
    words: tuple[Word, ...]


class Matcher(Generic[T]):
    """Searches by id, and those that a document fits. Documents are those of the search index."""

    def __init__(self) -> None:
        self._searches: dict[str, Search[T]] = {}
        self._buckets: dict[Word | None, dict[Goods, list[Search[T]]]] = {}
        self._vocabulary = Vocabulary()
        self._shared: dict[Any, Any] = {}

    def __len__(self) -> int:
        return len(self._searches)

    def put(self, identifier: str, who: T, query: Clause) -> None:
        """Take a search in, in place of an earlier one of this id. Raises QueryIsNotUnderstood, with the earlier one gone."""
        self.drop(identifier)
        search = self._search(who, query)
        self._searches[identifier] = search
        self._vocabulary.add(search.words)
        for word, goods in search.keys:
            self._buckets.setdefault(word, {}).setdefault(goods, []).append(search)

    def drop(self, identifier: str) -> None:
        """Forget a search, where there is one of this id."""
        search = self._searches.pop(identifier, None)
        if search is None:
            return
        self._vocabulary.discard(search.words)
        for word, goods in search.keys:
            buckets = self._buckets[word]
            buckets[goods].remove(search)
            if not buckets[goods]:
                del buckets[goods]
            if not buckets:
                del self._buckets[word]

    def matches(self, document: Mapping[str, Any], now: str) -> list[Search[T]]:
        """The searches that the document fits at `now` (RFC 3339, UTC), in no order. What is not open fits none."""
        if document["status"] != "open":
            return []
        seen = Seen(document, now, self._vocabulary.found(document))
        materials = (None, *document["grades"], *document["materials"])
        places = (None, *document["regions"], *cells_of(document["position"]))
        under = set(product(materials, places))
        fitting: dict[int, Search[T]] = {}
        held: dict[int, bool] = {}
        for word in (None, *seen.words):
            buckets = self._buckets.get(word)
            if buckets is None:
                continue
            for goods in buckets.keys() & under:
                for search in buckets[goods]:
                    if _all_hold(search.rest, seen, held):
                        fitting[id(search)] = search
        return list(fitting.values())

    def _search(self, who: T, query: Clause) -> Search[T]:
        conditions = [one for one in _conjuncts(compiled(query)) if one != OPEN]
        by_material = _single(conditions, MATERIAL_FIELDS)
        by_place = _single(conditions, PLACE_FIELDS)
        circle = next((one for one in conditions if isinstance(one, Near)), None)
        material = None if by_material is None else _value(by_material)
        places: Iterable[Place] = (None,)
        if by_place is not None:
            places = (_value(by_place),)
        elif circle is not None:
            places = cells_under(circle) or (None,)
        words = _needed(every(conditions)) or (None,)
        keys = tuple(self._same((word, (material, place))) for word in words for place in places)
        rest = tuple(self._same(one) for one in conditions if one is not by_material and one is not by_place)
        return Search(who, material, keys, rest, tuple(dict.fromkeys(_words(rest))))

    def _same(self, value: Any) -> Any:
        """Equal keys and conditions of many searches are kept once."""
        if len(self._shared) > 3 * len(self._searches) + SHARED_AT_LEAST:
            self._shared.clear()
        return self._shared.setdefault(value, value)


def _all_hold(conditions: tuple[Condition, ...], seen: Seen, held: dict[int, bool]) -> bool:
    """Each condition is judged once for a document, however many searches share it; `held` is by its identity."""
    for condition in conditions:
        holds = held.get(id(condition))
        if holds is None:
            holds = held[id(condition)] = condition.holds(seen)
        if not holds:
            return False
    return True


def _single(conditions: list[Condition], fields: tuple[str, ...]) -> Is | None:
    """The first condition that asks for one value of a field, the most selective field first."""
    wanted = (one for field in fields for one in conditions if isinstance(one, Is) and one.field == field)
    return next((one for one in wanted if len(one.values) == 1), None)


def _value(condition: Is) -> str:
    return str(next(iter(condition.values)))


def _conjuncts(condition: Condition) -> Iterator[Condition]:
    """What must hold, each by itself."""
    if isinstance(condition, AtLeast) and condition.number == len(condition.parts) and not condition.never:
        for part in condition.parts:
            yield from _conjuncts(part)
    else:
        yield condition


def _needed(condition: Condition) -> tuple[Word, ...]:
    """Words of which one at least stands in whatever fulfils the condition; empty where it may do without.

    Of n parts with m that must hold, any n − m + 1 have one that holds."""
    if isinstance(condition, Stands):
        return (condition.word,)
    if not isinstance(condition, AtLeast) or condition.number == 0:
        return ()
    parts = sorted(filter(None, map(_needed, condition.parts)), key=lambda words: (len(words), -_length(words)))
    enough = len(condition.parts) - condition.number + 1
    return tuple(dict.fromkeys(word for part in parts[:enough] for word in part)) if len(parts) >= enough > 0 else ()


def _length(words: tuple[Word, ...]) -> int:
    """Of the shortest: the longer a word, the rarer."""
    return min(sum(map(len, word.tokens)) for word in words)


def _words(conditions: Iterable[Condition]) -> Iterator[Word]:
    for condition in conditions:
        if isinstance(condition, Stands):
            yield condition.word
        elif isinstance(condition, AtLeast):
            yield from _words((*condition.parts, *condition.never))


def cells_of(position: Mapping[str, float]) -> tuple[Cell, ...]:
    """The cell of each size that a position lies in."""
    lat, lon = position["lat"], position["lon"]
    return tuple((level, math.floor(lat / size), math.floor(lon / size)) for level, size in enumerate(CELLS_DEG))


def cells_under(circle: Near) -> tuple[Cell, ...]:
    """The smallest cells of which nine at most cover a circle; none for one that is too large, or meets a pole or the date
    line."""
    angle = circle.metres / EARTH_RADIUS_M
    high = math.degrees(angle) + _EDGE_DEG
    south, north = circle.lat - high, circle.lat + high
    if south <= -90 or north >= 90:
        return ()
    wide = math.degrees(math.asin(min(1.0, math.sin(angle) / math.cos(math.radians(circle.lat))))) + _EDGE_DEG
    west, east = circle.lon - wide, circle.lon + wide
    if west <= -180 or east >= 180:
        return ()
    for level, size in enumerate(CELLS_DEG):
        rows = range(math.floor(south / size), math.floor(north / size) + 1)
        columns = range(math.floor(west / size), math.floor(east / size) + 1)
        if len(rows) * len(columns) <= MOST_CELLS:
            return tuple((level, row, column) for row in rows for column in columns)
    return ()
