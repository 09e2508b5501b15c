"""The audit that goes on all day: a whole one, then rounds that read and judge only what was written since.

A change stream names every document that was written, by a room or behind its back; topics go on from where they were left.
Each check is run on the groups of documents and events that carry what changed (`scopes.py`); sums across everything are kept
up by what is added (`sums.py`). What is in none of these is judged by a whole audit alone: `WHOLE_ONLY`.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from deploy.audit.difference import Difference
from deploy.audit.evidence import MARKS, WORKERS, Evidence, gather, read_rooms, read_topics
from deploy.audit.index import index_of
from deploy.audit.memory import Memory
from deploy.audit.run import CHECKS, PATIENCE_S, UNAPPLIED, Look, Verdict, audit, settled, timed
from deploy.audit.scopes import DEMANDS, ITSELF, LOTS, SCOPES, Scope
from deploy.audit.sums import SUMS
from shared.bus.reading import Offsets
from shared.mongo import Changed, Changes, ChangesAreLost, Database
from shared.settings import ROOMS, Settings

INDEXED = {"lots": LOTS, "demands": DEMANDS}
SEALS, INDEX = "seals", "index"
IN_ROUNDS = frozenset({*(scope.check for scope in SCOPES), *(one.check for one in SUMS), SEALS, INDEX})
WHOLE_ONLY = frozenset(CHECKS) - IN_ROUNDS
"""What rounds do not judge; nor documents of the index whose lot or demand was not written."""
RETENTION = ("regions", "retentions")
AT_ONCE = 1_000


class Rounds:
    """`whole` first; then `round` as often as wanted, and `whole` now and then. Keeps all that it read in memory."""

    def __init__(self, settings: Settings, report: Callable[[str], None] = lambda _: None) -> None:
        self.settings, self.report = settings, report
        self._database = Database(settings, ROOMS[0])
        self._rooms = {settings.database(room): room for room in ROOMS}
        self._changes = Changes(self._database, self._rooms, WORKERS)
        self._offsets: Offsets = {}
        self._standing: list[dict[str, set[Difference]]] = []
        """By scope and group what did not hold when last judged."""
        self._indexed: dict[str, dict[str, set[Difference]]] = {}
        self._until_whole: set[Difference] = set()
        self._named: set[Difference] = set()
        self._memory: Memory

    def close(self) -> None:
        self._database.close()

    def whole(self, patience_s: float = PATIENCE_S) -> Verdict:
        """Read everything. Raises what `audit` raises."""
        kept: list[Evidence] = []

        def read(settings: Settings) -> Evidence:
            self._changes.begin()
            self._offsets = {}
            kept[:] = [gather(settings, self._offsets)]
            return kept[0]

        verdict = audit(self.settings, self.report, patience_s, read)
        with timed(verdict):
            self._memory = Memory(self.settings, kept.pop())
            self._standing = [{} for _ in SCOPES]
            self._indexed = {name: {} for name in INDEXED}
            self._memory.begin_with(verdict.differences)
            self._judge()
            found = set().union(*self._found().values())
            owed = {(one.place, one.id) for some in self._memory.sums for one in some.differences()}
            self._until_whole = {one for one in verdict.differences if one not in found and (one.place, one.id) not in owed}
        self._named = set(verdict.differences)
        return verdict

    def round(self, patience_s: float = PATIENCE_S) -> Verdict:
        """Read what is new. Raises ChangesAreLost where that can't be known, and what `audit` raises; then begin anew."""
        verdict = Verdict()
        deadline = time.monotonic() + patience_s
        with timed(verdict):
            found = settled(lambda: self._look(verdict), deadline, self.report, self._named)
        verdict.differences = sorted(found)
        verdict.in_flight = {"outbox": len(self._memory.pending)} if self._memory.pending else {}
        self._named = found
        return verdict

    def _look(self, verdict: Verdict) -> Look:
        changed = self._changes.take()
        fresh = Evidence(self.settings)
        read_topics(fresh, self._offsets)
        if changed:
            read_rooms(fresh, self._database, changed)
        verdict.events += len(fresh.told)
        verdict.documents += fresh.documents
        self._memory.hear(fresh.told.values())
        self._put(changed, fresh)
        self._memory.broke(fresh.broken)
        self._judge()
        found = self._found()
        verdict.checks = {name: len(found[name]) for name in CHECKS if name in IN_ROUNDS}
        quiet = not self._memory.pending and not found[UNAPPLIED]
        return set().union(*found.values()) | self._until_whole, quiet

    def _put(self, changed: Changed, fresh: Evidence) -> None:
        for (name, collection), ids in changed.items():
            place = (self._rooms[name], collection)
            if place == RETENTION:
                raise ChangesAreLost("what is kept by the hour and by the day has moved on")
            rows = {one: {"_id": one} for one in fresh.marks.get(place, ())} if collection in MARKS else fresh.table(*place)
            for identifier in ids:
                self._memory.put(place, identifier, rows.get(identifier))
            where = ".".join(place)
            self._until_whole = {one for one in self._until_whole if one.place != where or one.id not in ids}

    def _judge(self) -> None:
        """Run each check on the groups that were touched, and on those that stand."""
        memory = self._memory
        for scope, standing in zip(SCOPES, self._standing, strict=True):
            groups = sorted(memory.concerned(scope) | standing.keys())
            standing.clear()
            if groups:
                standing.update(self._in_groups(scope, groups))
        for name, place in INDEXED.items():
            ids = sorted((memory.touched[place, ITSELF] & memory.rows.get(place, {}).keys()) | self._indexed[name].keys())
            self._indexed[name] = self._in_index(name, ids)
        memory.touched.clear()

    def _in_groups(self, scope: Scope, groups: Sequence[str]) -> Iterator[tuple[str, set[Difference]]]:
        """The groups of which something does not hold, found by halves."""
        found = set(CHECKS[scope.check](self._memory.part(scope, groups)))
        if found and len(groups) == 1:
            yield groups[0], found
        elif found:
            middle = len(groups) // 2
            yield from self._in_groups(scope, groups[:middle])
            yield from self._in_groups(scope, groups[middle:])

    def _in_index(self, name: str, ids: Sequence[str]) -> dict[str, set[Difference]]:
        found: dict[str, set[Difference]] = defaultdict(set)
        for at in range(0, len(ids), AT_ONCE):
            for one in index_of(self.settings, {name: ids[at : at + AT_ONCE]}):
                found[one.id].add(one)
        return dict(found)

    def _found(self) -> dict[str, set[Difference]]:
        """By check what does not hold as last judged."""
        found: dict[str, set[Difference]] = defaultdict(set)
        for scope, standing in zip(SCOPES, self._standing, strict=True):
            found[scope.check].update(*standing.values())
        for one in self._memory.sums:
            found[one.of.check].update(one.differences())
        found[SEALS].update(*self._memory.broken.values())
        for some in self._indexed.values():
            found[INDEX].update(*some.values())
        return found
