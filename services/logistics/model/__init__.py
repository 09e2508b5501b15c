"""The rules of haulage: shipments and their steps, a trade's haulage, a received load's kilograms."""

from services.logistics.model.correction import Changes, Correction, Weighing
from services.logistics.model.haulage import Haulage, load_of
from services.logistics.model.intake import Intake, intake
from services.logistics.model.photo import Photo, PhotoFile
from services.logistics.model.shipment import ENDED, STEPS, Recorded, Report, Reported, Shipment, Status, freight_fen

__all__ = [
    "ENDED",
    "STEPS",
    "Changes",
    "Correction",
    "Haulage",
    "Intake",
    "Photo",
    "PhotoFile",
    "Recorded",
    "Report",
    "Reported",
    "Shipment",
    "Status",
    "Weighing",
    "freight_fen",
    "intake",
    "load_of",
]
