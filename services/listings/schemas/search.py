"""Queries of lists and searches, and what they answer."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationInfo, field_validator

from services.listings.model import Demand, Lot, Status
from services.listings.schemas.demands import DemandOut
from services.listings.schemas.fields import Identifier, Origin
from services.listings.schemas.lots import LotOut
from services.listings.schemas.typed import Stock
from services.listings.views import Criteria, Found, Hit, Sort
from shared import catalogue, geo
from shared.http import ListQuery, Query, Shape
from shared.http.filters import Grade, Material, Region, in_material, in_region
from shared.problem import Fault
from shared.units import CnyOut, parse_cny, parse_t

MAX_KM = 20_100
"""Half the way round the Earth."""


def _near(text: str) -> str:
    """`lat,lon`."""
    _position(text)
    return text


def _position(text: str) -> geo.Position:
    parts = text.split(",")
    try:
        lat, lon = (float(part) for part in parts)
    except ValueError:
        raise Fault("应为 纬度,经度，例如 30.59,114.30", "must be lat,lon, for example 30.59,114.30") from None
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        raise Fault("纬度应在 ±90 以内，经度应在 ±180 以内", "The latitude is within ±90, the longitude within ±180")
    return geo.Position(lat, lon)


def _km(value: float) -> float:
    if not math.isfinite(value) or not 0 < value <= MAX_KM:
        raise Fault(f"应大于 0 且不大于 {MAX_KM}", f"This must be above 0 and at most {MAX_KM}")
    return value


class _Listed(Query):
    status: Status | None = None
    grade: Grade | None = None
    material: Material | None = None
    region: Region | None = None
    site_id: Identifier | None = None

    def _where(self, grade_field: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        if self.status:
            found.append({"status": self.status})
        if self.grade:
            found.append({grade_field: self.grade})
        if self.material:
            found.append(in_material(grade_field, self.material))
        if self.region:
            found.append(in_region("region", self.region))
        if self.site_id:
            found.append({"site_id": self.site_id})
        return found


def _all(conditions: list[dict[str, Any]]) -> dict[str, Any]:
    return {"$and": conditions} if conditions else {}


class LotFilters(_Listed):
    """Filters of one's own lots."""

    closed_reason: Literal["sold", "withdrawn", "expired"] | None = None
    seller_id: Identifier | None = None
    origin: Origin | None = None
    stock: Stock | None = None
    copied_from: Identifier | None = None

    def where(self) -> dict[str, Any]:
        own = {
            "closed_reason": self.closed_reason,
            "seller_id": self.seller_id,
            "terms.origin": self.origin,
            "terms.stock": self.stock,
            "copied_from": self.copied_from,
        }
        return _all([*self._where("terms.grade"), *({name: value} for name, value in own.items() if value)])


class LotsQuery(LotFilters, ListQuery):
    """The list of lots."""


class DemandFilters(_Listed):
    """Filters of one's own demands."""

    closed_reason: Literal["filled", "closed", "expired"] | None = None
    buyer_id: Identifier | None = None
    copied_from: Identifier | None = None

    def where(self) -> dict[str, Any]:
        own = {"closed_reason": self.closed_reason, "buyer_id": self.buyer_id, "copied_from": self.copied_from}
        return _all([*self._where("terms.grades"), *({name: value} for name, value in own.items() if value)])


class DemandsQuery(DemandFilters, ListQuery):
    """The list of demands."""


class SearchQuery(ListQuery):
    """A search. Tonnes are of what is available; `max_price` is net, CNY per tonne; `favourite` leaves the others out. What
    blocked counterparties list is never found."""

    q: Annotated[str, StringConstraints(max_length=200)] = ""
    material: Material | None = None
    grade: Grade | None = None
    region: Region | None = None
    near: Annotated[str, AfterValidator(_near)] | None = None
    within_km: Annotated[float, AfterValidator(_km)] | None = Field(default=None, validate_default=True)
    min_t: Annotated[int, BeforeValidator(parse_t, json_schema_input_type=float)] | None = None
    max_t: Annotated[int, BeforeValidator(parse_t, json_schema_input_type=float)] | None = None
    max_price: Annotated[int, BeforeValidator(parse_cny, json_schema_input_type=float)] | None = None
    min_price: Annotated[int, BeforeValidator(parse_cny, json_schema_input_type=float)] | None = None
    compliant: bool = False
    favourite: bool = False
    explain: bool = False
    sort: Literal["relevance", "price", "distance", "newest", "quantity"] = "relevance"

    @field_validator("within_km")
    @classmethod
    def _has_a_centre(cls, value: float | None, info: ValidationInfo) -> float | None:
        if value is not None and "near" in info.data and info.data["near"] is None:
            raise Fault("按距离筛选需要一个位置", "A distance needs a place to count from")
        return value

    @field_validator("sort")
    @classmethod
    def _has_a_place(cls, value: Sort, info: ValidationInfo) -> Sort:
        if value == "distance" and "near" in info.data and info.data["near"] is None:
            raise Fault("按距离排序需要一个位置", "Sorting by distance needs a place to count from")
        return value

    def criteria(self, to: geo.Position | None = None) -> Criteria:
        """`to` is where the goods shall go."""
        return Criteria(
            q=self.q,
            material=self.material,
            grade=self.grade,
            region=self.region,
            near=_position(self.near) if self.near else None,
            within_km=self.within_km,
            min_kg=self.min_t,
            max_kg=self.max_t,
            max_price_fen=self.max_price,
            compliant=self.compliant,
            favourite=self.favourite,
            sort=self.sort,
            min_price_fen=self.min_price,
            to=to,
        )


class LotSearchQuery(SearchQuery):
    """`to_site` is an own site: every item says what it costs there; `sort=delivered` goes by it, without one to `near`."""

    sort: Literal["relevance", "price", "distance", "newest", "quantity", "delivered"] = "relevance"  # type: ignore[assignment]
    to_site: Identifier | None = Field(default=None, validate_default=True)

    @field_validator("to_site")
    @classmethod
    def _has_an_end(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("sort") == "delivered" and "near" in info.data and info.data["near"] is None:
            raise Fault("按到厂成本排序需要一个场站或位置", "Sorting by delivered cost needs a site or a place")
        return value

    @property
    def to(self) -> geo.Position | None:
        """`near` as the goods' end."""
        return _position(self.near) if self.near and self.sort == "delivered" else None


class SuggestQuery(Query):
    """What has been typed so far."""

    q: Annotated[str, StringConstraints(max_length=100)]
    limit: Annotated[int, Field(ge=1, le=50)] = 10


class SuggestionOut(Shape):
    """`value` goes into the search parameter that `kind` names; `text` is the name that matched."""

    kind: Literal["material", "grade", "region"]
    value: str
    name_zh: str
    name_en: str
    text: str


class SuggestOut(Shape):
    items: list[SuggestionOut]


class MaterialsQuery(Query):
    """`flat=true` lists the grades alone."""

    flat: bool = False


class MaterialsOut(Shape):
    """The catalogue: its grades (`items`, by family or flat) name hard stops, tax categories and traits by code."""

    edition: str
    hard_stops: list[dict[str, Any]]
    tax_categories: list[dict[str, Any]]
    traits: list[dict[str, Any]]
    items: list[dict[str, Any]]


class TermFacet(Shape):
    """How many of what was found have this value."""

    value: str
    name_zh: str
    name_en: str
    count: int


class PriceFacet(Shape):
    """Net prices from `from_cny_per_t` up to, not including, `to_cny_per_t`; null is open."""

    from_cny_per_t: CnyOut | None
    to_cny_per_t: CnyOut | None
    count: int


class Facets(Shape):
    material: list[TermFacet]
    grade: list[TermFacet]
    region: list[TermFacet]
    price: list[PriceFacet]

    @classmethod
    def of(cls, found: Found) -> Facets:
        parts = found.facets
        return cls(
            material=[_term(one) for one in parts["material"]],
            grade=[_term(one) for one in parts["grade"]],
            region=[_term(one) for one in parts["region"]],
            price=[
                PriceFacet(from_cny_per_t=one["from_fen"], to_cny_per_t=one["to_fen"], count=one["count"])
                for one in parts["price"]
            ],
        )


def _term(one: dict[str, Any]) -> TermFacet:
    code: str = one["value"]
    named = catalogue.grade(code) or catalogue.family(code) or geo.region(code)
    zh, en = (named.name_zh, named.name_en) if named else (code, code)
    return TermFacet(value=code, name_zh=zh, name_en=en, count=one["count"])


class ReasonOut(Shape):
    """`points` are its part of the score; null where it is the order that was asked for."""

    what: str
    zh: str
    en: str
    points: float | None

    @classmethod
    def all(cls, hit: Hit) -> list[ReasonOut] | None:
        """Those of a hit; none where none were asked for."""
        if hit.reasons is None:
            return None
        return [cls(what=one.what, zh=one.zh, en=one.en, points=one.points) for one in hit.reasons]


class FoundLot(LotOut):
    """A lot as read, and why it was found; net costs at the place that was asked for."""

    distance_km: float | None
    highlights: dict[str, list[str]]
    reasons: list[ReasonOut] | None
    delivered_cny_per_t: CnyOut | None
    freight_cny_per_t: CnyOut | None
    mode: str | None

    @classmethod
    def hit(cls, hit: Hit) -> FoundLot:
        lot: Lot = hit.listing
        cost = hit.delivered
        return cls(
            **cls.values(lot, hit.exact),
            distance_km=hit.distance_km,
            highlights=hit.highlights,
            reasons=ReasonOut.all(hit),
            delivered_cny_per_t=cost.delivered_fen if cost else None,
            freight_cny_per_t=cost.freight_fen if cost else None,
            mode=cost.mode if cost else None,
        )


class FoundDemand(DemandOut):
    """A demand as read, and why it was found."""

    distance_km: float | None
    highlights: dict[str, list[str]]
    reasons: list[ReasonOut] | None

    @classmethod
    def hit(cls, hit: Hit) -> FoundDemand:
        demand: Demand = hit.listing
        return cls(
            **cls.values(demand, hit.exact),
            distance_km=hit.distance_km,
            highlights=hit.highlights,
            reasons=ReasonOut.all(hit),
        )


class UnderstoodOut(Shape):
    """What a piece of `q` was taken for; `spelt` is the word that a misspelt one was read as."""

    text: str
    kind: Annotated[
        Literal["grade", "material", "region", "quantity", "price", "distance", "words", "ignored"],
        Field(serialization_alias="as"),
    ]
    values: list[str]
    zh: str
    en: str
    spelt: str | None

    @classmethod
    def all(cls, found: Found) -> list[UnderstoodOut]:
        """Every piece."""
        return [
            cls(text=one.text, kind=one.kind, values=list(one.values), zh=one.zh, en=one.en, spelt=one.spelt)
            for one in found.understood
        ]


class _Page(Shape):
    """One page; `total` and `facets` are of everything found. `eased`: nothing fitted all of `q`, so that its places and words
    only prefer. `resumed`: the point in time of the pages before is over, and this one goes on in what is there now, where a
    hit may be missed or come again. `computed`: so many lots were compared by delivered cost."""

    next_cursor: str | None
    total: int
    facets: Facets
    understood: list[UnderstoodOut]
    eased: bool
    resumed: bool
    computed: int | None

    @staticmethod
    def values(found: Found) -> dict[str, Any]:
        """The fields of every page."""
        return {
            "next_cursor": found.next_cursor,
            "total": found.total,
            "facets": Facets.of(found),
            "understood": UnderstoodOut.all(found),
            "eased": found.eased,
            "resumed": found.resumed,
            "computed": found.computed,
        }


class FoundLots(_Page):
    """One page of lots."""

    items: list[FoundLot]

    @classmethod
    def of(cls, found: Found) -> FoundLots:
        return cls(items=[FoundLot.hit(hit) for hit in found.hits], **cls.values(found))


class FoundDemands(_Page):
    """One page of demands."""

    items: list[FoundDemand]

    @classmethod
    def of(cls, found: Found) -> FoundDemands:
        return cls(items=[FoundDemand.hit(hit) for hit in found.hits], **cls.values(found))
