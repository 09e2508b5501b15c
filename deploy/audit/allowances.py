"""Allowances and what alarms watch, reckoned again from listings' lots, logistics' loads and the topics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from deploy.audit.difference import Difference, compared, plain
from deploy.audit.evidence import Evidence
from shared.mongo import Row

WASTE = "solid_waste."
CHINA = ZoneInfo("Asia/Shanghai")
SUMS = ("verified_kg", "used_kg", "promised_kg")


def allowances(evidence: Evidence) -> Iterator[Difference]:
    """Initial + ratio × net kilograms received, against the new output that was listed and not taken back."""
    rules = evidence.table("regions", "allowance_rules")
    standing = {identifier: rule for identifier, rule in rules.items() if rule["status"] == "standing"}
    sums: defaultdict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(SUMS, 0))
    for counted in _counted(evidence):
        for identifier, rule in standing.items():
            terms = rule["terms"]
            if _covers(terms, counted):
                total = sums[f"{identifier}:{counted['owner']}:{_period(terms, counted['at'])}"]
                for name in SUMS:
                    total[name] += counted.get(name, 0)
    expected = {
        identifier: _allowance(standing[identifier.split(":", 1)[0]]["terms"], total) for identifier, total in sums.items()
    }
    rows = evidence.table("regions", "allowances")
    found = {
        one: row for one, row in rows.items() if row["status"] == "standing" and (one in sums or any(row[n] for n in SUMS))
    }
    yield from compared("regions.allowances", expected, found, "lots and loads")
    book = evidence.table("regions", "rule_books").get("allowances", {"rules": []})
    names = ("version", "terms")
    kept = {rule["id"]: {name: rule[name] for name in names} for rule in book["rules"]}
    own = {identifier: {name: rule[name] for name in names} for identifier, rule in standing.items()}
    yield from compared("regions.rule_books", own, kept, "regions.allowance_rules")


def _allowance(terms: Row, total: Mapping[str, int]) -> Row:
    allowed = terms["initial_kg"] + total["verified_kg"] * terms["ratio_bp"] // 10_000
    left, sellable = (max(0, allowed - total[name]) for name in ("used_kg", "promised_kg"))
    return {**total, "allowed_kg": allowed, "left_kg": left, "sellable_kg": sellable}


def _counted(evidence: Evidence) -> Iterator[Row]:
    for lot in evidence.table("listings", "lots").values():
        terms = lot["terms"]
        if lot["published_at"] is None or terms["stock"] == "stock" or not terms["grade"].startswith(WASTE):
            continue
        place = {"owner": lot["seller_id"], "region": lot["region"], "grade": terms["grade"], "at": lot["published_at"]}
        promised = lot["reserved_kg"] + lot["consumed_kg"]
        yield {**place, "used_kg": lot["available_kg"] + promised, "promised_kg": promised}
    for use in _uses(evidence).values():
        yield {**use, "owner": use["organisation_id"], "at": datetime.fromisoformat(use["at"]), "verified_kg": use["net_kg"]}


def _uses(evidence: Evidence) -> dict[str, Row]:
    """Received loads of wastes, by what was told of them last."""
    found: dict[str, Row] = {}
    versions: dict[str, int] = {}
    for told in evidence.of("shipment.received", "shipment.corrected"):
        said = told.said
        if said["grade"].startswith(WASTE) and versions.get(told.key, 0) < said["version"]:
            versions[told.key] = said["version"]
            place = {"organisation_id": said["seller_id"], "region": said["from_region"], "grade": said["grade"]}
            found[told.key] = {**place, "at": said["at"], "net_kg": said["net_kg"]}
    return found


def uses(evidence: Evidence) -> Iterator[Difference]:
    """Verified use is what was told of each load last, and what logistics has of it."""
    rows = evidence.table("regions", "uses")
    yield from compared("regions.uses", _uses(evidence), rows, "the topics")
    loads = evidence.table("logistics", "shipments")
    for identifier, row in rows.items():
        net = loads.get(identifier, {}).get("net_kg")
        if net != row["net_kg"]:
            yield Difference("regions.uses", identifier, "net_kg", str(net), str(row["net_kg"]))


def _covers(terms: Row, counted: Row) -> bool:
    code = terms["region"]
    width = 2 if code.endswith("0000") else 4 if code.endswith("00") else 6
    begun = terms["start"] <= counted["at"] and (terms["end"] is None or counted["at"] < terms["end"])
    return bool(begun and counted["grade"] == terms["material"] and counted["region"][:width] == code[:width])


def _period(terms: Row, at: datetime) -> str:
    return at.astimezone(CHINA).strftime("%Y" if terms["period"] == "year" else "%Y-%m")


def watched(evidence: Evidence) -> Iterator[Difference]:
    """The watch's picture of each lot is listings', less what is on the road; of each demand it has the site."""
    away: defaultdict[str, int] = defaultdict(int)
    received: dict[str, str] = {}
    for told in evidence.of("shipment.loaded", "shipment.received", "quantity.consumed", "quantity.released"):
        said = told.said
        if told.type == "shipment.received":
            received[said["demand_id"]] = max(said["at"], received.get(said["demand_id"], ""))
        elif told.type == "shipment.loaded":
            away[said["lot_id"]] += said["planned_kg"]
        elif told.type == "quantity.consumed" or said["in_transit"]:
            away[said["lot_id"]] -= said["kg"]
    lots = {one: _lot(row, away[one]) for one, row in _published(evidence, "lots").items()}
    yield from compared("regions.watched_lots", lots, evidence.table("regions", "watched_lots"), "listings.lots")
    demands = {
        one: {"site_id": row["site_id"], "received_at": received.get(one)}
        for one, row in _published(evidence, "demands").items()
    }
    yield from compared("regions.demand_sites", demands, evidence.table("regions", "demand_sites"), "listings.demands")


def _published(evidence: Evidence, collection: str) -> dict[str, Row]:
    return {one: row for one, row in evidence.table("listings", collection).items() if row["status"] != "draft"}


def _lot(lot: Row, away_kg: int) -> Row:
    same = ("version", "available_kg", "reserved_kg", "consumed_kg", "site_id", "region", "published_at")
    there = max(0, lot["available_kg"] + lot["reserved_kg"] - away_kg)
    owner: dict[str, Any] = {"organisation_id": lot["seller_id"], "grade": lot["terms"]["grade"]}
    return {**{name: lot[name] for name in same}, **owner, "in_transit_kg": away_kg, "on_site_kg": there}


def activity(evidence: Evidence) -> Iterator[Difference]:
    """When last something happened at each site, by the topics."""
    sites = {
        "shipment.loaded": ("lot_id", evidence.table("listings", "lots")),
        "shipment.received": ("demand_id", evidence.table("listings", "demands")),
    }
    last: dict[str, str] = {}
    for told in evidence.of("lot.published", "lot.changed", "demand.posted", *sites):
        said = told.said
        name, listed = sites.get(told.type, ("id", {told.key: said}))
        if said[name] in listed:
            site = listed[said[name]]["site_id"]
            last[site] = max(last.get(site, ""), said["at"])
    expected = {site: {"last_at": at} for site, at in last.items()}
    yield from compared("regions.site_activities", expected, evidence.table("regions", "site_activities"), "the topics")


def prices(evidence: Evidence) -> Iterator[Difference]:
    """The last price of each grade in each region, by the topic."""
    last: dict[str, Row] = {}
    for told in evidence.of("price.published"):
        said = told.said
        key = f"{said['region']}:{said['grade']}"
        if key not in last or (last[key]["day"], last[key]["version"]) < (said["day"], said["version"]):
            last[key] = said
    names = ("version", "day", "price_fen_per_t")
    expected = {key: {name: plain(said[name]) for name in names} for key, said in last.items()}
    yield from compared("regions.known_prices", expected, evidence.table("regions", "known_prices"), "matching's prices")
