"""Targets, set by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from services.regions.model import (
    Target,
    TargetTerms,
)
from services.regions.store import (
    TARGETS,
)
from shared.auth import Caller, authorise
from shared.ids import new_id
from shared.mongo import Unit

Status = Literal["standing", "withdrawn"]


def create_target(unit: Unit, caller: Caller, terms: TargetTerms) -> Target:
    """What a region is to reach."""
    authorise(caller, "targets.create")
    target = Target(new_id(), 1, terms, unit.now, unit.now)
    TARGETS.add(unit, target)
    unit.emit(*target.told())
    return target


def change_target(
    unit: Unit,
    caller: Caller,
    target_id: str,
    check: Callable[[int], None],
    revise: Callable[[Target], tuple[TargetTerms, Status]],
) -> Target:
    """Raises NotFound, VersionIsStale, InputIsInvalid."""
    target = TARGETS.get(unit, target_id)
    authorise(caller, "targets.change", {"visible"})
    check(target.version)
    told = target.change(*revise(target), unit.now)
    if told:
        TARGETS.save(unit, target)
        unit.emit(*told)
    return target
