"""A lot or a demand as the search index keeps it: numbers in kilograms and fen, texts in both languages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from services.listings.model import Demand, Lot
from shared import geo
from shared.catalogue import family_of, search_terms, trait_value
from shared.clock import iso
from shared.parties import Compliance
from shared.search import STANDARD, Document
from shared.text import plain

_TEXT = {"type": "text", "analyzer": STANDARD}
_KEYWORD = {"type": "keyword"}


def mappings(analyser: str) -> dict[str, Any]:
    """Elasticsearch's, with `analyser` for what sellers write. The standard analyser splits Chinese into single characters, so
    that phrases of any length are found in it: it reads names and places always, titles and remarks as well. Names and
    synonyms of both languages come from the catalogue, not from a synonym filter."""
    written: dict[str, Any] = dict(_TEXT)
    if analyser != STANDARD:
        written["fields"] = {"words": {"type": "text", "analyzer": analyser}}
    return {
        "dynamic": "strict",
        "properties": {
            "id": _KEYWORD,
            "status": _KEYWORD,
            "owner": _KEYWORD,
            "grades": _KEYWORD,
            "materials": _KEYWORD,
            "region": _KEYWORD,
            "regions": _KEYWORD,
            "position": {"type": "geo_point"},
            "price_fen": {"type": "long"},
            "available_kg": {"type": "long"},
            "quantity_kg": {"type": "long"},
            "published_at": {"type": "date"},
            "compliant": {"type": "date_range"},
            "names": _TEXT,
            "places": _TEXT,
            "title": written,
            "description": written,
        },
    }


def lot_document(lot: Lot, compliance: Iterable[Compliance]) -> Document:
    """`compliance` are the entries of its site as last heard; `price_fen` is the net ask per tonne."""
    source = _source(lot, [lot.terms.grade], lot.terms.ask_net_fen_per_t, compliance)
    if lot.terms.traits:
        source["names"] = [*source["names"], *_words(tuple(lot.terms.traits.items()))]
    source["title"] = plain(lot.title or "")
    source["description"] = plain(lot.description or "")
    return Document(lot.id, lot.version, source)


def demand_document(demand: Demand, compliance: Iterable[Compliance]) -> Document:
    """`compliance` are the entries of its site as last heard; `price_fen` is the net bid per tonne."""
    source = _source(demand, demand.terms.grades, demand.terms.bid_net_fen_per_t, compliance)
    return Document(demand.id, demand.version, source)


def _source(listing: Lot | Demand, grades: list[str], price_fen: int, compliance: Iterable[Compliance]) -> dict[str, Any]:
    families = _families(tuple(grades))
    return {
        "id": listing.id,
        "status": listing.status,
        "owner": listing.owner_id,
        "grades": grades,
        "materials": families,
        "region": listing.region,
        "regions": _lineage(listing.region),
        "position": {"lat": listing.position.lat, "lon": listing.position.lon},
        "price_fen": price_fen,
        "available_kg": listing.available_kg,
        "quantity_kg": listing.quantity_kg,
        "published_at": _time(listing.published_at),
        "compliant": [_range(one) for one in compliance if one.list in families],
        "names": _names(tuple(grades)),
        "places": _places(listing.region),
    }


# What many documents have in common is made once: nobody changes a document.


@lru_cache(maxsize=4096)
def _families(grades: tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys(map(family_of, grades)))


@lru_cache(maxsize=4096)
def _names(grades: tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys(name for grade in grades for name in names_of_grade(grade)))


@lru_cache(maxsize=4096)
def _words(traits: tuple[tuple[str, str], ...]) -> list[str]:
    found = (trait_value(*one) for one in traits)
    return list(dict.fromkeys(name for one in found if one is not None for name in one.names))


@lru_cache(maxsize=8192)
def _lineage(region: str) -> list[str]:
    return list(geo.lineage(region))


@lru_cache(maxsize=8192)
def _places(region: str) -> list[str]:
    return list(places_of_region(region))


def _time(at: datetime | None) -> str | None:
    return None if at is None else iso(at)


def _range(entry: Compliance) -> dict[str, str]:
    return {"gte": iso(entry.valid_from), "lt": iso(entry.valid_until)}


@cache
def names_of_grade(grade: str) -> tuple[str, ...]:
    zh, en = search_terms(grade)
    return (*zh, *en)


@cache
def places_of_region(region: str) -> tuple[str, ...]:
    """Names of a region and of what it lies in; the Chinese ones also in one piece, as an address writes them."""
    found = [one for one in map(geo.region, geo.lineage(region)) if one is not None and one.name_zh != "市辖区"]
    zh = [one.name_zh for one in found]
    return (*zh, "".join(reversed(zh)), *(one.name_en for one in found))
