"""The audit: wait until nothing is in flight, compare, and name only what still differs when compared again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from deploy.audit import allowances, belongings, copies, deals, index, ledger, published, quantities, reports, topics
from deploy.audit.difference import Difference
from deploy.audit.evidence import Evidence, gather
from shared.bus.lag import lags
from shared.bus.outbox import backlog
from shared.mongo import Database
from shared.settings import ROOMS, Settings

PATIENCE_S = 60.0
PAUSE_S = 2.0
Check = Callable[[Evidence], Iterator[Difference]]


def seals(evidence: Evidence) -> Iterator[Difference]:
    """No document was altered behind its room's back, and no topic holds what is not ours."""
    yield from evidence.broken


UNAPPLIED = "topics and inboxes"
"""A consumer that has not begun has no lag to show; what it has not applied says as much."""
CHECKS: Mapping[str, Check] = {
    "seals": seals,
    "outbox and topics": topics.relayed,
    UNAPPLIED: topics.applied,
    "topics and states": topics.states,
    "quantities": quantities.quantities,
    "reservations": quantities.reservations,
    "balances": quantities.balances,
    "ledger: postings": ledger.postings,
    "ledger: accounts": ledger.accounts,
    "ledger: regions": ledger.region_accounts,
    "volumes: facts": ledger.facts,
    "volumes: cells": ledger.cells,
    "volumes: told": ledger.told_volumes,
    "allowances": allowances.allowances,
    "verified use": allowances.uses,
    "watched lots": allowances.watched,
    "sites' activity": allowances.activity,
    "last prices": allowances.prices,
    "proposals and trades": deals.proposals,
    "tenders and proposals": deals.tenders,
    "agreements and call-offs": deals.call_offs,
    "trades and loads": deals.trades,
    "loads and tickets": deals.shipments,
    "copies of parties": copies.parties,
    "copies": copies.copies,
    "users": copies.users,
    "files of lots and loads": belongings.files,
    "recurrences": belongings.recurrences,
    "reports": reports.reports,
    "published": published.published,
    "index": index.index,
}


@dataclass
class Verdict:
    """What was looked at and what does not agree."""

    events: int = 0
    documents: int = 0
    seconds: float = 0.0
    checks: dict[str, int] = field(default_factory=dict)
    """Differences by check, as last compared."""
    differences: list[Difference] = field(default_factory=list)
    in_flight: dict[str, int] = field(default_factory=dict)
    """What was still under way when patience ended: outbox rows by room, lag by consumer group."""


def audit(settings: Settings, report: Callable[[str], None], patience_s: float = PATIENCE_S) -> Verdict:
    """Raises KafkaError, PyMongoError and Elasticsearch's errors where a server does not answer."""
    begun = time.monotonic()
    deadline = begun + patience_s
    verdict = Verdict()
    passes: list[set[Difference]] = []
    while True:
        verdict.in_flight = wait_until_quiet(settings, deadline, report)
        report("comparing")
        passes.append(compare(settings, verdict))
        quiet = not verdict.in_flight and verdict.checks[UNAPPLIED] == 0
        stable = len(passes) > 1 and passes[-1] == passes[-2] and quiet
        if not passes[-1] or stable or time.monotonic() + PAUSE_S > deadline:
            break
        report(f"{len(passes[-1])} differences; comparing again, for they may be in flight")
        time.sleep(PAUSE_S)
    verdict.differences = sorted(set.intersection(*passes))
    verdict.seconds = time.monotonic() - begun
    return verdict


def compare(settings: Settings, verdict: Verdict) -> set[Difference]:
    """One pass over everything."""
    evidence = gather(settings)
    verdict.events, verdict.documents = len(evidence.told), evidence.documents
    found: set[Difference] = set()
    for name, check in CHECKS.items():
        differences = set(check(evidence))
        verdict.checks[name] = len(differences)
        found |= differences
    return found


def wait_until_quiet(settings: Settings, deadline: float, report: Callable[[str], None]) -> dict[str, int]:
    """Until no outbox row waits and no consumer lags; what is still under way at the deadline."""
    while True:
        waiting = under_way(settings)
        if not waiting or time.monotonic() > deadline:
            return waiting
        report(f"waiting for {sum(waiting.values())} events in flight")
        time.sleep(0.5)


def under_way(settings: Settings) -> dict[str, int]:
    """Outbox rows by room and lag by consumer group, where there is any."""
    counts: dict[str, int] = {}
    for room in ROOMS:
        database = Database(settings, room)
        try:
            counts[f"outbox {room}"] = backlog(database)
        finally:
            database.close()
    counts |= lags(settings)
    return {name: count for name, count in counts.items() if count}
