"""The read side: volumes, flows, balances, targets, the market."""

from __future__ import annotations

from services.regions.views.market import LATEST, Market, market
from services.regions.views.outcomes import emission_source, factor_of, factors, outcomes
from services.regions.views.sight import Sight, sight_of
from services.regions.views.targets import Outcome, list_targets, national, progress, read_target
from services.regions.views.volumes import (
    EVER,
    MOST_FLOWS,
    Asked,
    Flow,
    Found,
    Kind,
    VolumeRow,
    balance,
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
    "Asked",
    "Flow",
    "Found",
    "Kind",
    "Market",
    "Outcome",
    "Sight",
    "VolumeRow",
    "balance",
    "code_of",
    "emission_source",
    "entries",
    "factor_of",
    "factors",
    "flows",
    "known_region",
    "list_regions",
    "list_targets",
    "market",
    "national",
    "outcomes",
    "place",
    "progress",
    "read_target",
    "revisions",
    "sight_of",
    "volumes",
]
