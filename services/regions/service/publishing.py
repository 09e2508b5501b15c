"""Publishing: once a day is over, what of it reveals no single firm."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.regions.ledger.publishing import DAY, published_of
from services.regions.model import PublishedDay, day_of
from services.regions.store import PUBLISHED, PUBLISHED_DAYS, first_told, grains_told, last_published
from shared.bus.pulse import workers
from shared.clock import SHANGHAI
from shared.mongo import Database, Unit

GRACE = timedelta(minutes=15)
"""After midnight in China, for what is still on its way."""


def publish_due(database: Database) -> None:
    """The timer: each day of telling that is over, in order. While events wait that may belong to it, it waits too: what comes
    after a day is published is shown to nobody but its own firms and those who see the region in full."""
    while (day := _due(database.read())) is not None:
        database.write(lambda unit, day=day: publish_day(unit, day))  # type: ignore[misc]


def _due(unit: Unit) -> datetime | None:
    last = last_published(unit)
    told = first_told(unit, None if last is None else last.recorded + DAY)
    if told is None:
        return None
    day = day_of(told)
    return day if day + DAY + GRACE <= unit.now and _has_caught_up(unit) else None


def _has_caught_up(unit: Unit) -> bool:
    """Whether the room's consumer had nothing left to hear a moment ago."""
    lags = [one.lag for worker in workers(unit) for one in worker.consumers if one.name == unit.database.room]
    return bool(lags) and all(lag == 0 for lag in lags)


def publish_day(unit: Unit, day: datetime) -> None:
    """Once for good; again it changes nothing."""
    name = f"{day.astimezone(SHANGHAI):%Y-%m-%d}"
    if PUBLISHED_DAYS.find(unit, name) is not None:
        return
    grains, facts = grains_told(unit, day)
    PUBLISHED.add(unit, *published_of(grains))
    PUBLISHED_DAYS.add(unit, PublishedDay(name, 1, day, facts, unit.now))
