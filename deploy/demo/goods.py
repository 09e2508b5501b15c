"""What demo lots and demands say: prices, quantities and quality of each grade, as bodies of the public contract."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any, NamedTuple

from shared import catalogue
from shared.tables import read_table

PACKAGE = "deploy.demo"
QUANTITY_T = {
    "steel": (10, 160),
    "paper": (6, 60),
    "plastic": (4, 40),
    "nonferrous": (2, 30),
    "solid_waste": (120, 900),
}
"""Least and most tonnes of a lot; other families are as nonferrous."""
TRADABLE_ASK = (0.86, 0.94)
TRADABLE_ASK_CHEAP = (0.30, 0.55)
"""Ask against the delivered price, where freight is a large part of it (below `CHEAP_CNY_PER_T`)."""
CHEAP_CNY_PER_T = 400
HOPEFUL_ASK = (0.99, 1.06)
BID = (0.99, 1.04)
HOPEFUL_SHARE = 0.3
"""Lots that ask more than they will get here: the open book of any market."""
AUTO_ACCEPT_SHARE = 0.1
VAT_PCT = ((3, 0.6), (13, 0.25), (0, 0.15))
"""A recycler's simple rate, the general rate, and a natural person, with their shares."""
BUYER_VAT_PCT = 13


class QualityRow(NamedTuple):
    """What lots of a grade declare of one attribute, and what demands ask for (`max` or `min`, or nothing)."""

    attribute: str
    low: float
    high: float
    limit_kind: str
    limit: float


@cache
def _prices() -> dict[str, float]:
    return {row["grade"]: float(row["cny_per_t"]) for row in read_table(PACKAGE, "prices.csv")}


@cache
def _quality_rows() -> dict[str, dict[str, QualityRow]]:
    rows: dict[str, dict[str, QualityRow]] = {}
    for row in read_table(PACKAGE, "quality.csv"):
        kind, _, limit = row["limit"].partition(":")
        found = QualityRow(row["attribute"], float(row["low"]), float(row["high"]), kind, float(limit or 0))
        rows.setdefault(row["material"], {})[found.attribute] = found
    return rows


def price_cny_per_t(grade: str) -> float:
    """The net price delivered at a processor's gate."""
    return _prices()[grade]


def priced_grades() -> list[str]:
    """Every grade the demo can price."""
    return list(_prices())


def quality_rows(grade: str) -> dict[str, QualityRow]:
    """By attribute; a grade's rows replace its family's."""
    rows = _quality_rows()
    return {**rows.get(catalogue.family_of(grade), {}), **rows.get(grade, {})}


def rfc3339(moment: datetime) -> str:
    """An aware UTC time as the contract writes it, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def gross(net: float, vat_pct: int) -> float:
    """The price with VAT of a net one."""
    return round(net * (100 + vat_pct) / 100, 2)


def ask_net(rng: Random, grade: str, hopeful: bool) -> float:
    """A seller's net ask, CNY per tonne; a hopeful one is above what processors bid."""
    price = price_cny_per_t(grade)
    tradable = TRADABLE_ASK_CHEAP if price < CHEAP_CNY_PER_T else TRADABLE_ASK
    return price * rng.uniform(*(HOPEFUL_ASK if hopeful else tradable))


def quantity_t(rng: Random, grade: str) -> float:
    """Tonnes of a lot, to the half tonne."""
    least, most = QUANTITY_T.get(catalogue.family_of(grade), QUANTITY_T["nonferrous"])
    return rng.randint(2 * least, 2 * most) / 2


def lot_body(
    rng: Random, grade: str, now: datetime, *, indivisible: bool, tonnes: float | None = None, hopeful: bool = False
) -> dict[str, Any]:
    """A lot as `POST /v1/lots` takes it, but for its `site_id`."""
    vat_pct = rng.choices([rate for rate, _ in VAT_PCT], [share for _, share in VAT_PCT])[0]
    quantity = tonnes or quantity_t(rng, grade)
    found = catalogue.grade(grade)
    body: dict[str, Any] = {
        "grade": grade,
        "quantity_t": quantity,
        "ask_cny_per_t": gross(ask_net(rng, grade, hopeful), vat_pct),
        "available_from": rfc3339(now),
        "available_until": rfc3339(now + timedelta(hours=24 * 7 + rng.randrange(24 * 7))),
        "quality": {row.attribute: round(rng.uniform(row.low, row.high), 1) for row in quality_rows(grade).values()},
        "divisible": not indivisible,
        "vat_rate_pct": vat_pct,
        "auto_accept": rng.random() < AUTO_ACCEPT_SHARE,
        "origin": "domestic",
        "title": f"{found.name_zh} {quantity:g} 吨 · {found.name_en}" if found else grade,
        "publish": True,
    }
    if not indivisible and quantity > 10:
        body["min_take_t"] = 5
    return body


def quality_limits(grades: Iterable[str]) -> dict[str, dict[str, float]]:
    """The limits that hold for all of `grades`: the weakest of each attribute that every one of them declares."""
    tables = [quality_rows(grade) for grade in grades]
    limits: dict[str, dict[str, float]] = {}
    for name, first in tables[0].items():
        rows = [table[name] for table in tables if name in table]
        if len(rows) < len(tables) or any(row.limit_kind != first.limit_kind for row in rows) or not first.limit_kind:
            continue
        weakest = max if first.limit_kind == "max" else min
        limits[name] = {first.limit_kind: weakest(row.limit for row in rows)}
    return limits


def demand_body(
    rng: Random, grades: list[str], tonnes: float, now: datetime, *, bid_factor: float | None = None
) -> dict[str, Any]:
    """A demand as `POST /v1/demands` takes it, but for its `site_id`; it bids for the dearest of its grades."""
    net = max(price_cny_per_t(grade) for grade in grades) * (bid_factor or rng.uniform(*BID))
    body: dict[str, Any] = {
        "grades": grades,
        "quantity_t": tonnes,
        "bid_cny_per_t": gross(net, BUYER_VAT_PCT),
        "deliver_from": rfc3339(now),
        "deliver_until": rfc3339(now + timedelta(days=14)),
        "quality_limits": quality_limits(grades),
        "vat_rate_pct": BUYER_VAT_PCT,
        "auto_accept": rng.random() < AUTO_ACCEPT_SHARE,
        "compliant_sellers_only": False,
        "publish": True,
    }
    if rng.random() < 0.5:
        moisture = max((quality_rows(g)["moisture_pct"].high for g in grades if "moisture_pct" in quality_rows(g)), default=2)
        body["basis"] = {"moisture_pct": round(moisture, 1), "impurity_pct": 2.0}
    return body
