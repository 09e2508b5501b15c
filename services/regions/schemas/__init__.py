"""Shapes in and out."""

from __future__ import annotations

from services.regions.schemas.market import ClearingOut, LatestTradeOut, MarketOut
from services.regions.schemas.outcomes import OutcomesOut
from services.regions.schemas.queries import (
    BalanceQuery,
    EntriesQuery,
    FlowsQuery,
    Material,
    RegionCode,
    RegionsQuery,
    RevisionsQuery,
    SpanQuery,
    VolumesQuery,
)
from services.regions.schemas.reports import (
    MEDIA,
    FileQuery,
    ReportIn,
    ReportOut,
    ReportsQuery,
    ScheduleIn,
    ScheduleOut,
    SchedulesQuery,
)
from services.regions.schemas.tables import csv_of
from services.regions.schemas.targets import (
    NationalTargetOut,
    OutcomeOut,
    ProgressOut,
    TargetIn,
    TargetOut,
    TargetPatch,
    TargetsQuery,
    national_out,
)
from services.regions.schemas.volumes import (
    AccountsOut,
    BalanceOut,
    EntryOut,
    FlowOut,
    MaterialAccountsOut,
    RegionOut,
    RevisionOut,
    VolumeOut,
    regions_out,
)

__all__ = [
    "MEDIA",
    "AccountsOut",
    "BalanceOut",
    "BalanceQuery",
    "ClearingOut",
    "EntriesQuery",
    "EntryOut",
    "FileQuery",
    "FlowOut",
    "FlowsQuery",
    "LatestTradeOut",
    "MarketOut",
    "Material",
    "MaterialAccountsOut",
    "NationalTargetOut",
    "OutcomeOut",
    "OutcomesOut",
    "ProgressOut",
    "RegionCode",
    "RegionOut",
    "RegionsQuery",
    "ReportIn",
    "ReportOut",
    "ReportsQuery",
    "RevisionOut",
    "RevisionsQuery",
    "ScheduleIn",
    "ScheduleOut",
    "SchedulesQuery",
    "SpanQuery",
    "TargetIn",
    "TargetOut",
    "TargetPatch",
    "TargetsQuery",
    "VolumeOut",
    "VolumesQuery",
    "csv_of",
    "national_out",
    "regions_out",
]
