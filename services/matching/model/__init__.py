"""The rules of matching: the book, proposals, tenders, agreements, clearings as records. Pure; methods return events."""

from services.matching.model.agreement import Agreement, AgreementTerms, CallOff, Month, later, month_of
from services.matching.model.book import Allowance, Block, BookDemand, BookLot, Material, RefusedPair, Reserves, pair_id
from services.matching.model.clearing import ClearingEvidence, ClearingRecord
from services.matching.model.price import Price, price_id, priced_region
from services.matching.model.proposal import Offer, Proposal, RunnerUp, Side
from services.matching.model.tender import Bid, Tender

__all__ = [
    "Agreement",
    "AgreementTerms",
    "Allowance",
    "Bid",
    "Block",
    "BookDemand",
    "BookLot",
    "CallOff",
    "ClearingEvidence",
    "ClearingRecord",
    "Material",
    "Month",
    "Offer",
    "Price",
    "Proposal",
    "RefusedPair",
    "Reserves",
    "RunnerUp",
    "Side",
    "Tender",
    "later",
    "month_of",
    "pair_id",
    "price_id",
    "priced_region",
]
