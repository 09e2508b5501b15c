"""What suppliers' loads were found to be, against what the demand lets in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import Response

from gateway.console.client import Ask
from gateway.console.formats import region_name
from gateway.console.hauls import last_of
from gateway.console.pages.buyer.common import MOST, Json, items_of
from gateway.console.visit import Visit
from shared import catalogue

MEASURED = ("impurity_pct", "moisture_pct")
"""What an inspection measures."""
ROOM = 1.15
"""How much longer than its largest value a scale is."""


@dataclass(frozen=True)
class Dot:
    """One inspected load."""

    load_id: str
    at: str
    value: float
    x: float
    is_over: bool


@dataclass(frozen=True)
class Supplier:
    """One row of the chart."""

    name: str
    dots: Sequence[Dot]
    mean: float
    over: int


@dataclass(frozen=True)
class Chart:
    """One attribute: suppliers' dots on a scale from 0, with the limit and the contract's basis as lines."""

    attribute: str
    top: float
    limit: float | None
    limit_x: float | None
    basis: float | None
    basis_x: float | None
    suppliers: Sequence[Supplier]


def quality(visit: Visit) -> Response:
    """`/buyer/quality`: one demand's loads; that with the newest inspection, unless another is chosen."""
    demands, shipments, trades = visit.api.all(
        Ask("/v1/demands", {"limit": MOST}), Ask("/v1/shipments", {"limit": MOST}), Ask("/v1/trades", {"limit": MOST})
    )
    loads = [one for one in items_of(shipments) if last_of(one, "inspected") is not None]
    inspected = list(dict.fromkeys(one["demand_id"] for one in loads))
    known = {one["id"]: one for one in items_of(demands)}
    chosen = visit.request.args.get("demand_id") or next((one for one in inspected if one in known), "")
    demand = known.get(chosen)
    names = {one["id"]: one["seller"]["name"] for one in items_of(trades)}
    found = [] if demand is None else charts(demand, [one for one in loads if one["demand_id"] == chosen], names, visit)
    if visit.request.args.get("as") == "csv":
        return visit.table(_rows(visit, found), "quality.csv")
    return visit.render(
        "quality.html", demand=demand, charts=found, choices=[known[one] for one in inspected if one in known],
        read=all(one is not None and one.is_ok for one in (demands, shipments)),
        names={one.name: one.name_zh if visit.t.code == "zh" else one.name_en for one in catalogue.attributes()},
    )  # fmt: skip


def charts(demand: Json, loads: Iterable[Json], names: dict[str, str], visit: Visit) -> list[Chart]:
    """One per attribute that was measured."""
    rows: dict[str, dict[str, list[tuple[Json, float]]]] = {name: {} for name in MEASURED}
    for load in loads:
        seller = names.get(load["trade_id"]) or region_name(load["from_region"], visit.t)
        report = last_of(load, "inspected") or {}
        for name in MEASURED:
            if report.get(name) is not None:
                rows[name].setdefault(seller, []).append((load, report[name]))
    return [_chart(name, demand, found) for name, found in rows.items() if found]


def _chart(name: str, demand: Json, rows: dict[str, list[tuple[Json, float]]]) -> Chart:
    limit, basis = demand["quality_limits"].get(name, {}).get("max"), demand["basis"].get(name)
    top = max([value for found in rows.values() for _, value in found] + [limit or 0, basis or 0]) * ROOM or 1

    def x(value: float | None) -> float | None:
        return None if value is None else round(100 * value / top, 2)

    suppliers = []
    for seller, found in rows.items():
        dots = [
            Dot(load["id"], (last_of(load, "inspected") or {})["at"], value, x(value) or 0, limit is not None and value > limit)
            for load, value in found
        ]
        mean = sum(one.value for one in dots) / len(dots)
        suppliers.append(Supplier(seller, dots, round(mean, 2), sum(one.is_over for one in dots)))
    suppliers.sort(key=lambda one: -one.mean)
    return Chart(name, top, limit, x(limit), basis, x(basis), suppliers)


def _rows(visit: Visit, found: Sequence[Chart]) -> list[list[str | float | None]]:
    t = visit.t
    rows: list[list[str | float | None]] = [
        [t["col_attribute"], t["col_seller"], t["col_load"], t["col_time"], t["col_found"], t["limit"], t["basis"]]
    ]
    for chart in found:
        for supplier in chart.suppliers:
            for dot in supplier.dots:
                rows.append([chart.attribute, supplier.name, dot.load_id, dot.at, dot.value, chart.limit, chart.basis])
    return rows
