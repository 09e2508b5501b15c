"""The search: what the index finds, as the rows now are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.listings.model import Demand, Lot
from services.listings.store import partners, standing_with
from services.listings.views.criteria import Criteria, Sort
from services.listings.views.cursors import Place, opened, sealed
from services.listings.views.delivered import CANDIDATES, STEP_KM, Delivered, Offer, delivered
from services.listings.views.facets import FACETS, facets_of
from services.listings.views.highlights import highlights_of
from services.listings.views.index import KINDS, index_of
from services.listings.views.listed import knows_place
from services.listings.views.query import is_left_aside, point_of, query_of
from services.listings.views.reasons import Reason, reasons_of
from services.listings.views.understanding import Part, understand
from shared import geo, parties
from shared.auth import Caller
from shared.geo import Position
from shared.mongo import Unit
from shared.problem import InputIsInvalid
from shared.search import Index, PointInTimeIsGone


@dataclass(frozen=True)
class Hit:
    """A lot or demand that was found; `exact` says that the caller may know its place."""

    listing: Any
    exact: bool
    distance_km: float | None
    highlights: dict[str, list[str]]
    reasons: list[Reason] | None = None
    delivered: Delivered | None = None


@dataclass(frozen=True)
class Found:
    """One page. `facets` counts everything found, not the page; `total` likewise. `resumed` says that the point in time of the
    pages before was gone and this one goes on in the index as it is now. `computed` are the lots whose delivered cost was
    looked at, where it is the order."""

    hits: list[Hit]
    next_cursor: str | None
    total: int
    facets: dict[str, list[dict[str, Any]]]
    understood: tuple[Part, ...] = ()
    eased: bool = False
    resumed: bool = False
    computed: int | None = None


@dataclass(frozen=True)
class _Asked:
    """One answer of the index, with where it was asked."""

    answer: dict[str, Any]
    point: str
    eased: bool
    resumed: bool

    @property
    def rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.answer["hits"]["hits"]
        return rows

    @property
    def total(self) -> int:
        total: int = self.answer["hits"]["total"]["value"]
        return total


def search(
    unit: Unit, caller: Caller, kind: str, criteria: Criteria, cursor: str | None, limit: int, explain: bool = False
) -> Found:
    """Open lots (`kind` is `lots`) or demands. Raises ServiceIsUnavailable while Elasticsearch is down, InputIsInvalid for a
    cursor of another search."""
    key = unit.settings.secret_key
    place = opened(cursor, kind, criteria, key) if cursor else None
    wanted = _of_whom(unit, caller, criteria)
    if criteria.order == "delivered":
        asked, rows, after, computed = _cheapest(unit, caller, kind, wanted, place, limit)
    else:
        asked = _ask(unit, kind, wanted, place, {**_body(kind, wanted, explain), "size": limit + 1})
        rows, computed = asked.rows[:limit], None
        after = rows[-1]["sort"] if len(asked.rows) > limit else None
    points = index_of(unit.settings, kind).points
    following = None
    if after is None:
        points.drop(asked.point)
    else:
        points.hand_out(asked.point)
        following = sealed(Place(after, asked.point, asked.eased), kind, criteria, key)
    return Found(
        _hits(unit, caller, kind, criteria, rows, explain),
        following,
        asked.total,
        facets_of(asked.answer["aggregations"]),
        _understood(criteria, asked.eased),
        asked.eased,
        asked.resumed,
        computed,
    )


def _of_whom(unit: Unit, caller: Caller, criteria: Criteria) -> Criteria:
    """With the owners that the caller has said something of."""
    own = caller.organisation_id
    favourites = tuple(standing_with(unit, own, "favourite")) if criteria.favourite else None
    return replace(criteria, owners=favourites, not_owners=tuple(standing_with(unit, own, "blocked")))


def _body(kind: str, criteria: Criteria, explain: bool) -> dict[str, Any]:
    body: dict[str, Any] = {"sort": _sort(kind, criteria), "track_total_hits": True, "source": False, "aggs": FACETS}
    if explain:
        body |= {"include_named_queries_score": True, "track_scores": True}
    return body


def _ask(unit: Unit, kind: str, criteria: Criteria, place: Place | None, body: dict[str, Any]) -> _Asked:
    """Ask at the point in time of the pages before; where it is gone, in the index as it is. A first page that finds nothing
    asks again, with places and words that only prefer."""
    index = index_of(unit.settings, kind)
    if place is None:
        asked = _at(index, unit, criteria, body, index.point(), eased=False)
        understood = understand(criteria.q)
        if asked.total == 0 and (understood.regions or (understood.words and understood.grades)):
            asked = _at(index, unit, criteria, body, asked.point, eased=True)
        return asked
    after = {"search_after": place.after} if criteria.order != "delivered" else {}
    if place.point is not None:
        try:
            return _at(index, unit, criteria, {**body, **after}, place.point, eased=place.eased)
        except PointInTimeIsGone:
            pass  # minutes went by, or the index was rebuilt: the values of the last hit lead on
    after = {name: values[: len(body["sort"])] for name, values in after.items()}
    asked = _at(index, unit, criteria, {**body, **after}, index.point(), eased=place.eased)
    return replace(asked, resumed=True)


def _at(index: Index, unit: Unit, criteria: Criteria, body: dict[str, Any], point: str, *, eased: bool) -> _Asked:
    answer = index.search({**body, "query": query_of(unit, criteria, eased=eased)}, point)
    return _Asked(answer, answer.get("pit_id", point), eased, False)


def _sort(kind: str, criteria: Criteria) -> list[dict[str, Any]]:
    """The cheapest lots first, the best-paying demands first; ids decide between equals."""
    newest: list[dict[str, Any]] = [{"published_at": "desc"}, {"id": "desc"}]
    first: dict[Sort, list[dict[str, Any]]] = {
        "relevance": [{"_score": "desc"}],
        "price": [{"price_fen": "asc" if kind == "lots" else "desc"}],
        "delivered": [{"price_fen": "asc"}],
        "newest": [],
        "quantity": [{"available_kg": "desc"}],
    }
    if criteria.order == "distance" and criteria.near:
        return [_nearest(criteria.near), *newest]
    return [*first[criteria.order], *newest]


def _nearest(to: Position) -> dict[str, Any]:
    return {"_geo_distance": {"position": point_of(to), "order": "asc", "unit": "m", "distance_type": "arc"}}


def _cheapest(
    unit: Unit, caller: Caller, kind: str, criteria: Criteria, place: Place | None, limit: int
) -> tuple[_Asked, list[dict[str, Any]], list[Any] | None, int]:
    """One page by delivered cost, of the cheapest and the nearest candidates: what was asked, the rows, the values of the last
    where there is more, and how many candidates there were."""
    if criteria.to is None:
        raise InputIsInvalid(
            [("/to_site", "按到厂成本排序需要一个场站或位置", "Sorting by delivered cost needs a site or a place")]
        )
    fields = ["price_fen", "position", "owner", "grades"]
    body = {**_body(kind, criteria, explain=False), "source": fields, "size": CANDIDATES}
    asked = _ask(unit, kind, criteria, place, body)
    rows = {row["_id"]: row for row in asked.rows}
    if asked.total > len(rows):
        nearest = {"sort": [_nearest(criteria.to), {"id": "desc"}], "source": fields, "size": CANDIDATES}
        near = _at(index_of(unit.settings, kind), unit, criteria, nearest, asked.point, eased=asked.eased)
        rows |= {row["_id"]: row for row in near.rows if row["_id"] not in rows}
    known = partners(unit, caller.organisation_id, kind.removesuffix("s"), list(rows))
    costs = delivered(criteria.to, [_offer(caller, row, row["_id"] in known) for row in rows.values()])
    ordered = sorted((cost.delivered_fen, identifier) for cost, identifier in zip(costs, rows, strict=True))
    begin = tuple(place.after) if place is not None else (-1, "")
    page = [pair for pair in ordered if pair > begin][: limit + 1]
    after = list(page[limit - 1]) if len(page) > limit else None
    return asked, [rows[identifier] for _, identifier in page[:limit]], after, len(rows)


def _offer(caller: Caller, row: dict[str, Any], is_partner: bool) -> Offer:
    source = row["_source"]
    position = Position(source["position"]["lat"], source["position"]["lon"])
    exact = is_partner or knows_place(caller, source["owner"])
    return Offer(source["price_fen"], position, source["grades"][0], exact)


def _hits(
    unit: Unit, caller: Caller, kind: str, criteria: Criteria, rows: Sequence[dict[str, Any]], explain: bool
) -> list[Hit]:
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
        highlights = highlights_of(listing, criteria.q)
        distance_km = _distance_km(criteria.near, listing.position, exact)
        reasons = reasons_of(row, listing, criteria) if explain else None
        hits.append(Hit(listing, exact, distance_km, highlights, reasons, _delivered(criteria, listing, exact)))
    return hits


def _delivered(criteria: Criteria, listing: Lot | Demand, exact: bool) -> Delivered | None:
    if criteria.to is None or not isinstance(listing, Lot):
        return None
    terms = listing.terms
    return delivered(criteria.to, [Offer(terms.ask_net_fen_per_t, listing.position, terms.grade, exact)])[0]


def _distance_km(near: Position | None, at: Position, exact: bool) -> float | None:
    """The great circle, to the metre for those who know the place."""
    if near is None:
        return None
    metres = geo.great_circle_m(near.lat, near.lon, at.lat, at.lon)
    return round(metres / 1000, 3) if exact else float(geo.round_km(metres, STEP_KM))


def _understood(criteria: Criteria, eased: bool) -> tuple[Part, ...]:
    """What was made of the words; a distance without a place to count it from was left aside."""
    meant = understand(criteria.q)
    return tuple(
        replace(part, kind="ignored", zh="不知从何处算起", en="there is no place to count it from")
        if is_left_aside(meant, criteria, part.kind)
        else part
        for part in meant.parts
    )


def destination(unit: Unit, caller: Caller, site_id: str) -> Position:
    """Where one's own site is. Raises NotHeardYet, InputIsInvalid for another's."""
    site = parties.site(unit, site_id)
    if site.organisation_id != caller.organisation_id:
        raise InputIsInvalid([("/to_site", "不是本单位的场站", "This is not a site of your organisation")])
    return site.position
