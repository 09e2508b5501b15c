"""Loading and saving one kind of aggregate."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from shared.mongo.documents import CONVERTER, Entity, Row, Sealed, sealed
from shared.mongo.unit import Unit
from shared.problem import InputIsInvalid, NotFound

T = TypeVar("T")
E_ = TypeVar("E_", bound=Entity)


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list, newest first; `next_cursor` is opaque and None at the end."""

    items: list[T]
    next_cursor: str | None


class Repository(Generic[E_]):
    """Load and save one kind of aggregate. Conflicts between writers are found by the transaction's snapshot."""

    def __init__(self, document: type[Sealed], entity: type[E_]) -> None:
        self.document, self.entity = document, entity
        self.name: str = document._get_collection_name()

    def find(self, unit: Unit, identifier: str) -> E_ | None:
        known: E_ | None = unit.known(self.name, identifier)
        if known is not None or unit.is_absent(self.name, identifier):
            return known
        row = unit.database.mongo[self.name].find_one({"_id": identifier}, session=unit.session)
        return self._meet(unit, row) if row else None

    def get(self, unit: Unit, identifier: str) -> E_:
        """Raises NotFound."""
        entity = self.find(unit, identifier)
        if entity is None:
            raise NotFound
        return entity

    def find_one(self, unit: Unit, where: Mapping[str, Any]) -> E_ | None:
        row = unit.collection(self.name).find_one(where, session=unit.session)
        return self._meet(unit, row) if row else None

    def _meet(self, unit: Unit, row: Row) -> E_:
        """The row as an aggregate: the object already known in this transaction, or a new one."""
        known: E_ | None = unit.known(self.name, row["_id"])
        if known is not None:
            return known
        entity = self.load(row)
        unit.remember(self.name, entity)
        return entity

    def select(
        self, unit: Unit, where: Mapping[str, Any], sort: list[tuple[str, int]] | None = None, limit: int = 0
    ) -> list[E_]:
        cursor = unit.collection(self.name).find(where, session=unit.session, sort=sort, limit=limit)
        return [self._meet(unit, row) for row in cursor]

    def select_once(self, unit: Unit, where: Mapping[str, str]) -> list[E_]:
        """As `select`, asked once a transaction: of what a batch asks again for each of its rows."""
        answers, key = unit.answers(self.name), tuple(sorted(where.items()))
        if key not in answers:
            answers[key] = self.select(unit, where)
        found: list[E_] = answers[key]
        return found

    def many(self, unit: Unit, identifiers: Iterable[str]) -> dict[str, E_]:
        """Those of `identifiers` that exist, by id."""
        return {entity.id: entity for entity in self.select(unit, {"_id": {"$in": list(identifiers)}})}

    def page(self, unit: Unit, where: Mapping[str, Any], cursor: str | None, limit: int) -> Page[E_]:
        """Newest first: ids are UUIDv7. Raises InputIsInvalid for a cursor that this list did not give."""
        query: dict[str, Any] = dict(where)
        if cursor:
            query = {"$and": [query, {"_id": {"$lt": read_cursor(cursor)}}]}
        found = self.select(unit, query, [("_id", -1)], limit + 1)
        more = len(found) > limit
        return Page(found[:limit], make_cursor(found[limit - 1].id) if more else None)

    def add(self, unit: Unit, *entities: E_) -> None:
        """Insert at the next flush, which raises DuplicateKeyError where the id or a unique field exists."""
        for entity in entities:
            unit.write(self, entity, insert=True)

    def save(self, unit: Unit, entity: E_) -> None:
        """Insert or replace at the next flush."""
        unit.write(self, entity, insert=False)

    def delete(self, unit: Unit, identifier: str) -> None:
        unit.collection(self.name).delete_one({"_id": identifier}, session=unit.session)
        unit.forget(self.name, identifier)

    def row(self, unit: Unit, entity: E_) -> Row:
        row: Row = CONVERTER.unstructure(entity)
        return sealed({"_id": row.pop("id"), **row}, unit.settings.secret_key)

    def load(self, row: Row) -> E_:
        return CONVERTER.structure({"id": row["_id"], **row}, self.entity)


def make_cursor(value: str) -> str:
    return base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> str:
    """Raises InputIsInvalid where it is not one of ours."""
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except ValueError as error:
        raise InputIsInvalid([("/cursor", "无效的游标", "This cursor was not given by this list")]) from error
