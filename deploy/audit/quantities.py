"""Listings against itself and its topic: no kilogram of a lot or demand is made or lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from deploy.audit.difference import Difference, unlike
from deploy.audit.evidence import Evidence
from shared.mongo import Row

PARTS = ("available_kg", "reserved_kg", "consumed_kg", "unsold_kg")
SIDES = (("lots", "lot"), ("demands", "demand"))


def quantities(evidence: Evidence) -> Iterator[Difference]:
    """available + reserved + consumed + unsold = quantity; reserved and consumed are the sums over the reservations."""
    reservations = evidence.table("listings", "reservations")
    for collection, side in SIDES:
        remaining: defaultdict[str, int] = defaultdict(int)
        consumed: defaultdict[str, int] = defaultdict(int)
        for one in reservations.values():
            remaining[one[f"{side}_id"]] += one["remaining_kg"]
            consumed[one[f"{side}_id"]] += one["consumed_kg"]
        for identifier, row in evidence.table("listings", collection).items():
            place = f"listings.{collection}"
            parts = [row[part] for part in PARTS]
            if sum(parts) != row["quantity_kg"] or min(parts) < 0:
                yield Difference(place, identifier, "its parts sum to its quantity", str(row["quantity_kg"]), str(parts))
            sums = {"reserved_kg": remaining[identifier], "consumed_kg": consumed[identifier]}
            yield from unlike(place, identifier, sums, row)


def reservations(evidence: Evidence) -> Iterator[Difference]:
    """A reservation is what `quantity.*` told of it: reserved − released − consumed remains."""
    told: defaultdict[str, dict[str, int]] = defaultdict(lambda: {"kg": 0, "released_kg": 0, "consumed_kg": 0, "version": 0})
    for one in evidence.of("quantity"):
        said = one.said
        sums = told[one.key]
        sums["version"] = max(sums["version"], said["version"])
        name = {"reserved": "kg", "refused": "", "released": "released_kg", "consumed": "consumed_kg"}[one.type[9:]]
        if name:
            sums[name] += said["kg"]
    rows = evidence.table("listings", "reservations")
    for identifier, sums in told.items():
        row = rows.get(identifier)
        if row is None:
            yield Difference("listings.reservations", identifier, "is missing", "the topic told of it", "nothing")
        elif row["state"] in ("reserved", "done"):
            yield from unlike("listings.reservations", identifier, _reserved(sums), row)
    for identifier in rows.keys() - told.keys():
        if rows[identifier]["state"] != "ended":
            yield Difference("listings.reservations", identifier, "should not be there", "nothing", "no event tells of it")
    yield from _versions(rows, told)


def _reserved(sums: dict[str, int]) -> dict[str, Any]:
    remaining = sums["kg"] - sums["released_kg"] - sums["consumed_kg"]
    parts = {name: sums[name] for name in ("kg", "released_kg", "consumed_kg")}
    return {**parts, "remaining_kg": remaining, "state": "reserved" if remaining else "done"}


def _versions(rows: dict[str, Row], told: dict[str, dict[str, int]]) -> Iterator[Difference]:
    """That it became a trade moves a reservation's version once without an event."""
    for identifier, row in rows.items():
        if row["state"] in ("reserved", "done") and identifier in told:
            expected = told[identifier]["version"]
            if row["version"] < expected:
                yield Difference("listings.reservations", identifier, "version", str(expected), str(row["version"]))


def balances(evidence: Evidence) -> Iterator[Difference]:
    """A lot's or demand's version and kilograms are those that were told of it last, by its own events or a quantity's."""
    for collection, side in SIDES:
        last: dict[str, Row] = {}
        for one in evidence.of(side, "quantity"):
            said = one.said if one.aggregate == side else one.said[side]
            if said is not None and (said["id"] not in last or last[said["id"]]["version"] < said["version"]):
                last[said["id"]] = {name: said[name] for name in ("version", "status", "quantity_kg", *PARTS)}
        rows = evidence.table("listings", collection)
        for identifier, said in last.items():
            if identifier in rows and said["status"] != "draft":
                yield from unlike(f"listings.{collection}", identifier, said, rows[identifier])
