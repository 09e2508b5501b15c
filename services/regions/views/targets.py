"""Targets with their progress, and the nation's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from services.regions import store
from services.regions.ledger import Span
from services.regions.model import Progress, Target
from services.regions.views.volumes import Asked, volumes
from shared.mongo import Page, Unit
from shared.tables import read_table


def list_targets(unit: Unit, where: Mapping[str, str], cursor: str | None, limit: int) -> Page[tuple[Target, Progress]]:
    """Newest first, each with how far it is."""
    page = store.TARGETS.page(unit, where, cursor, limit)
    return Page([(one, progress(unit, one)) for one in page.items], page.next_cursor)


def read_target(unit: Unit, target_id: str) -> tuple[Target, Progress]:
    """Raises NotFound."""
    target = store.TARGETS.get(unit, target_id)
    return target, progress(unit, target)


def progress(unit: Unit, target: Target) -> Progress:
    """How far it is now."""
    terms = target.terms
    asked = Asked(terms.material, Span(terms.start, terms.end), terms.side, "year")
    reached = sum(row.kg[terms.measure] for row in volumes(unit, terms.region, asked))
    return Progress.of(terms, reached, unit.now)


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
