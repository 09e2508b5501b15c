"""The rules of matching: the book, proposals, tenders, agreements, clearings as records. Pure; methods return events."""

from services.matching.model.book import BookDemand, BookLot, Material, RefusedPair, pair_id
from services.matching.model.clearing import ClearingEvidence, ClearingRecord
from services.matching.model.price import Price, price_id
from services.matching.model.proposal import Offer, Proposal, RunnerUp, Side
from services.matching.model.tender import Bid, Tender

__all__ = [
    "Bid",
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
    "Tender",
    "pair_id",
    "price_id",
]
