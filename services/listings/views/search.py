"""The search: what the index finds, as the rows now are."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal

import orjson

from services.listings.model import Demand, Lot
from services.listings.store import partners, standing_with
from services.listings.views.index import KINDS, index_of
from services.listings.views.listed import knows_place
from services.listings.views.words import is_chinese, words
from shared import geo
from shared.auth import Caller
from shared.catalogue import resolve
from shared.clock import iso
from shared.geo import Position
from shared.mongo import Unit, make_cursor, read_cursor
from shared.problem import InputIsInvalid

Sort = Literal["relevance", "price", "distance", "newest", "quantity"]
PRICES_FEN = (50_000, 100_000, 200_000, 300_000, 500_000, 1_000_000, 2_000_000, 5_000_000)
"""The edges of the price facet, net fen per tonne."""
TEXTS = ["names^3", "title^2", "places^2", "description"]
STEP_KM = 5
"""What may be shown of a hidden position: distances in steps of this."""
FACETS: dict[str, Any] = {
    "material": {"terms": {"field": "materials", "size": 100}},
    "grade": {"terms": {"field": "grades", "size": 200}},
    "region": {"terms": {"field": "region", "size": 4000}},
    "price": {
        "range": {
            "field": "price_fen",
            "ranges": [
                {"to": PRICES_FEN[0]},
                *({"from": low, "to": high} for low, high in pairwise(PRICES_FEN)),
                {"from": PRICES_FEN[-1]},
            ],
        }
    },
}


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """What is looked for. `material` is a family or a grade, `max_price_fen` is net per tonne, kilograms are of what is
    available."""

    q: str = ""
    material: str | None = None
    grade: str | None = None
    region: str | None = None
    near: Position | None = None
    within_km: float | None = None
    min_kg: int | None = None
    max_kg: int | None = None
    max_price_fen: int | None = None
    compliant: bool = False
    favourite: bool = False
    sort: Sort = "relevance"

    @property
    def order(self) -> Sort:
        """Without words nothing is more relevant than what is new."""
        return "newest" if self.sort == "relevance" and not words(self.q) else self.sort


@dataclass(frozen=True)
class Hit:
    """A lot or demand that was found; `exact` says that the caller may know its place."""

    listing: Any
    exact: bool
    distance_km: float | None
    highlights: dict[str, list[str]]


@dataclass(frozen=True)
class Found:
    """One page. `facets` counts everything found, not the page; `total` likewise."""

    hits: list[Hit]
    next_cursor: str | None
    total: int
    facets: dict[str, list[dict[str, Any]]]


def search(unit: Unit, caller: Caller, kind: str, criteria: Criteria, cursor: str | None, limit: int) -> Found:
    """Open lots (`kind` is `lots`) or demands. Raises ServiceIsUnavailable while Elasticsearch is down, InputIsInvalid for a
    cursor of another search."""
    body: dict[str, Any] = {
        "query": _query(unit, criteria, caller),
        "sort": _sort(kind, criteria),
        "size": limit + 1,
        "track_total_hits": True,
        "source": False,
        "aggs": FACETS,
    }
    if words(criteria.q):
        body["highlight"] = {"encoder": "html", "fields": {name: {} for name in ("names", "places", "title", "description")}}
    if cursor:
        body["search_after"] = _opened(cursor, kind, criteria, unit.settings.secret_key)
    answer = index_of(unit.settings, kind).search(body)
    rows: list[dict[str, Any]] = answer["hits"]["hits"]
    more = len(rows) > limit
    rows = rows[:limit]
    following = _sealed(rows[-1]["sort"], kind, criteria, unit.settings.secret_key) if more else None
    total = answer["hits"]["total"]["value"]
    return Found(_hits(unit, caller, kind, criteria, rows), following, total, _facets(answer["aggregations"]))


def _query(unit: Unit, criteria: Criteria, caller: Caller | None = None) -> dict[str, Any]:
    filters: list[dict[str, Any]] = [{"term": {"status": "open"}}]
    if criteria.material:
        filters.append({"term": {"grades" if "." in criteria.material else "materials": criteria.material}})
    if criteria.grade:
        filters.append({"term": {"grades": criteria.grade}})
    if criteria.region:
        filters.append({"term": {"regions": criteria.region}})
    if criteria.near and criteria.within_km is not None:
        filters.append({"geo_distance": {"distance": f"{criteria.within_km}km", "position": _point(criteria.near)}})
    if criteria.min_kg is not None or criteria.max_kg is not None:
        ends = {"gte": criteria.min_kg, "lte": criteria.max_kg}
        filters.append({"range": {"available_kg": {end: kg for end, kg in ends.items() if kg is not None}}})
    if criteria.max_price_fen is not None:
        filters.append({"range": {"price_fen": {"lte": criteria.max_price_fen}}})
    if criteria.compliant:
        filters.append({"range": {"compliant": {"gte": iso(unit.now), "lte": iso(unit.now)}}})
    blocked = []
    if caller is not None:
        blocked = [{"terms": {"owner": standing_with(unit, caller.organisation_id, "blocked")}}]
        if criteria.favourite:
            filters.append({"terms": {"owner": standing_with(unit, caller.organisation_id, "favourite")}})
    return {"bool": {"filter": filters, "must_not": blocked, **_text_query(criteria.q)}}


def _text_query(text: str) -> dict[str, Any]:
    """Every word must be found, of more than two three in four; the grade that the text names comes first."""
    wanted = words(text)
    if not wanted:
        return {}
    must = {"bool": {"should": [_word(word) for word in wanted], "minimum_should_match": "2<75%"}}
    named = resolve(text)
    boost = [{"constant_score": {"filter": {"term": {"grades": named.code}}, "boost": 50}}] if named else []
    return {"must": [must], "should": boost}


def _word(word: str) -> dict[str, Any]:
    phrase = {"multi_match": {"query": word, "type": "phrase", "fields": TEXTS}}
    if is_chinese(word) or not word.isalpha() or len(word) < 3:
        return phrase
    beginning = {"multi_match": {"query": word, "type": "phrase_prefix", "fields": TEXTS, "boost": 0.5}}
    ways = [phrase, beginning]
    if len(word) >= 5:  # shorter ones turn into other words: hms1 is not hms2, a tin is not a tyre
        misspelt = {"query": word, "fields": TEXTS, "fuzziness": "AUTO", "prefix_length": 2, "boost": 0.3}
        ways.append({"multi_match": misspelt})
    return {"dis_max": {"queries": ways}}


def _point(at: Position) -> dict[str, float]:
    return {"lat": at.lat, "lon": at.lon}


def _sort(kind: str, criteria: Criteria) -> list[dict[str, Any]]:
    """The cheapest lots first, the best-paying demands first; ids decide between equals."""
    newest: list[dict[str, Any]] = [{"published_at": "desc"}, {"id": "desc"}]
    first: dict[Sort, list[dict[str, Any]]] = {
        "relevance": [{"_score": "desc"}],
        "price": [{"price_fen": "asc" if kind == "lots" else "desc"}],
        "newest": [],
        "quantity": [{"available_kg": "desc"}],
    }
    if criteria.order == "distance" and criteria.near:
        by_distance = {"position": _point(criteria.near), "order": "asc", "unit": "m", "distance_type": "arc"}
        return [{"_geo_distance": by_distance}, *newest]
    return [*first[criteria.order], *newest]


def _hits(unit: Unit, caller: Caller, kind: str, criteria: Criteria, rows: list[dict[str, Any]]) -> list[Hit]:
    """The rows as they now are; what is open no longer is left out."""
    ids = [row["_id"] for row in rows]
    now: Mapping[str, Lot | Demand] = KINDS[kind].repository.many(unit, ids)
    known = partners(unit, caller.organisation_id, kind.removesuffix("s"), ids)
    hits = []
    for row in rows:
        listing = now.get(row["_id"])
        if listing is None or listing.status != "open":
            continue
        exact = knows_place(caller, listing.owner_id) or listing.id in known
        highlights = {name: list(parts) for name, parts in row.get("highlight", {}).items()}
        hits.append(Hit(listing, exact, _distance_km(criteria.near, listing.position, exact), highlights))
    return hits


def _distance_km(near: Position | None, at: Position, exact: bool) -> float | None:
    """The great circle, to the metre for those who know the place."""
    if near is None:
        return None
    metres = geo.great_circle_m(near.lat, near.lon, at.lat, at.lon)
    return round(metres / 1000, 3) if exact else float(geo.round_km(metres, STEP_KM))


def _facets(found: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    terms = {
        name: [{"value": one["key"], "count": one["doc_count"]} for one in found[name]["buckets"]]
        for name in ("material", "grade", "region")
    }
    prices = [
        {"from_fen": _whole(one.get("from")), "to_fen": _whole(one.get("to")), "count": one["doc_count"]}
        for one in found["price"]["buckets"]
        if one["doc_count"]
    ]
    return {**terms, "price": prices}


def _whole(edge: float | None) -> int | None:
    return None if edge is None else int(edge)


def _sealed(values: list[Any], kind: str, criteria: Criteria, key: str) -> str:
    """A cursor that belongs to this search alone and can't be made by hand: Elasticsearch trusts its values."""
    data = orjson.dumps(values).decode()
    return make_cursor(orjson.dumps([data, _digest(data, kind, criteria, key)]).decode())


def _opened(cursor: str, kind: str, criteria: Criteria, key: str) -> list[Any]:
    fault = InputIsInvalid([("/cursor", "无效的游标", "This cursor was not given by this search")])
    try:
        data, digest = orjson.loads(read_cursor(cursor))
        if not isinstance(data, str) or not hmac.compare_digest(str(digest), _digest(data, kind, criteria, key)):
            raise fault
        values: list[Any] = orjson.loads(data)
    except (ValueError, TypeError) as error:
        raise fault from error
    return values


def _digest(data: str, kind: str, criteria: Criteria, key: str) -> str:
    message = orjson.dumps([data, kind, asdict(criteria)])
    return hmac.new(key.encode(), message, hashlib.blake2b).hexdigest()[:32]
