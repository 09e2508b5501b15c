"""Facets: how many of all that was found have each value.

A facet counts what every filter leaves, its own included: to add a value to the filters gives exactly its count. A region
counts what lies in it; those are listed in which something lies itself. A price range is selected by `min_price` = `from` and
`max_price` = one fen below `to`.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

PRICES_FEN = (50_000, 100_000, 200_000, 300_000, 500_000, 1_000_000, 2_000_000, 5_000_000)
"""The edges of the price facet, net fen per tonne."""
FACETS: dict[str, Any] = {
    "material": {"terms": {"field": "materials", "size": 100}},
    "grade": {"terms": {"field": "grades", "size": 200}},
    "region": {"terms": {"field": "region", "size": 4000}},
    "within": {"terms": {"field": "regions", "size": 4000}},
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


def facets_of(found: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Elasticsearch's aggregations as `{facet: [{"value", "count"}]}`; prices have `from_fen` and `to_fen`."""
    counts = {name: {one["key"]: one["doc_count"] for one in found[name]["buckets"]} for name in FACETS if name != "price"}
    regions = sorted(counts["region"], key=lambda code: (-counts["within"][code], code))
    prices = [
        {"from_fen": _whole(one.get("from")), "to_fen": _whole(one.get("to")), "count": one["doc_count"]}
        for one in found["price"]["buckets"]
        if one["doc_count"]
    ]
    return {
        "material": _listed(counts["material"]),
        "grade": _listed(counts["grade"]),
        "region": _listed({code: counts["within"][code] for code in regions}),
        "price": prices,
    }


def _listed(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"value": value, "count": count} for value, count in counts.items()]


def _whole(edge: float | None) -> int | None:
    return None if edge is None else int(edge)
