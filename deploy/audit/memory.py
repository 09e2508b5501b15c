"""All that was read, packed, with an index by the groups of every scope; and which groups were touched since then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from deploy.audit.difference import Difference
from deploy.audit.evidence import MARKS, Evidence, Table, Told
from deploy.audit.scopes import EVERY, ITSELF, KEY, SCOPES, Key, Place, Scope
from deploy.audit.sums import SUMS, Sum
from shared.mongo import Row, pack, unpack
from shared.settings import Settings

Source = Place | str
"""A collection, or a type or aggregate of events."""
Groups = dict[str, list[str]]
OUTBOX = "outbox"


class Memory:
    """Begins as what a whole audit read. `put` and `hear` keep it up to date; `part` gives a scope's groups to its check."""

    def __init__(self, settings: Settings, evidence: Evidence) -> None:
        self.settings = settings
        self.told: dict[str, Told] = {}
        self.rows: dict[Place, dict[str, bytes]] = {place: {} for place in evidence.tables}
        self.marks: dict[Place, set[str]] = defaultdict(set)
        self.broken: dict[tuple[str, str], list[Difference]] = defaultdict(list)
        self.pending: set[str] = set()
        """Outbox rows that wait to be published."""
        self.sums: list[Sum] = []
        self._keys = _keys()
        self._groups: dict[tuple[Source, Key], Groups] = defaultdict(dict)
        self.touched: dict[tuple[Source, Key], set[str]] = defaultdict(set)
        self.hear(evidence.told.values())
        for place, table in evidence.tables.items():
            for identifier, row in table.items():
                self.put(place, identifier, row)
        self.marks.update(evidence.marks)
        for place in evidence.marks:
            for mark in evidence.marks[place]:
                self._file(place, {"_id": mark}, mark)
        self.sums = [Sum(of, self.retention()) for of in SUMS]
        self.broke(evidence.broken)
        self.touched.clear()

    def retention(self) -> Row:
        """From when on the room `regions` keeps cells of hours and days."""
        return self.row(("regions", "retentions"), "cells") or {}

    def broke(self, found: Iterable[Difference]) -> None:
        """Seals and signatures that do not hold."""
        for one in found:
            self.broken[one.place, one.id].append(one)

    def hear(self, told: Iterable[Told]) -> None:
        """Add events."""
        for one in told:
            if one.id in self.told:
                continue
            self.told[one.id] = one
            sources = [source for source in (one.type, one.aggregate, EVERY) if source in self._keys]
            keys = {(source, key) for source in sources for key in self._keys[source]}
            said = one.said if any(key not in (ITSELF, KEY) for _, key in keys) else {}
            row = {**said, "_id": one.id, "key": one.key}
            for source, key in keys:
                self._enter(source, key, row, one.id)

    def put(self, place: Place, identifier: str, row: Row | None) -> None:
        """A document as it is now; None where it is gone."""
        self.broken.pop((".".join(place), identifier), None)
        if place[1] in MARKS:
            self._mark(place, identifier, row is not None)
            return
        if place[1] == OUTBOX:
            (self.pending.add if row is not None and row.get("pending") else self.pending.discard)(identifier)
        before = self.row(place, identifier)
        rows = self.rows.setdefault(place, {})
        if row is None:
            rows.pop(identifier, None)
        else:
            rows[identifier] = pack(row)
        for sum_ in self.sums:
            sum_.see(place, before, row)
        if before is not None:
            self._take_out(place, before, identifier)
        if row is not None:
            self._file(place, row, identifier)

    def _mark(self, place: Place, identifier: str, there: bool) -> None:
        if there and identifier not in self.marks[place]:
            self._file(place, {"_id": identifier}, identifier)
        elif not there:
            self._take_out(place, {"_id": identifier}, identifier)
        (self.marks[place].add if there else self.marks[place].discard)(identifier)

    def _file(self, place: Place, row: Row, identifier: str) -> None:
        for key in self._keys.get(place, ()):
            self._enter(place, key, row, identifier)

    def _enter(self, source: Source, key: Key, row: Mapping[str, Any], identifier: str) -> None:
        for group in key(row):
            self.touched[source, key].add(group)
            if key is not ITSELF:
                self._groups[source, key].setdefault(group, []).append(identifier)

    def _take_out(self, place: Place, row: Row, identifier: str) -> None:
        for key in self._keys.get(place, ()):
            for group in key(row):
                self.touched[place, key].add(group)
                if key is not ITSELF and identifier in (there := self._groups[place, key].get(group, [])):
                    there.remove(identifier)

    def begin_with(self, found: Collection[Difference]) -> None:
        """These differ already: let everything be judged again that carries the id of one of them, and reckon what its sums
        are owed."""
        for sum_ in self.sums:
            owed = {one.id for one in found if one.place == ".".join(sum_.of.sums)}
            if owed:
                sum_.begin(owed, *(map(unpack, self.rows[place].values()) for place in (sum_.of.parts, sum_.of.sums)))
        for one in found:
            room, _, collection = one.place.partition(".")
            if (row := self.row((room, collection), one.id)) is not None:
                self._take_out((room, collection), row, one.id)
                self._file((room, collection), row, one.id)
            for source, keys in self._keys.items():
                for key in keys:
                    if one.id in self._known(source, key):
                        self.touched[source, key].add(one.id)

    def row(self, place: Place, identifier: str) -> Row | None:
        packed = self.rows.get(place, {}).get(identifier)
        return None if packed is None else unpack(packed)

    def concerned(self, scope: Scope) -> set[str]:
        """The groups of a scope that were touched; all of them where something beside them was."""
        if any(self.touched.get((place, ITSELF)) for place in scope.beside):
            return self._all(scope)
        found: set[str] = set()
        for source, key in _sources(scope):
            found |= self.touched.get((source, key), set())
        for place, via, key in scope.named:
            for group in self.touched.get((place, ITSELF), ()):
                found.update(self._groups[via, key].get(group, ()))
        return found

    def _all(self, scope: Scope) -> set[str]:
        return {group for source, key in _sources(scope) for group in self._known(source, key)}

    def _known(self, source: Source, key: Key) -> Collection[str]:
        """The groups that there are."""
        if key is not ITSELF:
            return self._groups[source, key]
        return self.told if isinstance(source, str) else self.rows.get(source, {})

    def part(self, scope: Scope, groups: Sequence[str]) -> Evidence:
        """What the check of the scope must see of these groups."""
        found = Evidence(self.settings)
        for place, key in scope.rows.items():
            if place in self.rows:  # not every room has every collection
                found.tables[place] = self._table(place, self._members(place, key, groups, self.rows[place]))
        for place in scope.beside:
            found.tables[place] = self._table(place, self.rows.get(place, ()))
        for place, via, key in scope.named:
            names = {name for row in found.table(*via).values() for name in key(row)}
            found.tables[place] = self._table(place, names)
        for place, key in scope.marks.items():
            found.marks[place] = set(self._members(place, key, groups, self.marks[place]))
        for kind, key in scope.events.items():
            for identifier in self._members(kind, key, groups, self.told):
                found.told[identifier] = self.told[identifier]
        return found

    def _members(self, source: Source, key: Key, groups: Sequence[str], there: Iterable[str]) -> Iterator[str]:
        if key is ITSELF:
            yield from (group for group in groups if group in there)
            return
        index = self._groups[source, key]
        for group in groups:
            yield from index.get(group, ())

    def _table(self, place: Place, identifiers: Iterable[str]) -> Table:
        rows = self.rows.get(place, {})
        return {one: unpack(rows[one]) for one in identifiers if one in rows}


def _sources(scope: Scope) -> Iterator[tuple[Source, Key]]:
    yield from scope.rows.items()
    yield from scope.events.items()
    yield from scope.marks.items()


def _keys() -> dict[Source, set[Key]]:
    """By which keys the rows of a collection and the events of a type are found."""
    found: dict[Source, set[Key]] = defaultdict(set)
    for scope in SCOPES:
        for source, key in _sources(scope):
            found[source].add(key)
        for place in scope.beside:
            found[place].add(ITSELF)
        for place, via, key in scope.named:
            found[place].add(ITSELF)
            found[via].add(key)
    return found
