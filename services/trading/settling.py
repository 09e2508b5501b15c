"""The settlement statement: money once per trade, every figure with its source. Pure.

Kilograms come per load, rounded by logistics when the load was received. The amount is all settled kilograms at the frozen
net price; VAT is taken of the amount as rounded; the buyer pays freight on the planned tonnes of received loads. Half up, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from services.trading.model import Load, Totals
from shared.events.matching import Terms
from shared.units import div_half_up, fen_to_cny, kg_to_t

Source = Literal["ticket", "inspection", "contract"]
INSPECTED = ("moisture_pct", "impurity_pct")
"""The attributes that a settlement deducts for."""


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of the statement and where it comes from. `reference` is the ticket's number, the shipment's id of an
    inspection, or the proposal's id of the contract; figures of the whole trade name no shipment."""

    figure: str
    value: float
    source: Source
    reference: str
    shipment_id: str | None = None


def settle(terms: Terms, received: Sequence[Load]) -> Totals:
    """The figures of a trade whose loads were received so."""
    net_kg = sum(load.net_kg for load in received)
    settled_kg = sum(load.settled_kg for load in received)
    amount_fen = div_half_up(settled_kg * terms.price_fen_per_t, 1000)
    return Totals(
        net_kg=net_kg,
        settled_kg=settled_kg,
        deducted_kg=net_kg - settled_kg,
        amount_fen=amount_fen,
        vat_fen=div_half_up(amount_fen * terms.vat_bp, 10_000),
        freight_fen=div_half_up(sum(load.planned_kg for load in received) * terms.freight_fen_per_t, 1000),
    )


def statement_lines(terms: Terms, proposal_id: str, received: Sequence[Load]) -> list[Line]:
    """The figures behind `settle`'s, in the order of the reckoning."""
    lines = list(_contract_lines(terms, proposal_id))
    for load in received:
        lines += _load_lines(load, proposal_id)
    return lines


def _contract_lines(terms: Terms, proposal_id: str) -> Iterator[Line]:
    yield Line("price_cny_per_t", fen_to_cny(terms.price_fen_per_t), "contract", proposal_id)
    yield Line("vat_rate_pct", terms.vat_bp / 100, "contract", proposal_id)
    yield Line("freight_cny_per_t", fen_to_cny(terms.freight_fen_per_t), "contract", proposal_id)
    for name in INSPECTED:
        agreed = terms.contract_quality(name)
        if agreed is not None:
            yield Line(f"contract_{name}", agreed, "contract", proposal_id)


def _load_lines(load: Load, proposal_id: str) -> Iterator[Line]:
    yield Line("planned_t", kg_to_t(load.planned_kg), "contract", proposal_id, load.shipment_id)
    yield Line("net_t", kg_to_t(load.net_kg), "ticket", load.ticket or "", load.shipment_id)
    for name, found in zip(INSPECTED, (load.moisture_pct, load.impurity_pct), strict=True):
        if found is not None:
            yield Line(name, found, "inspection", load.shipment_id, load.shipment_id)
    deducted = kg_to_t(load.net_kg - load.settled_kg)
    yield Line("deducted_t", deducted, "inspection", load.shipment_id, load.shipment_id)
    yield Line("settled_t", kg_to_t(load.settled_kg), "inspection", load.shipment_id, load.shipment_id)
