"""What a search asks of a document, compiled from the query that it sends to Elasticsearch.

The search is the one place that says what a search means: what is compiled here is its own query, clause by clause, so that
an alert and a search can't drift apart. A clause that is not known here is an error, never passed over.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from services.listings.alerting.text import Word, analyse
from shared.geo import great_circle_m

Clause = Mapping[str, Any]


class QueryIsNotUnderstood(ValueError):
    """A clause that the matcher can't judge."""


@dataclass(slots=True)
class Seen:
    """A document, read once for all searches; `now` is RFC 3339 in UTC, `words` are those found in it."""

    document: Mapping[str, Any]
    now: str
    words: frozenset[Word]


class Condition(Protocol):
    """Something that a document fulfils or not."""

    def holds(self, seen: Seen) -> bool: ...


@dataclass(frozen=True, slots=True)
class Is:
    """One of the field's values is one of `values`."""

    field: str
    values: frozenset[Any]

    def holds(self, seen: Seen) -> bool:
        value = seen.document.get(self.field)
        return not self.values.isdisjoint(value) if isinstance(value, list) else value in self.values


@dataclass(frozen=True, slots=True)
class Between:
    """A number within bounds; `ends` are `(gte|gt|lte|lt, bound)`."""

    COMPARE: ClassVar[dict[str, Callable[[Any, Any], bool]]] = {
        "gte": operator.ge,
        "gt": operator.gt,
        "lte": operator.le,
        "lt": operator.lt,
    }
    field: str
    ends: tuple[tuple[str, float], ...]

    def holds(self, seen: Seen) -> bool:
        value = seen.document.get(self.field)
        return value is not None and all(self.COMPARE[end](value, bound) for end, bound in self.ends)


@dataclass(frozen=True, slots=True)
class CoversNow:
    """One of the field's periods covers the moment of the judgement, not the one at which the query was written."""

    field: str

    def holds(self, seen: Seen) -> bool:
        periods = seen.document.get(self.field) or ()
        return any(one["gte"] <= seen.now < one["lt"] for one in periods)


@dataclass(frozen=True, slots=True)
class Near:
    """A position within `metres` of a point, by the great circle."""

    field: str
    lat: float
    lon: float
    metres: float

    def holds(self, seen: Seen) -> bool:
        at = seen.document.get(self.field)
        return at is not None and great_circle_m(self.lat, self.lon, at["lat"], at["lon"]) <= self.metres


@dataclass(frozen=True, slots=True)
class Stands:
    """The word is found in the texts."""

    word: Word

    def holds(self, seen: Seen) -> bool:
        return self.word in seen.words


@dataclass(frozen=True, slots=True)
class AtLeast:
    """So many of the parts hold; none of the `never` does."""

    number: int
    parts: tuple[Condition, ...]
    never: tuple[Condition, ...] = ()

    def holds(self, seen: Seen) -> bool:
        missing = len(self.parts) - self.number
        for part in self.parts:
            if not part.holds(seen):
                missing -= 1
                if missing < 0:
                    return False
        return missing >= 0 and not any(part.holds(seen) for part in self.never)


def compiled(query: Clause) -> Condition:
    """A query as the condition it is. Raises QueryIsNotUnderstood."""
    if len(query) != 1:
        raise QueryIsNotUnderstood(f"a clause has one name: {sorted(query)}")
    [(name, body)] = query.items()
    if name not in CLAUSES:
        raise QueryIsNotUnderstood(f"the clause {name} is not known")
    return CLAUSES[name](body)


def every(parts: Iterable[Condition]) -> AtLeast:
    """All of them."""
    held = tuple(parts)
    return AtLeast(len(held), held)


def _only(body: Clause, *names: str) -> None:
    """Weights decide the order of hits alone; any other name would change what is meant."""
    if unknown := set(body) - {"boost", "_name", *names}:
        raise QueryIsNotUnderstood(f"not known: {', '.join(sorted(unknown))}")


def _listed(body: Clause, name: str) -> list[Clause]:
    found = body.get(name, [])
    return found if isinstance(found, list) else [found]


def _bool(body: Clause) -> Condition:
    _only(body, "must", "filter", "should", "must_not", "minimum_should_match")
    needed = [compiled(one) for one in (*_listed(body, "filter"), *_listed(body, "must"))]
    should = [compiled(one) for one in _listed(body, "should")]
    number = _least(body.get("minimum_should_match", 0 if needed or not should else 1), len(should))
    if number:
        needed.append(AtLeast(number, tuple(should)))
    never = tuple(compiled(one) for one in _listed(body, "must_not"))
    return needed[0] if len(needed) == 1 and not never else AtLeast(len(needed), tuple(needed), never)


def _least(wanted: Any, of: int) -> int:
    """`minimum_should_match`: a number, `75%`, or `2<75%` (all, where there are no more than two)."""
    text = str(wanted)
    if "<" in text:
        edge, _, text = text.partition("<")
        if of <= int(edge):
            return of
    number = of * int(text[:-1]) // 100 if text.endswith("%") else int(text)
    if number < 0 or " " in text:
        raise QueryIsNotUnderstood(f"minimum_should_match {wanted!r} is not known")
    return number


def _term(body: Clause) -> Condition:
    [(field, value)] = body.items()
    return Is(field, frozenset([value["value"] if isinstance(value, dict) else value]))


def _terms(body: Clause) -> Condition:
    [(field, values)] = ((name, value) for name, value in body.items() if name != "boost")
    return Is(field, frozenset(values))


def _range(body: Clause) -> Condition:
    [(field, ends)] = body.items()
    _only(ends, *Between.COMPARE)
    bounds = tuple((end, bound) for end, bound in ends.items() if end != "boost" and bound is not None)
    if all(isinstance(bound, str) for _, bound in bounds):
        if dict(bounds).keys() == {"gte", "lte"} and ends["gte"] == ends["lte"]:
            return CoversNow(field)
        raise QueryIsNotUnderstood(f"a period of {field} other than now is not known")
    return Between(field, bounds)


def _geo_distance(body: Clause) -> Condition:
    [(field, at)] = ((name, value) for name, value in body.items() if name not in ("distance", "distance_type", "boost"))
    distance = str(body["distance"])
    unit = next((unit for unit in ("km", "m") if distance.endswith(unit)), None)
    if unit is None:
        raise QueryIsNotUnderstood(f"the distance {distance} is not known")
    return Near(field, at["lat"], at["lon"], float(distance.removesuffix(unit)) * (1000 if unit == "km" else 1))


def _multi_match(body: Clause) -> Condition:
    known = ("query", "type", "fields", "fuzziness", "prefix_length", "max_expansions", "tie_breaker", "minimum_should_match")
    _only(body, *known)
    # `title*` is the title, with what another analyser makes of the same text
    fields = tuple(sorted({name.partition("^")[0].removesuffix("*") for name in body["fields"]}))
    return _words(str(body["query"]), body.get("type", "best_fields"), fields, body)


def _match(kind: str) -> Callable[[Clause], Condition]:
    def one_field(body: Clause) -> Condition:
        [(field, asked)] = body.items()
        asked = asked if isinstance(asked, dict) else {"query": asked}
        _only(asked, "query", "fuzziness", "prefix_length", "max_expansions", "minimum_should_match")
        return _words(str(asked["query"]), kind, (field,), asked)

    return one_field


def _words(text: str, kind: str, fields: tuple[str, ...], body: Clause) -> Condition:
    tokens = tuple(analyse(text))
    if not tokens:
        return AtLeast(1, ())
    if kind in ("phrase", "phrase_prefix"):
        return Stands(Word(tokens, fields, beginning=kind == "phrase_prefix"))
    if kind != "best_fields":
        raise QueryIsNotUnderstood(f"the type {kind} is not known")
    if "minimum_should_match" in body:  # so many of the tokens, all in one field
        number = max(1, _least(body["minimum_should_match"], len(tokens)))
        ways = (AtLeast(number, tuple(Stands(Word((one,), (field,))) for one in tokens)) for field in fields)
        return AtLeast(1, tuple(ways))
    fixed = int(body.get("prefix_length", 0))
    words = [Word((one,), fields, edits=_edits(body.get("fuzziness", 0), one), fixed=fixed) for one in tokens]
    return Stands(words[0]) if len(words) == 1 else AtLeast(1, tuple(Stands(word) for word in words))


def _edits(fuzziness: Any, token: str) -> int:
    if fuzziness == "AUTO":
        return 0 if len(token) < 3 else 1 if len(token) < 6 else 2
    return int(fuzziness)


def _dis_max(body: Clause) -> Condition:
    _only(body, "queries", "tie_breaker")
    parts = [compiled(one) for one in body["queries"]]
    words = [part.word for part in parts if isinstance(part, Stands)]
    misspelt = {(word.edits, word.fixed) for word in words if word.edits}
    if len(words) == len(parts) and len({word[:2] for word in words}) == 1 and len(misspelt) <= 1:
        # One way to find the word in each part: one word that is found in any of these ways.
        edits, fixed = misspelt.pop() if misspelt else (0, 0)
        return Stands(Word(*words[0][:2], any(word.beginning for word in words), edits, fixed))
    return AtLeast(1, tuple(parts))


CLAUSES: dict[str, Callable[[Any], Condition]] = {
    "bool": _bool,
    "dis_max": _dis_max,
    "constant_score": lambda body: compiled(body["filter"]),
    "match_all": lambda body: AtLeast(0, ()),
    "term": _term,
    "terms": _terms,
    "range": _range,
    "geo_distance": _geo_distance,
    "multi_match": _multi_match,
    "match": _match("best_fields"),
    "match_phrase": _match("phrase"),
    "match_phrase_prefix": _match("phrase_prefix"),
}
