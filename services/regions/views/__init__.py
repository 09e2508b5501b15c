"""The read side: volumes, flows, balances, targets, the market."""

from __future__ import annotations

from services.regions.views.feed import FeedRow, feed
from services.regions.views.market import LATEST, Market, market
from services.regions.views.names import material_name, place_name
from services.regions.views.outcomes import emission_source, factor_of, factors, outcomes
from services.regions.views.published import Seen, flows_seen, parts_seen, volumes_seen
from services.regions.views.reports import list_reports, list_schedules, read_file, read_report, read_schedule
from services.regions.views.returns import return_of
from services.regions.views.sight import WHOLE, Sight, sight_of, sight_of_body
from services.regions.views.targets import Outcome, list_targets, national, progress, progress_seen, read_target
from services.regions.views.volumes import (
    EVER,
    MOST_FLOWS,
    Asked,
    Flow,
    Found,
    Kind,
    VolumeRow,
    balance,
    check_kept,
    code_of,
    entries,
    flows,
    known_region,
    list_regions,
    place,
    revisions,
    volumes,
)

__all__ = [
    "EVER",
    "LATEST",
    "MOST_FLOWS",
    "WHOLE",
    "Asked",
    "FeedRow",
    "Flow",
    "Found",
    "Kind",
    "Market",
    "Outcome",
    "Seen",
    "Sight",
    "VolumeRow",
    "balance",
    "check_kept",
    "code_of",
    "emission_source",
    "entries",
    "factor_of",
    "factors",
    "feed",
    "flows",
    "flows_seen",
    "known_region",
    "list_regions",
    "list_reports",
    "list_schedules",
    "list_targets",
    "market",
    "material_name",
    "national",
    "outcomes",
    "parts_seen",
    "place",
    "place_name",
    "progress",
    "progress_seen",
    "read_file",
    "read_report",
    "read_schedule",
    "read_target",
    "return_of",
    "revisions",
    "sight_of",
    "sight_of_body",
    "volumes",
    "volumes_seen",
]
