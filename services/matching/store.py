"""Collections of matching: the book, allowances, reserve prices, proposals, tenders, agreements, clearings, prices."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from services.matching.model import (
    Agreement,
    Allowance,
    Block,
    BookDemand,
    BookLot,
    CallOff,
    ClearingEvidence,
    ClearingRecord,
    Material,
    Price,
    Proposal,
    RefusedPair,
    Reserves,
    Tender,
)
from services.matching.model.tender import RUNNING
from shared import parties
from shared.mongo import Repository, Sealed, Unit

EVIDENCE_DAYS = 30
"""How long a clearing can be re-run and proved: its input is large."""


class BookLotDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "book_lots",
        "indexes": [["family", "open"], ["family", "came_at"], ["organisation_id", "family"], "site_id"],
    }


class AllowanceDocument(Sealed):
    meta = {"collection": "allowances", "indexes": ["organisation_id"]}  # noqa: RUF012


class BookDemandDocument(Sealed):
    meta = {"collection": "book_demands", "indexes": [["family", "open"]]}  # noqa: RUF012


class ProposalDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "proposals",
        "indexes": [
            "terms.lot_id",
            "terms.demand_id",
            ["terms.seller_id", "id"],
            ["terms.buyer_id", "id"],
            ["status", "id"],
            ["status", "expires_at"],
            ["family", "status"],
            "clearing_id",
            "tender_id",
            "agreement_id",
        ],
    }


class TenderDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "tenders",
        "indexes": ["lot_id", ["seller_id", "id"], ["bids.buyer_id", "id"], ["status", "closes_at"]],
    }


class AgreementDocument(Sealed):
    meta = {"collection": "agreements", "indexes": [["seller_id", "id"], ["buyer_id", "id"]]}  # noqa: RUF012


class CallOffDocument(Sealed):
    meta = {"collection": "call_offs", "indexes": [["agreement_id", "id"]]}  # noqa: RUF012


class ClearingDocument(Sealed):
    meta = {"collection": "clearings", "indexes": ["material", "status"]}  # noqa: RUF012


class EvidenceDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "clearing_evidence",
        "indexes": [{"fields": ["created_at"], "expireAfterSeconds": EVIDENCE_DAYS * 86_400}],
    }


class MaterialDocument(Sealed):
    meta = {"collection": "materials", "indexes": []}  # noqa: RUF012


class ReservesDocument(Sealed):
    meta = {"collection": "reserves", "indexes": []}  # noqa: RUF012


class RefusedPairDocument(Sealed):
    meta = {"collection": "refused_pairs", "indexes": ["lot_id"]}  # noqa: RUF012


class PriceDocument(Sealed):
    meta = {"collection": "prices", "indexes": [["grade", "region", "-day"]]}  # noqa: RUF012


class BlockDocument(Sealed):
    meta = {"collection": "blocks", "indexes": [["blocked", "organisation_id"]]}  # noqa: RUF012


BOOK_LOTS = Repository(BookLotDocument, BookLot)
ALLOWANCES = Repository(AllowanceDocument, Allowance)
BOOK_DEMANDS = Repository(BookDemandDocument, BookDemand)
PROPOSALS = Repository(ProposalDocument, Proposal)
TENDERS = Repository(TenderDocument, Tender)
AGREEMENTS = Repository(AgreementDocument, Agreement)
CALL_OFFS = Repository(CallOffDocument, CallOff)
CLEARINGS = Repository(ClearingDocument, ClearingRecord)
EVIDENCE = Repository(EvidenceDocument, ClearingEvidence)
MATERIALS = Repository(MaterialDocument, Material)
RESERVES = Repository(ReservesDocument, Reserves)
REFUSED_PAIRS = Repository(RefusedPairDocument, RefusedPair)
PRICES = Repository(PriceDocument, Price)
BLOCKS = Repository(BlockDocument, Block)
DOCUMENTS: tuple[type[Sealed], ...] = (
    BookLotDocument,
    BookDemandDocument,
    AllowanceDocument,
    ProposalDocument,
    TenderDocument,
    AgreementDocument,
    CallOffDocument,
    ClearingDocument,
    EvidenceDocument,
    MaterialDocument,
    ReservesDocument,
    RefusedPairDocument,
    PriceDocument,
    BlockDocument,
    *parties.DOCUMENTS,
)
BY_ID: tuple[Repository[Any], ...] = (BOOK_LOTS, BOOK_DEMANDS, PROPOSALS, ALLOWANCES, *parties.BY_ID)
"""What events name, read before each batch of them."""


def open_lots(unit: Unit, family: str) -> list[BookLot]:
    return BOOK_LOTS.select(unit, {"family": family, "open": True, "heard": True})


def lots_since(unit: Unit, family: str, since: datetime) -> list[BookLot]:
    """Lots listed after that moment, whatever became of them."""
    return BOOK_LOTS.select(unit, {"family": family, "came_at": {"$gt": since}, "heard": True})


def lots_listed_by(unit: Unit, family: str, organisations: Collection[str]) -> list[BookLot]:
    """All lots that these ever listed, open or not."""
    return BOOK_LOTS.select(unit, {"organisation_id": {"$in": list(organisations)}, "family": family, "heard": True})


def allowances_of(unit: Unit, organisations: Collection[str]) -> list[Allowance]:
    """Those that stand, of these producers, by id."""
    where = {"organisation_id": {"$in": list(organisations)}, "standing": True}
    return ALLOWANCES.select(unit, where, [("_id", 1)])


def open_demands(unit: Unit, family: str) -> list[BookDemand]:
    return BOOK_DEMANDS.select(unit, {"family": family, "open": True, "heard": True})


def unanswered(unit: Unit, family: str) -> list[Proposal]:
    """Proposals that listings has neither reserved nor refused: their tonnes are out of the book."""
    return PROPOSALS.select(unit, {"family": family, "status": "made"})


def holding(unit: Unit, demand_ids: Iterable[str]) -> list[Proposal]:
    """Proposals whose tonnes these demands hold or may come to hold."""
    where = {
        "terms.demand_id": {"$in": list(demand_ids)},
        "status": {"$in": ["made", "proposed", "agreed"]},
        "undone": False,
    }
    return PROPOSALS.select(unit, where)


def made_by(unit: Unit, clearing_id: str) -> list[Proposal]:
    """What a clearing proposed, in the order it was made; no counter-offers."""
    return PROPOSALS.select(unit, {"clearing_id": clearing_id, "replaces": None}, [("_id", 1)])


def undecided(unit: Unit, field: str, identifier: str) -> list[Proposal]:
    """Proposals of a lot (`terms.lot_id`) or demand (`terms.demand_id`) that await a decision."""
    return PROPOSALS.select(unit, {field: identifier, "status": "proposed"})


def overdue(unit: Unit, now: datetime, limit: int) -> list[Proposal]:
    return PROPOSALS.select(unit, {"status": "proposed", "expires_at": {"$lte": now}}, limit=limit)


def due_tenders(unit: Unit, now: datetime, limit: int) -> list[Tender]:
    """Tenders of which a bid is to be chosen; see `Tender.due`."""
    where = {"status": {"$in": list(RUNNING)}, "closes_at": {"$lte": now}, "proposal_id": None}
    return TENDERS.select(unit, where, [("closes_at", 1)], limit)


def refused_pairs(unit: Unit, lot_ids: Iterable[str]) -> list[RefusedPair]:
    return REFUSED_PAIRS.select(unit, {"lot_id": {"$in": list(lot_ids)}})


def requested(unit: Unit) -> list[ClearingRecord]:
    """Clearings an operator asked for, oldest first."""
    return CLEARINGS.select(unit, {"status": "requested"}, [("_id", 1)])


def latest_prices(unit: Unit, where: dict[str, Any]) -> list[str]:
    """Ids of the newest of these prices, one of each grade in each region."""
    series = {"grade": "$grade", "region": "$region"}
    pipeline = [{"$match": where}, {"$group": {"_id": series, "id": {"$max": "$_id"}}}]
    rows = unit.collection("prices").aggregate(pipeline, session=unit.session)
    return [row["id"] for row in rows]


def last_price(unit: Unit, grade: str, region: str, before: str | None = None) -> Price | None:
    """The newest price, or that of a day before the one named. None where there never were firms enough."""
    where: dict[str, Any] = {"grade": grade, "region": region, "median_fen_per_t": {"$ne": None}}
    if before is not None:
        where["day"] = {"$lt": before}
    return next(iter(PRICES.select(unit, where, [("day", -1)], 1)), None)


def blocked_pairs(unit: Unit, sellers: Collection[str], buyers: Collection[str]) -> frozenset[tuple[str, str]]:
    """Those (seller, buyer) of whom one blocked the other."""
    said = BLOCKS.select(unit, {"blocked": True, "organisation_id": {"$in": [*sellers, *buyers]}})
    both = [(one.organisation_id, one.counterparty_id) for one in said]
    pairs = [pair for one, other in both for pair in ((one, other), (other, one))]
    return frozenset(pair for pair in pairs if pair[0] in sellers and pair[1] in buyers)


def families_of(unit: Unit, organisations: Collection[str]) -> set[str]:
    """The families in which these have something open."""
    where = {"organisation_id": {"$in": list(organisations)}, "open": True}
    books = (BOOK_LOTS.name, BOOK_DEMANDS.name)
    return {family for name in books for family in unit.collection(name).distinct("family", where, session=unit.session)}
