"""What regions derives from loads beside its ledger, reckoned again from the topics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deploy.audit.difference import Difference, compared
from deploy.audit.evidence import Evidence
from deploy.audit.topics import latest
from shared.mongo import Row

SAME = ("version", "trade_id", "seller_id", "buyer_id", "grade", "at", "net_kg", "from_region", "to_region")


def deliveries(evidence: Evidence) -> Iterator[Difference]:
    """Each received load is there as its last ticket says, with the way that its trade says it came."""
    hauls = {told.key: _haul(told.said["terms"]) for told in evidence.of("trade.agreed")}
    expected: dict[str, Row] = {}
    for identifier, (version, said) in latest(evidence.of("shipment.received", "shipment.corrected")).items():
        haul = hauls.get(said["trade_id"])
        told = {"version": version, **{name: said[name] for name in SAME if name in said}}
        expected[identifier] = {**told, "haul": haul, "waiting": haul is None}
    yield from compared("regions.deliveries", expected, evidence.table("regions", "deliveries"), "the topics")


def _haul(terms: Mapping[str, Any]) -> Row:
    ends = {"from_site": terms["origin"]["site_id"], "to_site": terms["destination"]["site_id"]}
    return {**ends, "mode": terms["mode"], "distance_m": terms["distance_m"], "co2e_g_per_t": terms["co2e_g_per_t"]}
