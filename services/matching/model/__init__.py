"""The rules of matching: the book, proposals, clearings as records. Pure; methods return events."""

from services.matching.model.book import BookDemand, BookLot, Material, RefusedPair, pair_id
from services.matching.model.clearing import ClearingEvidence, ClearingRecord
from services.matching.model.price import Price, price_id
from services.matching.model.proposal import Offer, Proposal, RunnerUp, Side

__all__ = [
    "BookDemand",
    "BookLot",
    "ClearingEvidence",
    "ClearingRecord",
    "Material",
    "Offer",
    "Price",
    "Proposal",
    "RefusedPair",
    "RunnerUp",
    "Side",
    "pair_id",
    "price_id",
]
