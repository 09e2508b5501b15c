"""Why a hit stands where it stands, in words and points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.listings.model import Demand, Lot
from services.listings.views.criteria import Criteria, Sort
from services.listings.views.understanding import understand
from shared import geo
from shared.catalogue import grade


@dataclass(frozen=True, slots=True)
class Reason:
    """`points` are its part of the score; None where it is the order that was asked for."""

    what: str
    zh: str
    en: str
    points: float | None


_PLACES = {
    "there": ("就在 {place}", "It lies in {place}"),
    "same city": ("与所查地点同市", "It lies in the same city as the place named"),
    "same province": ("与所查地点同省", "It lies in the same province as the place named"),
}
_ORDERS: dict[Sort, tuple[str, str]] = {
    "price": ("按不含税价格排序", "Sorted by the net price"),
    "distance": ("按距离排序", "Sorted by distance"),
    "newest": ("按挂牌时间排序，最新在前", "Sorted by the time of listing, the newest first"),
    "quantity": ("按可供数量排序", "Sorted by the tonnes available"),
    "delivered": ("按到厂成本排序：不含税要价加运费", "Sorted by delivered cost: the net ask plus freight"),
}


def reasons_of(row: dict[str, Any], listing: Lot | Demand, criteria: Criteria) -> list[Reason]:
    """The order that was asked for, then the points that made the score, most first."""
    first = [Reason("order", *_ORDERS[criteria.order], None)] if criteria.order != "relevance" else []
    matched: dict[str, float] = row.get("matched_queries") or {}
    places = [name for name in _PLACES if f"place:{name}" in matched]
    points_of = {name: points for name, points in matched.items() if not name.startswith("place:")}
    if places:  # who lies there lies in the same city and province as well: the nearest is said, with the points of all
        points_of[f"place:{places[0]}"] = sum(matched[f"place:{name}"] for name in places)
    found = [_reason(name, round(points, 2), listing, criteria) for name, points in points_of.items()]
    return [*first, *sorted(found, key=lambda one: -(one.points or 0))]


def _reason(name: str, points: float, listing: Lot | Demand, criteria: Criteria) -> Reason:
    kind, _, detail = name.partition(":")
    if kind == "grade":
        return _graded(float(detail), points, listing, criteria)
    if kind == "place":
        zh, en = _PLACES[detail]
        place_zh, place_en = _place_named(listing, criteria)
        return Reason("place", zh.format(place=place_zh), en.format(place=place_en), points)
    if kind == "word":
        return Reason("text", f"文字中有「{detail}」", f"Its texts have «{detail}»", points)
    texts = {
        "title": ("标题中写有所查品名", "Its title has the name that was typed"),
        "available": ("有货可供", "Some of it is available"),
        "quantity": ("可供数量足够", "There are enough tonnes"),
        "price": ("价格相近", "Its price is near the one typed"),
    }
    return Reason(kind, *texts[kind], points)


def _graded(weight: float, points: float, listing: Lot | Demand, criteria: Criteria) -> Reason:
    meant = understand(criteria.q).grades
    codes = [code for code in _grades(listing) if meant.get(code) == weight] or list(_grades(listing))
    named = grade(codes[0])
    zh, en = (named.name_zh, named.name_en) if named else (codes[0], codes[0])
    if weight >= 1:
        return Reason("grade", f"品种「{zh}」与所查名称一致", f"Its grade {en} is what was named", points)
    return Reason("grade", f"品种「{zh}」与所查名称相关", f"Its grade {en} is related to what was named", points)


def _grades(listing: Lot | Demand) -> list[str]:
    return [listing.terms.grade] if isinstance(listing, Lot) else list(listing.terms.grades)


def _place_named(listing: Lot | Demand, criteria: Criteria) -> tuple[str, str]:
    inside = [code for code in understand(criteria.q).regions if geo.contains(code, listing.region)]
    found = geo.region(inside[0]) if inside else geo.region(listing.region)
    return (found.name_zh, found.name_en) if found else (listing.region, listing.region)
