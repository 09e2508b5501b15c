"""The live board: the public figures of `GET /v1/market` as a reader sees them."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from pydantic import BaseModel, ValidationError

from gateway.console.formats import NOTHING, material_name, money, region_name, tonnes
from gateway.console.texts import Texts
from gateway.forward import Forwarder
from shared.problem import ServiceIsUnavailable

FRESH_S = 1.0
"""However many watch, regions is asked once in this time by each worker."""


class Clearing(BaseModel):
    """A clearing as `GET /v1/market` names it."""

    material: str
    at: str
    proposals: int
    matched_t: float
    surplus_cny: float
    gap_pct: float | None
    duration_ms: float


class Trade(BaseModel):
    """A trade as `GET /v1/market` names it; no party is named."""

    at: str
    grade: str
    quantity_t: float
    price_cny_per_t: float
    from_region: str | None
    to_region: str | None


class Figures(BaseModel):
    """`GET /v1/market`, as far as the page shows it."""

    at: str
    open_lots: int
    open_lots_t: float
    open_demands: int
    open_demands_t: float
    trades: int
    traded_t: float
    clearings: list[Clearing]
    trades_latest: list[Trade]


@dataclass(frozen=True)
class Count:
    """One total: how many, and how much."""

    key: str
    label: str
    number: str
    unit: str
    tonnes: str


@dataclass(frozen=True)
class Row:
    """One line of a table. `cells` are `(column, text, is a number, hint)`; `at` is RFC 3339."""

    at: str
    cells: list[tuple[str, str, bool, str]]


@dataclass(frozen=True)
class Board:
    """`state` is live, stale or none; `at` is the figures' time, RFC 3339, empty where there are none."""

    state: str
    at: str
    demo_is_loading: bool
    counts: list[Count] = field(default_factory=list)
    clearings: list[Row] = field(default_factory=list)
    latest: list[Row] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return all(count.number == "0" for count in self.counts)


class Market:
    """The market's figures, fetched at most once a second; the last good ones stay while regions is down."""

    def __init__(self, forwarder: Forwarder) -> None:
        self.forwarder = forwarder
        self._lock = threading.Lock()
        self._figures: Figures | None = None
        self._is_live = False
        self._asked = float("-inf")

    def board(self, words: Texts, demo_is_loading: bool) -> Board:
        with self._lock:
            if time.monotonic() - self._asked > FRESH_S:
                self._ask()
            figures, is_live = self._figures, self._is_live
        if figures is None:
            return Board("none", "", demo_is_loading)
        return Board(
            "live" if is_live else "stale",
            figures.at,
            demo_is_loading,
            counts_of(figures, words),
            [clearing_row(one, words) for one in figures.clearings],
            [trade_row(one, words) for one in figures.trades_latest],
        )

    def _ask(self) -> None:
        self._asked = time.monotonic()
        try:
            answer = self.forwarder.get("regions", "/v1/market", timeout_s=1.5)
            self._is_live = answer.status_code == 200
            if self._is_live:
                self._figures = Figures.model_validate_json(answer.content)
        except (ServiceIsUnavailable, ValidationError):
            self._is_live = False


def counts_of(figures: Figures, words: Texts) -> list[Count]:
    """The three totals."""
    rows = (
        ("open_lots", "lots_unit", figures.open_lots, figures.open_lots_t),
        ("open_demands", "demands_unit", figures.open_demands, figures.open_demands_t),
        ("trades", "trades_unit", figures.trades, figures.traded_t),
    )
    return [Count(key, words[key], f"{number:,}", words[unit], tonnes(mass)) for key, unit, number, mass in rows]


def clearing_row(one: Clearing, words: Texts) -> Row:
    return Row(
        one.at,
        [
            ("material", material_name(one.material, words), False, one.material),
            ("proposals", f"{one.proposals:,}", True, ""),
            ("matched", tonnes(one.matched_t), True, ""),
            ("surplus", money(one.surplus_cny), True, ""),
            ("gap", NOTHING if one.gap_pct is None else f"{one.gap_pct:.2f} %", True, ""),
            ("duration", f"{one.duration_ms:,.0f} ms", True, ""),
        ],
    )


def trade_row(one: Trade, words: Texts) -> Row:
    route = f"{region_name(one.from_region, words)} → {region_name(one.to_region, words)}"
    return Row(
        one.at,
        [
            ("grade", material_name(one.grade, words), False, one.grade),
            ("quantity", tonnes(one.quantity_t), True, ""),
            ("price", money(one.price_cny_per_t), True, ""),
            ("route", route, False, f"{one.from_region or NOTHING} → {one.to_region or NOTHING}"),
        ],
    )
