"""Shapes of matching, in and out."""

from services.matching.schemas.agreements import (
    AgreementIn,
    AgreementOut,
    AgreementQuery,
    CallOffIn,
    CallOffOut,
    CallOffQuery,
    EndIn,
)
from services.matching.schemas.clearings import ClearingIn, ClearingOut, ClearingQuery, CurvesOut
from services.matching.schemas.explanations import ChangeOut, ExplanationOut, ProposalExplanationOut
from services.matching.schemas.prices import PriceOut, PriceQuery
from services.matching.schemas.proposals import AcceptIn, CounterIn, ProposalOut, ProposalQuery, RejectIn
from services.matching.schemas.tenders import BidIn, BidOut, TenderIn, TenderOut, TenderQuery

__all__ = [
    "AcceptIn",
    "AgreementIn",
    "AgreementOut",
    "AgreementQuery",
    "BidIn",
    "BidOut",
    "CallOffIn",
    "CallOffOut",
    "CallOffQuery",
    "ChangeOut",
    "ClearingIn",
    "ClearingOut",
    "ClearingQuery",
    "CounterIn",
    "CurvesOut",
    "EndIn",
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
