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
    VolumeRow,
    balance,
    flows,
    known_region,
    list_regions,
    volumes,
)

__all__ = [
    "EVER",
    "LATEST",
    "MOST_FLOWS",
    "Asked",
    "Flow",
    "Market",
    "Outcome",
    "Sight",
    "VolumeRow",
    "balance",
    "emission_source",
    "factor_of",
    "factors",
    "flows",
    "known_region",
    "list_regions",
    "list_targets",
    "market",
    "national",
    "outcomes",
    "progress",
    "read_target",
    "sight_of",
    "volumes",
]
