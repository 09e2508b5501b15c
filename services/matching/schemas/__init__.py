"""Shapes of matching, in and out."""

from services.matching.schemas.clearings import ClearingIn, ClearingOut, ClearingQuery
from services.matching.schemas.explanations import ChangeOut, ExplanationOut, ProposalExplanationOut
from services.matching.schemas.prices import PriceOut, PriceQuery
from services.matching.schemas.proposals import AcceptIn, CounterIn, ProposalOut, ProposalQuery, RejectIn

__all__ = [
    "AcceptIn",
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
]
