"""Proposals, tenders, call-offs, trades, loads and settlements against each other, by the contract's arithmetic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from deploy.audit.difference import Difference, compared, missing, shown, stray, unlike
from deploy.audit.evidence import Evidence
from shared.mongo import Row

LOADED = frozenset({"loaded", "position", "arrived", "weighed", "inspected", "received", "refused", "returned"})


def proposals(evidence: Evidence) -> Iterator[Difference]:
    """Listings reserved or refused each proposal, for the same kilograms; what is agreed is a trade on the same terms."""
    reservations = evidence.table("listings", "reservations")
    trades = {row["proposal_id"]: row for row in evidence.table("trading", "trades").values()}
    rows = evidence.table("matching", "proposals")
    for identifier, row in rows.items():
        kept = reservations.get(identifier)
        if kept is None:
            yield missing("listings.reservations", identifier, f"matching's proposal is {row['status']}")
            continue
        terms = row["terms"]
        yield from unlike("listings.reservations", identifier, {n: terms[n] for n in ("lot_id", "demand_id", "kg")}, kept)
        refused = kept["state"] in ("refused", "ended")
        if refused != (row["status"] == "refused") and row["status"] != "withdrawn":
            yield Difference("matching.proposals", identifier, "status", f"as listings has it: {kept['state']}", row["status"])
        if row["status"] == "agreed" and identifier not in trades:
            yield missing("trading.trades", identifier, "matching has this proposal agreed")
    for identifier, trade in trades.items():
        proposal = rows.get(identifier)
        if proposal is None or proposal["status"] != "agreed":
            yield stray("trading.trades", trade["_id"], f"proposal {identifier} is not agreed")
        else:
            yield from unlike("trading.trades", trade["_id"], {"terms": proposal["terms"]}, trade)
        if identifier in reservations and not reservations[identifier].get("agreed"):
            yield Difference("listings.reservations", identifier, "agreed", "true", "false")


def tenders(evidence: Evidence) -> Iterator[Difference]:
    """What a tender awarded is the proposal of its best bid, at the price that its bidders were told."""
    proposals = evidence.table("matching", "proposals")
    for identifier, row in evidence.table("matching", "tenders").items():
        if row["status"] == "awarded" and row["proposal_id"] not in proposals:
            yield missing("matching.proposals", str(row["proposal_id"]), f"tender {identifier} was awarded by it")
        elif row["status"] == "awarded":
            terms = proposals[row["proposal_id"]]["terms"]
            same = {name: terms[name] for name in ("lot_id", "seller_id", "grade", "kg", "price_fen_per_t")}
            yield from unlike("matching.tenders", identifier, {**same, "winner": terms["demand_id"]}, row)


def call_offs(evidence: Evidence) -> Iterator[Difference]:
    """A call-off is its proposal's, and counts what became of its loads."""
    loads: defaultdict[str, list[Row]] = defaultdict(list)
    for shipment in evidence.table("logistics", "shipments").values():
        loads[shipment["proposal_id"]].append(shipment)
    proposals = {id_: row for id_, row in evidence.table("matching", "proposals").items() if row.get("agreement_id")}
    expected = {identifier: _called_off(row, loads[identifier]) for identifier, row in proposals.items()}
    yield from compared("matching.call_offs", expected, evidence.table("matching", "call_offs"), "matching.proposals")


def agreements(evidence: Evidence) -> Iterator[Difference]:
    """An agreement's month counts what its call-offs do."""
    months: defaultdict[str, dict[str, dict[str, int]]] = defaultdict(dict)
    for row in evidence.table("matching", "call_offs").values():
        month = months[row["agreement_id"]].setdefault(row["month"], {"called_kg": 0, "delivered_kg": 0})
        for name in month:
            month[name] += row[name]
    rows = evidence.table("matching", "agreements")
    expected = {identifier: {"months": months[identifier]} for identifier in {*rows, *months}}
    yield from compared("matching.agreements", expected, rows, "matching.call_offs")


def _called_off(proposal: Row, loads: list[Row]) -> Row:
    """A load that was received counts at its net weight, one that was returned not at all, all others as planned."""
    terms, asked = proposal["terms"], {"made": "asked", "refused": "refused"}
    status = asked.get(proposal["status"], "cancelled" if proposal["undone"] else "agreed")
    delivered = sum(load["net_kg"] for load in loads if load["status"] == "received")
    away = sum(load["planned_kg"] for load in loads if load["status"] in ("received", "returned"))
    return {
        **{name: terms[name] for name in ("lot_id", "demand_id", "kg", "price_fen_per_t")},
        "agreement_id": proposal["agreement_id"],
        "status": status,
        "called_kg": 0 if status in ("refused", "cancelled") else terms["kg"] - away + delivered,
        "delivered_kg": delivered,
    }


def trades(evidence: Evidence) -> Iterator[Difference]:
    """A trade's loads sum to its kilograms, its state follows from theirs, and its settlement is theirs."""
    loads: defaultdict[str, list[Row]] = defaultdict(list)
    for shipment in evidence.table("logistics", "shipments").values():
        loads[shipment["trade_id"]].append(shipment)
    rows = evidence.table("trading", "trades")
    haulages = evidence.table("logistics", "haulages")
    for identifier, trade in rows.items():
        yield from _trade(identifier, trade, loads[identifier])
        haulage = haulages.get(identifier)
        if haulage is None:
            yield missing("logistics.haulages", identifier, "trading has this trade")
        elif set(haulage["shipment_ids"]) != {load["_id"] for load in loads[identifier]}:
            ids = sorted(load["_id"] for load in loads[identifier])
            yield from unlike("logistics.haulages", identifier, {"shipment_ids": ids}, haulage)
    for identifier in (loads.keys() | haulages.keys()) - rows.keys():
        if loads.get(identifier) or identifier in haulages:
            yield missing("trading.trades", identifier, "logistics has its haulage")


def _trade(identifier: str, trade: Row, loads: list[Row]) -> Iterator[Difference]:
    terms = trade["terms"]
    planned = sum(load["planned_kg"] for load in loads)
    if loads and planned != terms["kg"]:
        yield Difference("logistics.shipments", identifier, "the loads of the trade sum to it", str(terms["kg"]), str(planned))
    if trade["load_count"] is not None and trade["load_count"] != len(loads):
        yield Difference("logistics.shipments", identifier, "loads of the trade", str(trade["load_count"]), str(len(loads)))
    status = _status(trade, loads)
    if trade["status"] not in status:
        yield Difference("trading.trades", identifier, "status", " or ".join(sorted(status)), trade["status"])
    ended = {load["_id"]: load for load in loads if load["status"] in ("received", "returned")}
    kept = {load["shipment_id"]: load for load in trade["loads"]}
    for load_id in ended.keys() ^ kept.keys():
        yield Difference(
            "trading.trades", identifier, "loads that have ended", shown_in(load_id, ended), shown_in(load_id, kept)
        )
    received = [load for load in loads if load["status"] == "received"]
    if trade["status"] == "settled":
        yield from unlike("trading.trades", identifier, {"totals": _totals(terms, received)}, trade)


def shown_in(identifier: str, among: Mapping[str, Any]) -> str:
    return identifier if identifier in among else "nothing"


def _status(trade: Row, loads: list[Row]) -> set[str]:
    states = {load["status"] for load in loads}
    if loads and states <= {"received", "returned"}:
        return {"settled"} if "received" in states else {"cancelled"}
    if loads and states == {"cancelled"}:
        return {"cancelled"}
    return {"in_delivery"} if states & LOADED else {"agreed"}


def _totals(terms: Row, received: list[Row]) -> Row:
    net, settled = sum(load["net_kg"] for load in received), sum(load["settled_kg"] for load in received)
    amount = _half_up(Fraction(settled * terms["price_fen_per_t"], 1000))
    planned = sum(load["planned_kg"] for load in received)
    return {
        "net_kg": net,
        "settled_kg": settled,
        "deducted_kg": net - settled,
        "amount_fen": amount,
        "vat_fen": _half_up(Fraction(amount * terms["vat_bp"], 10_000)),
        "freight_fen": _half_up(Fraction(planned * terms["freight_fen_per_t"], 1000)),
    }


def shipments(evidence: Evidence) -> Iterator[Difference]:
    """A load carries its trade's terms; a received one's net and settled kilograms follow from its ticket and inspection."""
    trades = evidence.table("trading", "trades")
    tickets = dict(evidence.table("logistics", "tickets"))
    for identifier, row in evidence.table("logistics", "shipments").items():
        trade = trades.get(row["trade_id"])
        if trade is not None:
            terms = trade["terms"]
            names = ("lot_id", "demand_id", "seller_id", "buyer_id", "grade", "mode", "freight_fen_per_t")
            ends = {"from_region": terms["origin"]["region"], "to_region": terms["destination"]["region"]}
            yield from unlike("logistics.shipments", identifier, {**{n: terms[n] for n in names}, **ends}, row)
        reports = {one["report"]["type"]: one["report"] for one in row["events"]}
        for ticket_id in _ticket_ids(row, reports):
            ticket = tickets.pop(ticket_id, None)
            if ticket is None or ticket["shipment_id"] != identifier:
                yield missing("logistics.tickets", ticket_id, f"shipment {identifier} was weighed with it")
        steps = [one["report"]["type"] for one in row["events"]]
        if row["status"] not in (steps[-1:] or ["planned", "assigned"]) and row["status"] != "cancelled":
            yield Difference("logistics.shipments", identifier, "status", shown(steps[-1:]), row["status"])
        if trade is not None:
            for one in row.get("corrections", ()):
                reports = {**reports, "weighed": one["stands"], "inspected": one["stands"]}
            yield from unlike("logistics.shipments", identifier, _intake(trade["terms"], reports, row["status"]), row)
    for identifier, ticket in tickets.items():
        yield stray("logistics.tickets", identifier, f"shipment {ticket['shipment_id']} was not weighed with it")


def _ticket_ids(row: Row, reports: Mapping[str, Row]) -> set[str]:
    """The ticket that it was weighed with, and those that took its place."""
    numbers = {reports["weighed"]["ticket"]} if "weighed" in reports else set()
    return {
        f"{row['buyer_id']}:{number}" for number in numbers | {one["stands"]["ticket"] for one in row.get("corrections", ())}
    }


def _intake(terms: Row, reports: Mapping[str, Row], status: str) -> Row:
    """settled = net × (100 − max(0, impurity − contract)) / 100 × (100 − max(moisture, contract)) / (100 − contract)."""
    if "weighed" not in reports:
        return {"net_kg": None, "settled_kg": None}
    net = reports["weighed"]["gross_kg"] - reports["weighed"]["tare_kg"]
    if status != "received":
        return {"net_kg": net, "settled_kg": None}
    contract = {**terms["quality"], **terms["basis"]}
    inspected = reports["inspected"]
    share = Fraction(1)
    impurity, agreed = inspected.get("impurity_pct"), contract.get("impurity_pct")
    if impurity is not None and agreed is not None:
        share *= (100 - max(Fraction(0), _exact(impurity) - _exact(agreed))) / 100
    moisture, agreed = inspected.get("moisture_pct"), contract.get("moisture_pct")
    if moisture is not None and agreed is not None and agreed < 100:
        share *= (100 - max(_exact(moisture), _exact(agreed))) / (100 - _exact(agreed))
    return {"net_kg": net, "settled_kg": _half_up(net * share)}


def _exact(number: float) -> Fraction:
    return Fraction(Decimal(str(number)))


def _half_up(value: Fraction) -> int:
    """Amounts here are never negative."""
    return int(value + Fraction(1, 2))
