"""The mass ledger and the volumes, reckoned again from the topics by a table of the audit's own, and held against listings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

from deploy.audit.difference import Difference, compared, plain, unlike
from deploy.audit.evidence import Evidence, Told
from services.regions.store.state import FORM, STATE
from shared.geo import exists
from shared.mongo import Row
from shared.tables import read_table

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
    "shipment.corrected": lambda e: {
        "settled": e["settled_kg"] - e["previous_settled_kg"],
        "deducted": e["deducted_kg"] - e["previous_deducted_kg"],
        "weighing_difference": e["previous_net_kg"] - e["net_kg"],
    },
}
"""The contract's mass ledger: which account a kilogram leaves and which it reaches."""


def _taken(net: int, deducted: int, resold_bp: int) -> Sums:
    """What was received of a lot that was partly received before counts as used but once."""
    return {"received": net, "deducted": deducted, "used": net - int(Fraction(net * resold_bp, 10_000) + Fraction(1, 2))}


COUNTS: Mapping[str, Callable[[Said], Sums]] = {
    "lot.published": lambda e: {"listed": e["quantity_kg"]},
    "lot.changed": lambda e: {"listed": e["quantity_kg"] - e["previous_quantity_kg"]},
    "lot.withdrawn": lambda e: {"withdrawn": e["moved_kg"]},
    "quantity.released": lambda e: {"withdrawn": e["kg"] if e["lot_to"] == "withdrawn" else 0},
    "trade.agreed": lambda e: {"agreed": e["terms"]["kg"]},
    "trade.cancelled": lambda e: {"cancelled": e["released_kg"]},
    "shipment.loaded": lambda e: {"loaded": e["planned_kg"]},
    "shipment.refused": lambda e: {"refused": e["planned_kg"]},
    "shipment.received": lambda e: _taken(e["net_kg"], e["deducted_kg"], e.get("resold_bp", 0)),
}
"""The contract's volumes: what counts in which measure."""


def postings(evidence: Evidence) -> Iterator[Difference]:
    """Each posting is what its event says, each event has its posting, and entries sum to zero."""
    expected: dict[str, Row] = {}
    home = {told.key: told.said for told in evidence.of("lot.published")}
    for told in evidence.of(*MOVES):
        said = told.said
        entries = {account: kg for account, kg in MOVES[told.type](said).items() if kg}
        if entries:
            lot_id = said.get("lot_id", said["id"])
            own = {"lot_id": lot_id, "type": _long(told), "at": said["at"], "entries": entries, "subject_id": told.key}
            expected[told.id] = own | {"recorded_at": told.at, "ticket": said.get("ticket"), **_home(home.get(lot_id))}
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
        expected[lot_id] = {"balance": dict(balance), **_home(home.get(lot_id))}
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


def region_accounts(evidence: Evidence) -> Iterator[Difference]:
    """The accounts of a place are the sums of the accounts of the lots published in it."""
    expected: dict[str, Row] = {}
    for row in evidence.table("regions", "lot_accounts").values():
        for identifier, place in accounts_of(row):
            names = {"place": place, "grade": row["grade"]}
            sums = expected.setdefault(identifier, {**names, "balance": defaultdict(int)})["balance"]
            for account, kg in row["balance"].items():
                sums[account] += kg
    yield from compared("regions.region_accounts", expected, evidence.table("regions", "region_accounts"), "the lots' accounts")


def accounts_of(lot: Row) -> Iterator[tuple[str, str]]:
    """The accounts of places in which a lot's accounts count: their ids and places."""
    if lot["region"] is not None:
        for place in (*_places(lot["region"]), lot["site_id"]):
            yield f"{place}/{lot['grade']}", place


def facts(evidence: Evidence) -> Iterator[Difference]:
    """Each fact of the volumes is what its event says."""
    yield from compared("regions.facts", facts_told(evidence), evidence.table("regions", "facts"), "the topics")


def facts_told(evidence: Evidence) -> dict[str, Row]:
    home = {told.key: told.said for told in evidence.of("lot.published")}
    expected: dict[str, Row] = {}
    for told in evidence.of("shipment.corrected", *COUNTS):
        said = told.said
        place = _place(said, home) | {"type": _long(told), "recorded_at": told.at}
        for suffix, at, sums in _counted(told, said):
            kg = {measure: more for measure, more in sums.items() if more > 0 or (more and told.type == "shipment.corrected")}
            if kg:
                expected[told.id + suffix] = {"at": at, "kg": kg, **place}
    return expected


def _counted(told: Told, said: Said) -> Iterator[tuple[str, str, Sums]]:
    """What an event counts, when; a ticket put right takes off what stood there before, in its own hour."""
    if told.type != "shipment.corrected":
        yield "", said["at"], COUNTS[told.type](said)
        return
    now = _taken(said["net_kg"], said["deducted_kg"], said.get("resold_bp", 0))
    before = _taken(said["previous_net_kg"], said["previous_deducted_kg"], said.get("resold_bp", 0))
    if said["at"][:13] == said["previous_at"][:13]:
        yield "", said["at"], {measure: kg - before[measure] for measure, kg in now.items()}
    else:
        yield "", said["at"], now
        yield "-before", said["previous_at"], {measure: -kg for measure, kg in before.items()}


def _home(lot: Said | None) -> Row:
    """Where a lot was published, by whom."""
    return {name: lot[name] if lot else None for name in ("region", "grade", "site_id", "seller_id")}


def _place(said: Said, home: Mapping[str, Said]) -> Row:
    """Which lot it is about and where it counts: on a trade's way, or where the lot was published."""
    if "terms" in said:
        terms = said["terms"]
        here, there = terms["origin"], terms["destination"]
        ends = {
            "region": here["region"],
            "to_region": there["region"],
            "site_id": here["site_id"],
            "to_site_id": there["site_id"],
        }
        names = ("lot_id", "grade", "mode", "seller_id", "buyer_id")
        return {**{name: terms[name] for name in names}, **ends, "waiting": False}
    if "from_region" in said:
        ends = {"region": said["from_region"], "to_region": said["to_region"]}
        sites = {"site_id": said.get("from_site_id"), "to_site_id": said.get("to_site_id")}
        names = ("lot_id", "grade", "mode", "seller_id", "buyer_id")
        return {**{name: said[name] for name in names}, **ends, **sites, "waiting": False}
    lot_id = said.get("lot_id", said["id"])
    lot = home.get(lot_id)
    return {"lot_id": lot_id, **_home(lot), "to_region": None, "mode": "none", "waiting": lot is None}


def _places(region: str) -> set[str]:
    """A region, what it lies in, and the areas of policy that it lies in."""
    outer = {code for code in (region[:2] + "0000", region[:4] + "00") if exists(code) and code[2:4] != "90"}
    return {region, *outer, *(row["code"] for row in AREAS if region.startswith(tuple(row["within"].split())))}


AREAS = read_table("services.regions", "policy_areas.csv")
AREA_CODES = frozenset(row["code"] for row in AREAS)


def cells(evidence: Evidence) -> Iterator[Difference]:
    """The hourly and daily volumes of every place are the sums of what the topics say."""
    expected: dict[str, Row] = {}
    kept = kept_cells(evidence)
    for fact in facts_told(evidence).values():
        for identifier, names in cells_of(fact, kept):
            cell = expected.setdefault(identifier, {**names, "kg": {}})
            _add(cell["kg"], fact["grade"], fact["mode"], of_side(names["side"], fact["kg"]))
    yield from compared("regions.cells", expected, _as_kept(evidence), "the topics")


def cells_of(fact: Row, kept: Row) -> Iterator[tuple[str, Row]]:
    """Where a fact counts: in the cells of its places on either side, of its hour and day; their ids and what they are of."""
    ends = (("origin", fact["region"], fact["site_id"]), ("destination", fact["to_region"], fact.get("to_site_id")))
    moment = fact["at"] if isinstance(fact["at"], datetime) else datetime.fromisoformat(fact["at"])
    for side, region, site in ends:
        if region is None or not of_side(side, fact["kg"]):
            continue
        for place in (*_places(region), *((site,) if site else ())):
            for period, name in _kept_as(moment.astimezone(CHINA), kept):
                if period != "hour" or place not in AREA_CODES:
                    yield f"{side}/{place}/{name}", {"side": side, "place": place, "period": period}


def of_side(side: str, kg: Sums) -> Sums:
    """What of a fact counts on a side."""
    if side == "origin":
        return kg
    return {measure: more for measure, more in kg.items() if measure not in ("listed", "withdrawn")}


def kept_cells(evidence: Evidence) -> Row:
    """From when on the room keeps cells of hours and of days."""
    return evidence.table("regions", "retentions").get("cells", {})


def _kept_as(at: datetime, kept: Row) -> Iterator[tuple[str, str]]:
    """By which periods a moment in China still counts, and their names: where the room no longer keeps hours or days, days and
    months."""
    hours_from, days_from = kept.get("hours_from"), kept.get("days_from")
    if days_from is not None and at < days_from:
        yield "month", f"{at:%Y-%m}"
    else:
        yield "day", f"{at:%Y-%m-%d}"
    if hours_from is None or at >= hours_from:
        yield "hour", f"{at.astimezone(UTC):%Y-%m-%dT%H}Z"


def _as_kept(evidence: Evidence) -> Mapping[str, Row]:
    """The room's cells, those that it is about to add up added up."""
    cells = evidence.table("regions", "cells")
    if not evidence.table("regions", "retentions"):
        return cells
    found: dict[str, Row] = {}
    kept = kept_cells(evidence)
    for identifier, cell in cells.items():
        named = cell_as_kept(identifier, cell, kept)
        if named is None:
            continue
        period = "month" if named != identifier else cell["period"]
        into = found.setdefault(named, {**cell, "period": period, "kg": {}})
        for family, grades in cell["kg"].items():
            for within, modes in grades.items():
                for mode, kg in modes.items():
                    _add(into["kg"], f"{family}.{within}", mode, kg)
    return found


def cell_as_kept(identifier: str, cell: Row, kept: Row) -> str | None:
    """The id under which a cell counts once what is about to be added up is added up; None where it is about to go."""
    names = dict(_kept_as(cell["start"].astimezone(CHINA), kept))
    if cell["period"] == "day" and "month" in names:
        return f"{cell['side']}/{cell['place']}/{names['month']}"
    return None if cell["period"] == "hour" and "hour" not in names else identifier


CHINA = timezone(timedelta(hours=8))


def _add(tally: Row, grade: str, mode: str, kg: Sums) -> None:
    family, within = grade.split(".", 1)
    sums = tally.setdefault(family, {}).setdefault(within, {}).setdefault(mode, {})
    for measure, more in kg.items():
        sums[measure] = sums.get(measure, 0) + more


def form(evidence: Evidence) -> Iterator[Difference]:
    """The mark of the form in which the room keeps all this says that it is the one that its code reads."""
    rows = evidence.tables.get(("regions", "forms"))
    if rows or (rows is not None and evidence.tables.get(("regions", "facts"), True)):  # without facts there may be none yet
        yield from compared("regions.forms", {STATE: {"form": FORM}}, rows, "the room's code")


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
