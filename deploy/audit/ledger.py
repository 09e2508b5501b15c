"""The mass ledger and the volumes, reckoned again from the topics by a table of the audit's own, and held against listings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from deploy.audit.difference import Difference, compared, plain, unlike
from deploy.audit.evidence import Evidence, Told
from shared.mongo import Row

Said = Mapping[str, Any]
Sums = dict[str, int]

MOVES: Mapping[str, Callable[[Said], Sums]] = {
    "lot.published": lambda e: {"published": -e["quantity_kg"], "on_offer": e["quantity_kg"]},
    "lot.changed": lambda e: {
        "published": e["previous_quantity_kg"] - e["quantity_kg"],
        "on_offer": e["quantity_kg"] - e["previous_quantity_kg"],
    },
    "lot.withdrawn": lambda e: {"on_offer": -e["moved_kg"], "withdrawn": e["moved_kg"]},
    "lot.expired": lambda e: {"on_offer": -e["moved_kg"], "expired": e["moved_kg"]},
    "quantity.reserved": lambda e: {"on_offer": -e["kg"], "reserved": e["kg"]},
    "quantity.released": lambda e: {"in_transit" if e["in_transit"] else "reserved": -e["kg"], e["lot_to"]: e["kg"]},
    "shipment.loaded": lambda e: {"reserved": -e["planned_kg"], "in_transit": e["planned_kg"]},
    "shipment.received": lambda e: {
        "in_transit": -e["consumed_kg"],
        "settled": e["settled_kg"],
        "deducted": e["deducted_kg"],
        "weighing_difference": e["consumed_kg"] - e["net_kg"],
    },
}
"""The contract's mass ledger: which account a kilogram leaves and which it reaches."""

COUNTS: Mapping[str, Callable[[Said], Sums]] = {
    "lot.published": lambda e: {"listed": e["quantity_kg"]},
    "lot.changed": lambda e: {"listed": e["quantity_kg"] - e["previous_quantity_kg"]},
    "lot.withdrawn": lambda e: {"withdrawn": e["moved_kg"]},
    "quantity.released": lambda e: {"withdrawn": e["kg"] if e["lot_to"] == "withdrawn" else 0},
    "trade.agreed": lambda e: {"agreed": e["terms"]["kg"]},
    "trade.cancelled": lambda e: {"cancelled": e["released_kg"]},
    "shipment.loaded": lambda e: {"loaded": e["planned_kg"]},
    "shipment.refused": lambda e: {"refused": e["planned_kg"]},
    "shipment.received": lambda e: {"received": e["net_kg"], "deducted": e["deducted_kg"]},
}
"""The contract's volumes: what counts in which measure."""


def postings(evidence: Evidence) -> Iterator[Difference]:
    """Each posting is what its event says, each event has its posting, and entries sum to zero."""
    expected: dict[str, Row] = {}
    for told in evidence.of(*MOVES):
        said = told.said
        entries = {account: kg for account, kg in MOVES[told.type](said).items() if kg}
        if entries:
            lot_id = said.get("lot_id", said["id"])
            expected[told.id] = {"lot_id": lot_id, "type": _long(told), "at": said["at"], "entries": entries}
    rows = evidence.table("regions", "postings")
    yield from compared("regions.postings", expected, rows, "the topics")
    for identifier, row in rows.items():
        if sum(row["entries"].values()) != 0:
            yield Difference("regions.postings", identifier, "its entries sum to zero", "0", plain(str(row["entries"])))


def accounts(evidence: Evidence) -> Iterator[Difference]:
    """A lot's accounts are the sums of its postings, and what listings says of the lot."""
    sums: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in evidence.table("regions", "postings").values():
        for account, kg in row["entries"].items():
            sums[row["lot_id"]][account] += kg
    home = {told.key: told.said for told in evidence.of("lot.published")}
    rows = evidence.table("regions", "lot_accounts")
    expected = {}
    for lot_id, balance in sums.items():
        said = home.get(lot_id, {})
        expected[lot_id] = {"balance": dict(balance), "region": said.get("region"), "grade": said.get("grade")}
    yield from compared("regions.lot_accounts", expected, rows, "the postings")
    lots = evidence.table("listings", "lots")
    for lot_id, row in rows.items():
        if lot_id in lots:
            yield from _against_listings(lot_id, defaultdict(int, row["balance"]), lots[lot_id])
    for lot_id, lot in lots.items():
        if lot["status"] != "draft" and lot_id not in rows:
            yield Difference("regions.lot_accounts", lot_id, "is missing", "listings has it published", "nothing")


def _against_listings(lot_id: str, kg: Mapping[str, int], lot: Row) -> Iterator[Difference]:
    ledger = {
        "on_offer": kg["on_offer"],
        "reserved + in_transit": kg["reserved"] + kg["in_transit"],
        "settled + deducted + weighing_difference": kg["settled"] + kg["deducted"] + kg["weighing_difference"],
        "withdrawn + expired": kg["withdrawn"] + kg["expired"],
        "published": -kg["published"],
    }
    parts = ("available_kg", "reserved_kg", "consumed_kg", "unsold_kg", "quantity_kg")
    listings = dict(zip(ledger, (lot[part] for part in parts), strict=True))
    yield from unlike("regions.lot_accounts", lot_id, listings, ledger)


def facts(evidence: Evidence) -> Iterator[Difference]:
    """Each fact of the volumes is what its event says."""
    yield from compared("regions.facts", _facts(evidence), evidence.table("regions", "facts"), "the topics")


def _facts(evidence: Evidence) -> dict[str, Row]:
    home = {told.key: told.said for told in evidence.of("lot.published")}
    expected: dict[str, Row] = {}
    for told in evidence.of(*COUNTS):
        said = told.said
        kg = {measure: more for measure, more in COUNTS[told.type](said).items() if more > 0}
        if kg:
            expected[told.id] = {"type": _long(told), "at": said["at"], "kg": kg, **_place(said, home)}
    return expected


def _place(said: Said, home: Mapping[str, Said]) -> Row:
    """Which lot it is about and where it counts: on a trade's way, or where the lot was published."""
    if "terms" in said:
        terms = said["terms"]
        ends = {"region": terms["origin"]["region"], "to_region": terms["destination"]["region"]}
        return {"lot_id": terms["lot_id"], "grade": terms["grade"], **ends, "waiting": False}
    if "from_region" in said:
        ends = {"region": said["from_region"], "to_region": said["to_region"]}
        return {"lot_id": said["lot_id"], "grade": said["grade"], **ends, "waiting": False}
    lot_id = said.get("lot_id", said["id"])
    lot = home.get(lot_id)
    known = {"region": lot["region"], "grade": lot["grade"]} if lot else {"region": None, "grade": None}
    return {"lot_id": lot_id, **known, "to_region": None, "waiting": lot is None}


def cells(evidence: Evidence) -> Iterator[Difference]:
    """The hourly volumes are the sums of what the topics say."""
    expected: dict[str, Row] = {}
    for fact in _facts(evidence).values():
        for side, region in (("origin", fact["region"]), ("destination", fact["to_region"])):
            hidden = ("listed", "withdrawn") if side == "destination" else ()
            kg = {measure: more for measure, more in fact["kg"].items() if measure not in hidden}
            if region is None or not kg:
                continue
            hour = f"{fact['at'][:13]}:00:00.000Z"
            identifier = f"{side}/{region}/{fact['grade']}/{fact['at'][:13]}Z"
            names = {"side": side, "region": region, "grade": fact["grade"], "hour": hour}
            cell = expected.setdefault(identifier, {**names, "kg": defaultdict(int)})
            for measure, more in kg.items():
                cell["kg"][measure] += more
    yield from compared("regions.cells", expected, evidence.table("regions", "cells"), "the topics")


def told_volumes(evidence: Evidence) -> Iterator[Difference]:
    """What `volume.posted` told is the fact it told of."""
    rows = evidence.table("regions", "facts")
    for told in evidence.of("volume.posted"):
        said = told.said
        kg = {name.removesuffix("_kg"): more for name, more in said.items() if name.endswith("_kg") and more}
        if told.key in rows:
            yield from unlike("regions.facts", told.key, {"kg": kg, "type": said["cause"]}, rows[told.key])
        else:
            yield Difference("regions.facts", told.key, "is missing", "volume.posted told of it", "nothing")


def _long(told: Told) -> str:
    return f"huanliu.{told.type}.v1"
