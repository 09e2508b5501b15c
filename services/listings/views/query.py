"""Criteria as a query of Elasticsearch.

What was understood scores by fixed points, so that a rank can be explained: a named grade up to 100, its place up to 80, the
tonnes 15, something to be had at all 15; words in titles and remarks by their rarity, a few points each. Sorted by relevance,
what is near to what was asked follows after it (a lot of the same province where the place's name means one, a related grade);
sorted otherwise only what was asked for is found.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from services.listings.views.criteria import Criteria
from services.listings.views.measures import Measure
from services.listings.views.understanding import Understood, understand
from services.listings.views.words import is_chinese
from shared import geo
from shared.clock import iso
from shared.geo import Position
from shared.mongo import Unit

TEXTS = ["names^3", "title*^2", "places^2", "description*"]
WRITTEN = ["title*^2", "description*"]
GRADE_POINTS = 100
PLACE_POINTS = {"there": 80, "same city": 40, "same province": 10}
AMOUNT_POINTS = 15
TITLE_POINTS = 20
AVAILABLE_POINTS = 15
"""What is promised to somebody to the last kilogram stays open, and comes after what can be had."""
ENOUGH = 0.8
"""Who asks for 200 t takes 160 t."""
NEAR_PRICE = 0.1
LONG_RUN = 4
"""Characters of a Chinese run without a known word from which most of them are enough."""

Clause = dict[str, Any]


def query_of(unit: Unit, criteria: Criteria, *, eased: bool) -> Clause:
    """`eased`: nothing was found, so that places and words only prefer."""
    meant = understand(criteria.q)
    exactly = criteria.order != "relevance"
    filters = [*_filters(unit, criteria), *_limits(meant, criteria)]
    must: list[Clause] = []
    should: list[Clause] = []
    if meant.grades:
        named = [part.spelt or part.text for part in meant.parts if part.kind in ("grade", "material")]
        ways = [_graded(weight, codes) for weight, codes in _by_weight(meant.grades).items()]
        must.append(_any([*ways, *([] if exactly else [_titled(text) for text in named])]))
    if meant.regions and not _circle(meant, criteria):
        if not eased and (exactly or not meant.guessed):
            provinces = {geo.lineage(code)[-1] for code in meant.regions}
            where = provinces if not exactly and len(provinces) == 1 else set(meant.regions)
            filters.append({"terms": {"regions": sorted(where)}})
        should += _places(meant.regions)
    if meant.words:
        clauses = [_word(word) for word in meant.words]
        if meant.grades and (eased or not exactly):
            should += clauses
        else:
            must.append(_any(clauses, "2<75%"))
    should += [_about(one) for one in meant.measures if one.about is not None]
    if not exactly:
        should.append(_points({"range": {"available_kg": {"gt": 0}}}, AVAILABLE_POINTS, "available"))
    never: list[Clause] = [{"terms": {"owner": list(criteria.not_owners)}}] if criteria.not_owners else []
    return {"bool": {"filter": filters, "must": must, "should": should, "must_not": never}}


def _filters(unit: Unit, criteria: Criteria) -> list[Clause]:
    filters: list[Clause] = [{"term": {"status": "open"}}]
    if criteria.material:
        filters.append({"term": {"grades" if "." in criteria.material else "materials": criteria.material}})
    if criteria.grade:
        filters.append({"term": {"grades": criteria.grade}})
    if criteria.region:
        filters.append({"term": {"regions": criteria.region}})
    if criteria.near and criteria.within_km is not None:
        filters.append(_within(criteria.near, f"{criteria.within_km}km"))
    filters += _range("available_kg", criteria.min_kg, criteria.max_kg)
    filters += _range("price_fen", criteria.min_price_fen, criteria.max_price_fen)
    if criteria.owners is not None:
        filters.append({"terms": {"owner": list(criteria.owners)}})
    if criteria.compliant:
        filters.append({"range": {"compliant": {"gte": iso(unit.now), "lte": iso(unit.now)}}})
    return filters


def _limits(meant: Understood, criteria: Criteria) -> list[Clause]:
    """The quantities that were typed."""
    fields = {"kg": "available_kg", "fen_per_t": "price_fen"}
    found = [clause for one in meant.measures if one.of in fields for clause in _range(fields[one.of], one.least, one.most)]
    return [*found, *_circle(meant, criteria)]


def _circle(meant: Understood, criteria: Criteria) -> list[Clause]:
    """`50公里内` of where one is, else of the places named; without either it is left aside."""
    most = [one.most for one in meant.measures if one.of == "m" and one.most is not None]
    centres = [criteria.near] if criteria.near else [found.position for code in meant.regions if (found := geo.region(code))]
    if not most or not centres:
        return []
    return [_any([_within(centre, f"{max(1, min(most))}m") for centre in centres])]


def is_left_aside(meant: Understood, criteria: Criteria, kind: str) -> bool:
    """Whether a distance was typed without a place to count it from."""
    return kind == "distance" and not _circle(meant, criteria)


def _range(field: str, least: int | None, most: int | None) -> list[Clause]:
    ends = {name: end for name, end in (("gte", least), ("lte", most)) if end is not None}
    return [{"range": {field: ends}}] if ends else []


def _within(centre: Position, distance: str) -> Clause:
    return {"geo_distance": {"distance": distance, "position": point_of(centre)}}


def point_of(at: Position) -> dict[str, float]:
    return {"lat": at.lat, "lon": at.lon}


def _by_weight(grades: dict[str, float]) -> dict[float, list[str]]:
    found: dict[float, list[str]] = defaultdict(list)
    for code, weight in sorted(grades.items()):
        found[weight].append(code)
    return found


def _graded(weight: float, codes: list[str]) -> Clause:
    return _points({"terms": {"grades": codes}}, GRADE_POINTS * weight, f"grade:{weight}")


def _titled(text: str) -> Clause:
    """A seller may file goods under another grade than he names in the title."""
    return _points({"match_phrase": {"title": text}}, TITLE_POINTS, "title")


def _places(codes: tuple[str, ...]) -> list[Clause]:
    around: dict[str, set[str]] = {"there": set(codes), "same city": set(), "same province": set()}
    for code in codes:
        outer = geo.ancestors(code)
        around["same province"].add(geo.lineage(code)[-1])
        if len(outer) == 2:
            around["same city"].add(outer[0])
    return [
        _points({"terms": {"regions": sorted(where)}}, PLACE_POINTS[name], f"place:{name}")
        for name, where in around.items()
        if where
    ]


def _about(one: Measure) -> Clause:
    about = one.about or 0
    if one.of == "kg":
        return _points({"range": {"available_kg": {"gte": round(about * ENOUGH)}}}, AMOUNT_POINTS, "quantity")
    ends = {"gte": round(about * (1 - NEAR_PRICE)), "lte": round(about * (1 + NEAR_PRICE))}
    return _points({"range": {"price_fen": ends}}, AMOUNT_POINTS, "price")


def _word(word: str) -> Clause:
    phrase: Clause = {"multi_match": {"query": word, "type": "phrase", "fields": TEXTS}}
    ways = [phrase]
    if is_chinese(word):
        if len(word) >= LONG_RUN:  # 厂拆钢梁 is found in 拆迁钢梁混装
            ways.append({"multi_match": {"query": word, "fields": WRITTEN, "minimum_should_match": "75%", "boost": 0.3}})
    elif word.isalpha() and len(word) > 2:
        ways.append({"multi_match": {"query": word, "type": "phrase_prefix", "fields": TEXTS, "boost": 0.5}})
        if len(word) >= 5:  # shorter ones turn into other words: a tin is not a tyre
            misspelt = {"query": word, "fields": TEXTS, "fuzziness": "AUTO", "prefix_length": 2, "boost": 0.3}
            ways.append({"multi_match": misspelt})
    return {"dis_max": {"queries": ways, "_name": f"word:{word}"}}


def _points(clause: Clause, points: float, name: str) -> Clause:
    return {"constant_score": {"filter": clause, "boost": points, "_name": name}}


def _any(clauses: list[Clause], least: str = "1") -> Clause:
    return {"bool": {"should": clauses, "minimum_should_match": least}}
