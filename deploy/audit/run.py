"""The audit: wait until nothing is in flight, compare, and name only what still differs when compared again."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
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
    "volumes: form": ledger.form,
    "allowances": allowances.allowances,
    "verified use": allowances.uses,
    "watched lots": allowances.watched,
    "sites' activity": allowances.activity,
    "last prices": allowances.prices,
    "proposals and trades": deals.proposals,
    "tenders and proposals": deals.tenders,
    "call-offs and loads": deals.call_offs,
    "agreements and call-offs": deals.agreements,
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
    processor_seconds: float = 0.0
    """Of this process alone."""
    checks: dict[str, int] = field(default_factory=dict)
    """Differences by check, as last compared."""
    differences: list[Difference] = field(default_factory=list)
    in_flight: dict[str, int] = field(default_factory=dict)
    """What was still under way when patience ended: outbox rows by room, lag by consumer group."""


def audit(
    settings: Settings,
    report: Callable[[str], None],
    patience_s: float = PATIENCE_S,
    read: Callable[[Settings], Evidence] = gather,
) -> Verdict:
    """Raises KafkaError, PyMongoError and Elasticsearch's errors where a server does not answer."""
    deadline = time.monotonic() + patience_s
    verdict = Verdict()

    def look() -> Look:
        verdict.in_flight = wait_until_quiet(settings, deadline, report)
        report("comparing")
        found = compare(settings, verdict, read)
        return found, not verdict.in_flight and verdict.checks[UNAPPLIED] == 0

    with timed(verdict):
        verdict.differences = sorted(settled(look, deadline, report))
    return verdict


@contextmanager
def timed(verdict: Verdict) -> Iterator[None]:
    """Adds how long the block took, by the clock and by the processor."""
    begun, worked = time.monotonic(), time.process_time()
    yield
    verdict.seconds += time.monotonic() - begun
    verdict.processor_seconds += time.process_time() - worked


Look = tuple[set[Difference], bool]
"""What differs, and whether nothing is under way."""


def settled(
    look: Callable[[], Look], deadline: float, report: Callable[[str], None], known: Collection[Difference] = ()
) -> set[Difference]:
    """What still differs when looked at again: until it is the same twice while nothing is under way, or none but what was
    known before, or the deadline."""
    passes: list[set[Difference]] = []
    while True:
        found, quiet = look()
        passes.append(found)
        stable = len(passes) > 1 and passes[-1] == passes[-2] and quiet
        if found <= set(known) or stable or time.monotonic() + PAUSE_S > deadline:
            return set.intersection(*passes)
        report(f"{len(found)} differences; comparing again, for they may be in flight")
        time.sleep(PAUSE_S)


def compare(settings: Settings, verdict: Verdict, read: Callable[[Settings], Evidence] = gather) -> set[Difference]:
    """One pass over everything."""
    evidence = read(settings)
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
