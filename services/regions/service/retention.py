"""Hours become days, and days months, as the policy says."""

from __future__ import annotations

from services.regions.model import Cell, Retention, cell_id, month_of
from services.regions.store import CELLS, RETENTIONS, drop_hours, retention_of, take_days
from services.regions.store.state import is_of_present_form, is_paused
from shared.mongo import Database, Unit

STEP = 500
"""Cells in one transaction: it meets the consumer, which then begins its batch again."""
STEPS = 40


def thin_due(database: Database) -> None:
    """The timer: move on to what the policy keeps; in later rounds some steps of what that leaves to do, when no reader and no
    transaction goes by what was kept before. It stands still while a rebuilt state takes the place of this one, and while it is
    of another form."""
    unit = database.read()
    if not is_paused(unit) and is_of_present_form(unit) and not database.write(_advance):
        thin(database, STEPS)


def _advance(unit: Unit) -> bool:
    retention, settings = retention_of(unit), unit.settings
    moved = retention.advance(unit.now, settings.hours_are_kept_days, settings.days_are_kept_months)
    if moved:
        RETENTIONS.save(unit, retention)
    return moved


def keep_as(database: Database, retention: Retention) -> None:
    """Keep what another state keeps."""
    database.write(lambda unit: RETENTIONS.save(unit, retention))


def thin(database: Database, steps: int | None = None) -> None:
    """Add up what is no longer kept apart, in so many steps (None: all)."""
    while (steps is None or steps > 0) and database.write(_step):
        steps = None if steps is None else steps - 1


def _step(unit: Unit) -> bool:
    """Whether there was something to do. No sum changes in it."""
    kept = retention_of(unit)
    if kept.hours_from is not None and drop_hours(unit, kept.hours_from, STEP):
        return True
    days = [] if kept.days_from is None else take_days(unit, kept.days_from, STEP)
    named = [(cell_id(day.side, day.place, "month", month_of(day.start)), day) for day in days]
    unit.read_ahead((CELLS,), {identifier for identifier, _ in named})
    for identifier, day in named:
        known = CELLS.find(unit, identifier)
        month = known or Cell(identifier, 0, day.side, day.place, "month", month_of(day.start))
        month.take_in(day)
        CELLS.save(unit, month)
    return bool(days)
