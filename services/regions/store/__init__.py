"""The room's collections, and the sums that only the database should make, in a file for each concern."""

from __future__ import annotations

from typing import Any

from services.regions.store import alarms, allowances, watched
from services.regions.store.conditions import at_place, in_span, lies_in, of_firm, of_material
from services.regions.store.ledger import (
    LOT_ACCOUNTS,
    POSTINGS,
    REGION_ACCOUNTS,
    LotAccountsDocument,
    PostingDocument,
    RegionAccountsDocument,
    page_of_entries,
    postings_of,
    sum_balance,
    sum_own_balance,
)
from services.regions.store.market import (
    CLEARINGS,
    LISTINGS,
    TRADES,
    ClearingDocument,
    ListingDocument,
    TradeDocument,
    sum_open,
    sum_trades,
)
from services.regions.store.outcomes import sum_received
from services.regions.store.published import (
    PUBLISHED,
    PUBLISHED_DAYS,
    PublishedDayDocument,
    PublishedDocument,
    first_told,
    grains_told,
    last_published,
    own_facts,
    pieces,
)
from services.regions.store.reports import (
    REPORT_FILES,
    REPORTS,
    SCHEDULES,
    ReportDocument,
    ReportFileDocument,
    ReportScheduleDocument,
    due_schedules,
    queued_reports,
)
from services.regions.store.retention import RETENTIONS, RetentionDocument, retention_of
from services.regions.store.state import FormDocument
from services.regions.store.targets import TARGETS, TargetDocument
from services.regions.store.volumes import (
    CELLS,
    FACTS,
    CellDocument,
    FactDocument,
    Wanted,
    drop_hours,
    page_of_revisions,
    sum_flows,
    sum_volumes,
    sums_of_volumes,
    take_days,
    waiting_facts,
)
from shared import parties
from shared.mongo import Repository, Sealed

DOCUMENTS: tuple[type[Sealed], ...] = (
    PostingDocument,
    LotAccountsDocument,
    RegionAccountsDocument,
    FactDocument,
    CellDocument,
    RetentionDocument,
    FormDocument,
    ListingDocument,
    TradeDocument,
    ClearingDocument,
    TargetDocument,
    ReportDocument,
    ReportFileDocument,
    ReportScheduleDocument,
    PublishedDocument,
    PublishedDayDocument,
    *parties.DOCUMENTS,
    *watched.DOCUMENTS,
    *allowances.DOCUMENTS,
    *alarms.DOCUMENTS,
)
BY_ID: tuple[Repository[Any], ...] = (LOT_ACCOUNTS, LISTINGS, TRADES, *parties.BY_ID)
"""What events name, read before each batch of them."""

__all__ = [
    "BY_ID",
    "CELLS",
    "CLEARINGS",
    "DOCUMENTS",
    "FACTS",
    "LISTINGS",
    "LOT_ACCOUNTS",
    "POSTINGS",
    "PUBLISHED",
    "PUBLISHED_DAYS",
    "REGION_ACCOUNTS",
    "REPORTS",
    "REPORT_FILES",
    "RETENTIONS",
    "SCHEDULES",
    "TARGETS",
    "TRADES",
    "Wanted",
    "at_place",
    "drop_hours",
    "due_schedules",
    "first_told",
    "grains_told",
    "in_span",
    "last_published",
    "lies_in",
    "of_firm",
    "of_material",
    "own_facts",
    "page_of_entries",
    "page_of_revisions",
    "pieces",
    "postings_of",
    "queued_reports",
    "retention_of",
    "sum_balance",
    "sum_flows",
    "sum_open",
    "sum_own_balance",
    "sum_received",
    "sum_trades",
    "sum_volumes",
    "sums_of_volumes",
    "take_days",
    "waiting_facts",
]
