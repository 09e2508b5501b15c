"""The read side: lists of proposals, tenders, agreements and clearings, and second looks at a clearing."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from typing import Any

import orjson

from services.matching.clearing import Curves, Match, clear, decoded, digest, packed, unpacked, verifier
from services.matching.clearing import curves as staircases
from services.matching.clearing.verifier import Figures, Verdict
from services.matching.model import Agreement, CallOff, ClearingEvidence, ClearingRecord, Price, Proposal, Tender, priced_region
from services.matching.model.proposal import HIDDEN
from services.matching.store import (
    AGREEMENTS,
    CALL_OFFS,
    CLEARINGS,
    EVIDENCE,
    EVIDENCE_DAYS,
    PRICES,
    PROPOSALS,
    TENDERS,
    latest_prices,
    made_by,
)
from shared.auth import Caller
from shared.http.filters import in_material, in_region
from shared.mongo import Page, Unit
from shared.problem import NotFound

SIDES = {"collector": "terms.seller_id", "buyer": "terms.buyer_id"}
"""On which side of a proposal a role stands; the operator sees all that parties see."""


class NoEvidence(Exception):
    """A clearing that can't be looked at again; the text says why."""


def proposals(unit: Unit, caller: Caller, filters: dict[str, str | None], cursor: str | None, limit: int) -> Page[Proposal]:
    """The caller's proposals, newest first; those that listings has not reserved are nobody's yet."""
    conditions: list[dict[str, Any]] = [{"status": {"$nin": list(HIDDEN)}}]
    conditions += [_condition(name, value) for name, value in filters.items() if value is not None]
    side = SIDES.get(caller.role)
    if side is not None:
        conditions.append({side: caller.organisation_id})
    return PROPOSALS.page(unit, {"$and": conditions}, cursor, limit)


def _condition(name: str, value: str) -> dict[str, Any]:
    if name == "material":
        return in_material("terms.grade", value)
    if name == "region":
        return {"$or": [in_region("terms.origin.region", value), in_region("terms.destination.region", value)]}
    return {f"terms.{name}" if name in ("lot_id", "demand_id", "mode") else name: value}


def tenders(
    unit: Unit, caller: Caller, filters: dict[str, str | None], mine: bool, cursor: str | None, limit: int
) -> Page[Tender]:
    """The open ones, and the caller's own whatever became of them, newest first; `mine` leaves out the others'."""
    own: list[dict[str, Any]] = [{"seller_id": caller.organisation_id}, {"bids.buyer_id": caller.organisation_id}]
    conditions = _conditions(filters)
    if mine or caller.role != "operator":
        conditions.append({"$or": own if mine else [{"status": "open"}, *own]})
    return TENDERS.page(unit, {"$and": conditions} if conditions else {}, cursor, limit)


def agreements(unit: Unit, caller: Caller, filters: dict[str, str | None], cursor: str | None, limit: int) -> Page[Agreement]:
    """The caller's agreements, newest first; the operator's are all."""
    conditions = _conditions(filters)
    if caller.role != "operator":
        conditions.append({"seller_id" if caller.role == "collector" else "buyer_id": caller.organisation_id})
    return AGREEMENTS.page(unit, {"$and": conditions} if conditions else {}, cursor, limit)


def call_offs(
    unit: Unit, agreement: Agreement, filters: dict[str, str | None], cursor: str | None, limit: int
) -> Page[CallOff]:
    """What was called off an agreement, newest first."""
    return CALL_OFFS.page(unit, {"$and": [{"agreement_id": agreement.id}, *_conditions(filters)]}, cursor, limit)


def _conditions(filters: dict[str, str | None]) -> list[dict[str, Any]]:
    """Of documents that have a `grade` and a `region` of their own."""
    found = {"material": lambda code: in_material("grade", code), "region": lambda code: in_region("region", code)}
    named = ((name, value) for name, value in filters.items() if value is not None)
    return [found[name](value) if name in found else {name: value} for name, value in named]


def clearings(unit: Unit, material: str | None, status: str | None, cursor: str | None, limit: int) -> Page[ClearingRecord]:
    """Clearings, newest first."""
    where: dict[str, Any] = {"status": status} if status else {}
    if material:
        where["material"] = material.split(".", 1)[0]
    return CLEARINGS.page(unit, where, cursor, limit)


def prices(unit: Unit, filters: dict[str, str | None], latest: bool, cursor: str | None, limit: int) -> Page[Price]:
    """Prices by day, newest first, of days, regions and grades that have or carry one; `latest`: of each grade in each region
    the newest alone."""
    conditions: list[dict[str, Any]] = [{"median_fen_per_t": {"$ne": None}}]
    for name in ("material", "grade"):
        if (codes := filters[name]) is not None:
            conditions.append({"$or": [in_material("grade", code) for code in codes.split(",")]})
    if (regions := filters["region"]) is not None:
        conditions.append({"region": {"$in": [priced_region(code) for code in regions.split(",")]}})
    if (since := filters["from_"]) is not None:
        conditions.append({"day": {"$gte": since}})
    if (until := filters["to"]) is not None:
        conditions.append({"day": {"$lt": until}})
    where: dict[str, Any] = {"$and": conditions}
    return PRICES.page(unit, {"_id": {"$in": latest_prices(unit, where)}} if latest else where, cursor, limit)


def clearing(unit: Unit, identifier: str) -> ClearingRecord:
    """Raises NotFound."""
    return CLEARINGS.get(unit, identifier)


def curves(unit: Unit, identifier: str) -> Curves:
    """Supply and demand as the clearing read them, with what it matched. Raises NotFound, also where its input is gone."""
    try:
        _, evidence = _evidence(unit, identifier)
    except NoEvidence as why:
        zh = f"撮合的输入只保留 {EVIDENCE_DAYS} 天，或还没有运行"
        raise NotFound(zh=zh, en=str(why)) from why
    matched: dict[str, int] = {}
    for proposal in made_by(unit, identifier):
        for side in (proposal.terms.lot_id, proposal.terms.demand_id):
            matched[side] = matched.get(side, 0) + proposal.terms.kg
    return staircases(decoded(unpacked(evidence.input)), matched)


def verify(unit: Unit, identifier: str) -> Verdict:
    """Check a clearing's feasibility, figures, bound and node prices against what it read. Raises NotFound, NoEvidence."""
    record, evidence = _evidence(unit, identifier)
    figures = Figures(record.matched_kg, record.surplus_fen, record.objective_fen, record.bound_fen, record.gap_pct)
    market, proof = unpacked(evidence.input), unpacked(evidence.proof)
    takes = [_take(proposal) for proposal in made_by(unit, identifier)]
    verdict = verifier.verify(orjson.loads(market), orjson.loads(proof), figures, takes)
    same = digest(market, record.solver) == record.input_digest
    verdict.check("input", iter([None if same else "what is stored is not what the clearing's digest names"]))
    return verdict


def replay(unit: Unit, identifier: str) -> list[str]:
    """Clear the stored input once more; what came out differently. Raises NotFound, NoEvidence."""
    record, evidence = _evidence(unit, identifier)
    again = clear(decoded(unpacked(evidence.input)))
    if again.solver != record.solver:
        raise NoEvidence(f"It was cleared by {record.solver}, and this is {again.solver}; `verify` does not need the same.")
    pairs = (
        ("input digest", record.input_digest, again.input_digest),
        ("kilograms matched", record.matched_kg, again.matched_kg),
        ("surplus, fen", record.surplus_fen, again.surplus_fen),
        ("objective, fen", record.objective_fen, again.objective_fen),
        ("bound, fen", record.bound_fen, again.bound_fen),
        ("work", record.work, again.work),
        ("digest of the proof", _short(unpacked(evidence.proof)), _short(unpacked(packed(again.input, again.proof)[1]))),
    )
    differences = [f"{name}: it was {was}, now {now}" for name, was, now in pairs if was != now]
    was = {_take(proposal) for proposal in made_by(unit, identifier)}
    now = {verifier.Take(**{name: _of_match(match, name) for name in TAKE}) for match in again.matches}
    differences += [f"proposed then, not now: {take}" for take in sorted(was - now, key=str)]
    return differences + [f"proposed now, not then: {take}" for take in sorted(now - was, key=str)]


def _evidence(unit: Unit, identifier: str) -> tuple[ClearingRecord, ClearingEvidence]:
    record = clearing(unit, identifier)
    evidence = EVIDENCE.find(unit, identifier)
    if evidence is None:
        why = (
            "has not run yet" if record.status == "requested" else f"has no input any more: it is kept for {EVIDENCE_DAYS} days"
        )
        raise NoEvidence(f"The clearing {identifier} {why}.")
    return record, evidence


def _short(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


TAKE = tuple(field.name for field in fields(verifier.Take))


def _take(proposal: Proposal) -> verifier.Take:
    return verifier.Take(**{name: getattr(proposal if hasattr(proposal, name) else proposal.terms, name) for name in TAKE})


def _of_match(match: Match, name: str) -> Any:
    return getattr(match if hasattr(match, name) else match.option, name)
