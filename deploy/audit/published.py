"""What regions shows to everybody, reckoned again from the topics: enough firms on each side, and exactly their kilograms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from deploy.audit.difference import Difference, compared, missing
from deploy.audit.evidence import Evidence
from deploy.audit.ledger import CHINA, facts_told
from shared.clock import iso
from shared.geo import exists
from shared.mongo import Row

ONE_SIDED = ("listed", "withdrawn")
SHOWN = (*ONE_SIDED, "agreed", "loaded", "received", "refused", "deducted", "cancelled")
FIRMS = 3


def published(evidence: Evidence) -> Iterator[Difference]:
    """Each day that is published, as it was told. What came after it was published is in none: then its number of facts
    differs, and which of them it had can't be told any more."""
    told: defaultdict[str, list[Row]] = defaultdict(list)
    for fact in facts_told(evidence).values():
        if not fact["waiting"]:
            told[_day(fact["recorded_at"])].append(fact)
    rows = evidence.table("regions", "published")
    days = evidence.table("regions", "published_days")
    for name in {identifier[:10] for identifier in rows} - days.keys():
        yield missing("regions.published_days", name, "what it published is there")
    for name, day in days.items():
        facts = told[name]
        if day["facts"] > len(facts) or day["facts"] < 0:
            yield Difference("regions.published_days", name, "facts", str(len(facts)), str(day["facts"]))
        if day["facts"] == len(facts):
            found = {identifier: row for identifier, row in rows.items() if identifier.startswith(f"{name}/")}
            yield from compared("regions.published", _pieces(name, facts), found, "the topics")


def _pieces(name: str, facts: list[Row]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    left = [(fact, measure, kg) for fact in facts for measure, kg in fact["kg"].items() if measure in SHOWN and kg]
    for level in ("city", "province"):
        groups: defaultdict[tuple[str, str], list[tuple[Row, str, int]]] = defaultdict(list)
        for fact, measure, kg in left:
            there = None if measure in ONE_SIDED else fact["to_region"]
            ends = f"{_place(fact['region'], level)}/{_place(there, level) if there else '-'}"
            groups[f"{name}/{_day(fact['at'])}/{level}/{fact['grade']}/{ends}", measure].append((fact, measure, kg))
        left = []
        for (identifier, measure), group in groups.items():
            row = found.setdefault(identifier, {"kg": {}, "withheld": []})
            sides = ["seller_id"] if measure in ONE_SIDED else ["seller_id", "buyer_id"]
            if all(_firms(group, side) >= FIRMS for side in sides):
                row["kg"][measure] = sum(kg for _, _, kg in group)
            else:
                row["withheld"] = sorted([*row["withheld"], measure])
                left += group
    return found


def _firms(group: list[tuple[Row, str, int]], side: str) -> int:
    sums: defaultdict[Any, int] = defaultdict(int)
    for fact, _, kg in group:
        sums[fact.get(side)] += kg
    return sum(1 for firm, kg in sums.items() if firm is not None and kg)


def _place(region: str, level: str) -> str:
    if level == "province":
        return f"{region[:2]}0000"
    city = f"{region[:4]}00"
    return region if region[2:4] in ("90", "00") or not exists(city) else city


def _day(at: str | datetime) -> str:
    moment = datetime.fromisoformat(at if isinstance(at, str) else iso(at))
    return f"{moment.astimezone(CHINA):%Y-%m-%d}"
