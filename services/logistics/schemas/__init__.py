"""Shapes of logistics: quotes, what is reported of a load, shipments."""

from services.logistics.schemas.earnings import DAYS, EarnedOut, EarningsOut, EarningsQuery
from services.logistics.schemas.photos import PhotoOut
from services.logistics.schemas.quotes import QuoteIn, QuoteOption, QuoteQuery, QuotesOut
from services.logistics.schemas.reports import CorrectionIn, EventIn
from services.logistics.schemas.shipments import AssignIn, ShipmentOut, ShipmentQuery

__all__ = [
    "DAYS",
    "AssignIn",
    "CorrectionIn",
    "EarnedOut",
    "EarningsOut",
    "EarningsQuery",
    "EventIn",
    "PhotoOut",
    "QuoteIn",
    "QuoteOption",
    "QuoteQuery",
    "QuotesOut",
    "ShipmentOut",
    "ShipmentQuery",
]
