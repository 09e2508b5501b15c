"""What became of a day: every lot accounted for, sums, latencies, and the table that shows them."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.table import Table

from deploy.demo.api import Api, ApiRefused, in_parallel
from deploy.demo.day.book import Book, Json, LotTrack
from deploy.demo.load import OPERATOR


@dataclass
class Report:
    """`fates` counts lots by how they ended; `faults` is empty if every lot is accounted for."""

    lots: int
    figures: dict[str, float]
    counts: dict[str, int]
    fates: dict[str, int]
    faults: list[str]

    @property
    def complete(self) -> bool:
        """Whether every lot offered is accounted for and nothing went wrong."""
        return not self.faults and sum(self.fates.values()) == self.lots

    def as_json(self) -> Json:
        """For `--json`."""
        return {
            "lots": self.lots,
            **self.figures,
            "counts": self.counts,
            "fates": self.fates,
            "faults": self.faults,
            "complete": self.complete,
        }

    def table(self) -> Table:
        """For people."""
        table = Table(title="The day · 这一天", show_header=False, title_justify="left")
        table.add_column("what")
        table.add_column("figure", justify="right")
        table.add_row("lots offered", f"{self.lots:,}")
        for name, value in self.figures.items():
            table.add_row(name.replace("_", " "), f"{value:,.3f}".rstrip("0").rstrip("."))
        table.add_section()
        for name, count in sorted(self.counts.items()):
            table.add_row(name, f"{count:,}")
        table.add_section()
        for name, count in sorted(self.fates.items()):
            table.add_row(f"lots {name}", f"{count:,}")
        table.add_section()
        table.add_row("lots not accounted for", f"{self.lots - sum(self.fates.values()):,}")
        table.add_row("faults", f"{len(self.faults):,}")
        return table


def percentile(values: list[float], share: float) -> float:
    """The nearest-rank percentile; 0 for no values."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def make(api: Api, book: Book, lots: int, began: datetime) -> Report:
    """Reads every lot of the day once more and adds up."""
    fates: Counter[str] = Counter()

    def settle(track: LotTrack) -> None:
        fate = _fate(api, book, track)
        with book.lock:
            fates[fate] += 1 if fate else 0

    in_parallel(settle, list(book.lots.values()))
    if len(book.lots) < lots:
        book.fault(f"{lots - len(book.lots)} lots could not be offered")
    return Report(lots, _figures(api, book, began), dict(book.counts), dict(+fates), book.faults)


def _fate(api: Api, book: Book, track: LotTrack) -> str:
    """How a lot ended, in words; empty if nothing accounts for it, and then there is a fault."""
    lot = api.get(f"/v1/lots/{track.lot_id}", OPERATOR)
    kg = {name: round(1000 * lot[f"{name}_t"]) for name in ("quantity", "available", "reserved", "sold", "unsold")}
    if kg["available"] + kg["reserved"] + kg["sold"] + kg["unsold"] != kg["quantity"]:
        book.fault(f"lot {track.lot_id}: its tonnes do not add up: {kg}")
        return ""
    if lot["status"] == "closed":
        return str(lot.get("closed_reason") or "closed")
    if kg["reserved"]:
        return _promised(api, book, track)
    why = _explanation(api, track)
    if kg["available"] and not why:
        book.fault(f"lot {track.lot_id}: {kg['available']} kg open, and no reason given")
        return ""
    return "partly sold, the rest open and explained" if kg["sold"] else "open and explained"


def _promised(api: Api, book: Book, track: LotTrack) -> str:
    """A lot with reserved tonnes: a proposal or trade must hold them."""
    live = [*api.items("/v1/proposals", OPERATOR, 1, lot_id=track.lot_id, status="proposed")]
    if live:
        return "proposed and awaiting an answer"
    trades = list(api.items("/v1/trades", OPERATOR, 1, lot_id=track.lot_id))
    if any(trade["status"] in ("agreed", "in_delivery", "delivered") for trade in trades):
        return "in a trade that goes on"
    book.fault(f"lot {track.lot_id}: tonnes reserved that no proposal or trade holds")
    return ""


def _explanation(api: Api, track: LotTrack) -> Any:
    try:
        return api.get(f"/v1/lots/{track.lot_id}/explanation", OPERATOR)
    except ApiRefused:
        return None


def _figures(api: Api, book: Book, began: datetime) -> dict[str, float]:
    settled = [track for track in book.trades.values() if track.settlement]
    statements = [track.settlement or {} for track in settled]
    searchable = [t.searchable_s for t in book.lots.values() if t.searchable_s is not None]
    proposed = [t.proposed_s for t in book.lots.values() if t.proposed_s is not None]
    gap = _gap(api, began)
    return {
        "offered_t": round(sum(track.quantity_t for track in book.lots.values()), 3),
        "trades": len(book.trades),
        "traded_t": round(sum(track.trade["quantity_t"] for track in book.trades.values()), 3),
        "settled_t": round(sum(s["settled_t"] for s in statements), 3),
        "amount_cny": round(sum(s["amount_cny"] for s in statements), 2),
        "freight_cny": round(sum(s["freight_cny"] for s in statements), 2),
        "haulage_kg_co2e": round(sum(_co2e_kg(api, track.trade) for track in settled), 1),
        "listing_to_searchable_p50_s": round(percentile(searchable, 0.5), 3),
        "listing_to_searchable_p95_s": round(percentile(searchable, 0.95), 3),
        "listing_to_proposal_p50_s": round(percentile(proposed, 0.5), 3),
        "listing_to_proposal_p95_s": round(percentile(proposed, 0.95), 3),
        "clearings": gap[0],
        "clearing_gap_pct": gap[1],
    }


def _co2e_kg(api: Api, trade: Json) -> float:
    proposal = api.get(f"/v1/proposals/{trade['proposal_id']}", OPERATOR)
    return float(proposal["co2e_kg_per_t"]) * float(trade["quantity_t"])


def _gap(api: Api, began: datetime) -> tuple[int, float]:
    """How many clearings there were since `began`, and 100 × Σ(bound − objective) ÷ Σ bound over them."""
    bound = short = 0.0
    count = 0
    for clearing in api.items("/v1/clearings", OPERATOR, limit=200):
        at = str(clearing.get("at") or clearing.get("created_at") or "")
        if at and datetime.fromisoformat(at) < began:
            break
        count += 1
        bound += clearing["bound_cny"]
        short += clearing["bound_cny"] - clearing["objective_cny"]
    return count, round(100 * short / bound, 3) if bound else 0.0
