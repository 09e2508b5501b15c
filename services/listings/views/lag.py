"""How far the index is behind: the age of the oldest change that it does not have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from services.listings.store import changed_since
from services.listings.views.index import KINDS, Kind, index_of
from shared.bus.consumer import ServerIsUnreachable
from shared.mongo import Database, Unit
from shared.observe import INDEX_LAG
from shared.problem import ServiceIsUnavailable
from shared.search import IndexIsMissing, versions

log = structlog.get_logger("listings.index")
AT_ONCE = 1000
PAGES = 10
"""Of changes looked at in one go; a flood is caught up with in the next."""
LOOKED_BACK = timedelta(hours=1)
"""Where a worker that starts begins to look; `huanliu search check` looks at everything."""
OVERLAP = timedelta(seconds=10)
"""A transaction commits up to this long after the time its change bears."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """Which version of a lot its index has (None: it has none), and which the database."""

    index: str
    version: int | None
    database_version: int


def indexed(unit: Unit, lot_id: str) -> Indexed:
    """Raises NotFound, ServiceIsUnavailable."""
    kind = KINDS["lots"]
    lot = kind.repository.get(unit, lot_id)
    index = index_of(unit.settings, kind.name)
    try:
        held = versions(index, [lot_id])
    except (ServerIsUnreachable, IndexIsMissing) as error:
        raise ServiceIsUnavailable(zh="搜索服务暂不可用", en="The search index does not answer") from error
    return Indexed(index.alias, held.get(lot_id), lot.version)


class Lag:
    """Keeps up to which time each index was seen to have everything."""

    def __init__(self) -> None:
        self._sound: dict[str, datetime] = {}

    def measure(self, database: Database) -> dict[str, float]:
        """Seconds by index, told to the metrics as well. While the index cannot be asked, everything since it was last sound
        counts as missing."""
        unit = database.read()
        found: dict[str, float] = {}
        for kind in KINDS.values():
            alias = unit.settings.index(kind.name)
            since = self._sound.get(alias, unit.now - LOOKED_BACK)
            try:
                self._sound[alias], found[kind.name] = _looked_at(unit, kind, since)
            except (ServerIsUnreachable, IndexIsMissing) as error:
                log.warning("the index's lag is not known", index=kind.name, error=str(error))
                found[kind.name] = (unit.now - since).total_seconds()
            INDEX_LAG.labels(kind.name).set(found[kind.name])
        return found


def _looked_at(unit: Unit, kind: Kind, since: datetime) -> tuple[datetime, float]:
    """Up to when the index has everything, from `since` on, and the seconds of the oldest change that it lacks. Raises
    ServerIsUnreachable, IndexIsMissing."""
    at, after = since, ""
    for _ in range(PAGES):
        changes = changed_since(unit, kind.repository, at, after, AT_ONCE)
        held = versions(index_of(unit.settings, kind.name), [one.id for one in changes])
        late = next((one for one in changes if held.get(one.id, 0) < one.version), None)
        if late is not None:
            return min(late.at, unit.now - OVERLAP), max(0.0, (unit.now - late.at).total_seconds())
        if len(changes) < AT_ONCE:
            return unit.now - OVERLAP, 0.0
        at, after = changes[-1].at, changes[-1].id
    return min(at, unit.now - OVERLAP), 0.0
