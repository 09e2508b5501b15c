"""Sums that run across everything: accounts of places over lots, cells of volumes over facts. What changes is added, so that
no sum is made anew: what the parts have gained and the sums have not is owed, and nothing may be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from deploy.audit.difference import Difference
from deploy.audit.ledger import accounts_of, cell_as_kept, cells_of, of_side
from deploy.audit.scopes import Place
from shared.mongo import Row

Entry = tuple[str, str, int]
"""Of which sum, what of it, how many kilograms."""
Read = Callable[[Row, Row], Iterator[Entry]]
"""A document, and what the room keeps of hours and days."""


@dataclass(frozen=True)
class Summed:
    """The documents that are parts, those that are their sums, and how each is read."""

    check: str
    parts: Place
    part: Read
    sums: Place
    sum: Read


def _in_cells(fact: Row, kept: Row) -> Iterator[Entry]:
    family, within = fact["grade"].split(".", 1) if fact["grade"] else ("", "")
    for identifier, names in cells_of(fact, kept):
        for measure, kg in of_side(names["side"], fact["kg"]).items():
            yield identifier, f"kg.{family}.{within}.{fact['mode']}.{measure}", kg


def _cell(cell: Row, kept: Row) -> Iterator[Entry]:
    identifier = cell_as_kept(cell["_id"], cell, kept)
    if identifier is not None:
        for family, grades in cell["kg"].items():
            for within, modes in grades.items():
                for mode, measures in modes.items():
                    for measure, kg in measures.items():
                        yield identifier, f"kg.{family}.{within}.{mode}.{measure}", kg


def _in_accounts(lot: Row, _: Row) -> Iterator[Entry]:
    for identifier, _place in accounts_of(lot):
        for account, kg in lot["balance"].items():
            yield identifier, f"balance.{account}", kg


def _accounts(row: Row, _: Row) -> Iterator[Entry]:
    for account, kg in row["balance"].items():
        yield row["_id"], f"balance.{account}", kg


SUMS = (
    Summed("volumes: cells", ("regions", "facts"), _in_cells, ("regions", "cells"), _cell),
    Summed("ledger: regions", ("regions", "lot_accounts"), _in_accounts, ("regions", "region_accounts"), _accounts),
)


class Sum:
    """What is owed to each sum since a whole audit."""

    def __init__(self, of: Summed, kept: Row) -> None:
        self.of, self.kept = of, kept
        self._owed: dict[tuple[str, str], int] = defaultdict(int)
        self._unreadable: set[tuple[Place, str]] = set()

    def begin(self, identifiers: Collection[str], parts: Iterable[Row], sums: Iterable[Row]) -> None:
        """What is owed to these already."""
        for rows, read, sign in ((parts, self.of.part, 1), (sums, self.of.sum, -1)):
            for row in rows:
                self._add(self._entries(row, read) or (), sign)
        self._owed = defaultdict(int, {entry: kg for entry, kg in self._owed.items() if entry[0] in identifiers})

    def see(self, place: Place, before: Row | None, after: Row | None) -> None:
        """A document has changed."""
        for where, read, sign in ((self.of.parts, self.of.part, 1), (self.of.sums, self.of.sum, -1)):
            if place == where:
                self._add(self._entries(before, read) or (), -sign)
                entries = self._entries(after, read)
                self._add(entries or (), sign)
                one = (place, str((after or before or {})["_id"]))
                (self._unreadable.add if entries is None else self._unreadable.discard)(one)

    def _entries(self, row: Row | None, read: Read) -> list[Entry] | None:
        """None where a document is not what its room writes."""
        try:
            return [] if row is None else list(read(row, self.kept))
        except (AttributeError, KeyError, TypeError, ValueError):
            return None

    def _add(self, entries: Iterable[Entry], times: int) -> None:
        for identifier, name, kg in entries:
            self._owed[identifier, name] += times * kg
            if not self._owed[identifier, name]:
                del self._owed[identifier, name]

    def differences(self) -> Iterator[Difference]:
        """What does not sum up."""
        for (identifier, name), kg in self._owed.items():
            yield Difference(".".join(self.of.sums), identifier, name, "the sum of its parts", f"{-kg:+d} kg beside it")
        for place, identifier in self._unreadable:
            yield Difference(".".join(place), identifier, "can't be read", "as its room writes it", "something else")
