"""Targets with their progress, and the nation's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from services.regions import store
from services.regions.ledger import Span
from services.regions.model import Progress, Target
from services.regions.views.published import volumes_seen
from services.regions.views.sight import WHOLE, Sight, sight_of
from services.regions.views.volumes import Asked
from shared.auth import Caller
from shared.mongo import Page, Unit
from shared.tables import read_table


def list_targets(
    unit: Unit, caller: Caller, where: Mapping[str, str], cursor: str | None, limit: int
) -> Page[tuple[Target, Progress, bool]]:
    """Newest first, each with how far it is as far as the caller may see, and whether something is kept back."""
    page = store.TARGETS.page(unit, where, cursor, limit)
    return Page([(one, *progress_seen(unit, caller, one)) for one in page.items], page.next_cursor)


def read_target(unit: Unit, caller: Caller, target_id: str) -> tuple[Target, Progress, bool]:
    """Raises NotFound."""
    target = store.TARGETS.get(unit, target_id)
    return target, *progress_seen(unit, caller, target)


def progress_seen(unit: Unit, caller: Caller, target: Target) -> tuple[Progress, bool]:
    """How far it is now, by the kilograms that the caller may see; and whether there may be more."""
    return _progress(unit, sight_of(unit, caller, target.terms.region), target)


def progress(unit: Unit, target: Target) -> Progress:
    """How far it is now."""
    return _progress(unit, WHOLE, target)[0]


def _progress(unit: Unit, sight: Sight, target: Target) -> tuple[Progress, bool]:
    terms = target.terms
    asked = Asked(terms.material, Span(terms.start, terms.end), terms.side, "year")
    seen = volumes_seen(unit, terms.region, sight, asked)
    return Progress.of(terms, sum(row.kg[terms.measure] for row in seen.rows), unit.now), seen.withheld


@dataclass(frozen=True)
class Outcome:
    """What was reached nationally, and whether its measure is the target's: only then may they be compared."""

    facts: Mapping[str, str]
    same_measure: bool


@cache
def national() -> tuple[tuple[Mapping[str, str], tuple[Outcome, ...]], ...]:
    """The national targets, each with its outcomes."""
    actuals = read_table("services.regions", "policy_actuals.csv")
    return tuple(
        (
            target,
            tuple(Outcome(one, one["measure"] == target["measure"]) for one in actuals if one["target"] == target["code"]),
        )
        for target in read_table("services.regions", "policy_targets.csv")
    )
