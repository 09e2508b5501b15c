"""Shapes of matching, in and out."""

from services.matching.schemas.clearings import ClearingIn, ClearingOut, ClearingQuery
from services.matching.schemas.explanations import ChangeOut, ExplanationOut, ProposalExplanationOut
from services.matching.schemas.prices import PriceOut, PriceQuery
from services.matching.schemas.proposals import AcceptIn, CounterIn, ProposalOut, ProposalQuery, RejectIn
from services.matching.schemas.tenders import BidIn, BidOut, TenderIn, TenderOut, TenderQuery

__all__ = [
    "AcceptIn",
    "BidIn",
    "BidOut",
    "ChangeOut",
    "ClearingIn",
    "ClearingOut",
    "ClearingQuery",
    "CounterIn",
    "ExplanationOut",
    "PriceOut",
    "PriceQuery",
    "ProposalExplanationOut",
    "ProposalOut",
    "ProposalQuery",
    "RejectIn",
    "TenderIn",
    "TenderOut",
    "TenderQuery",
]
