"""A saved search: what an organisation looks for, and how it wants to hear of a new lot or demand that fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from shared.auth import Relation
from shared.catalogue import matches
from shared.events.listings import SavedSearchMatched
from shared.problem import WrongState

SearchKind = Literal["lots", "demands"]
Alert = Literal["at_once", "daily", "off"]
MOST = 200
"""Saved searches of one organisation."""


@dataclass(frozen=True, kw_only=True)
class SavedSearchDraft:
    """What its owner decides. `criteria` are the parameters of the search as they were given, and checked."""

    name: str
    criteria: dict[str, Any]
    alert: Alert


@dataclass(kw_only=True)
class SavedSearch:
    """`revision` numbers the changes of all saved searches in the order in which they were committed. One that was removed
    stays, empty, until every worker must have read so."""

    id: str
    version: int = 1
    revision: int
    organisation_id: str
    user_id: str
    kind: SearchKind
    name: str
    criteria: dict[str, Any]
    alert: Alert
    created_at: datetime
    updated_at: datetime
    removed_at: datetime | None = None

    def relations(self, organisation_id: str) -> set[Relation]:
        """What an organisation is to it: nobody else's business."""
        return {"own"} if self.organisation_id == organisation_id and self.removed_at is None else set()

    def draft(self) -> SavedSearchDraft:
        return SavedSearchDraft(name=self.name, criteria=self.criteria, alert=self.alert)

    def change(self, draft: SavedSearchDraft, revision: int, now: datetime) -> None:
        self.name, self.criteria, self.alert = draft.name, draft.criteria, draft.alert
        self._touch(revision, now)

    def remove(self, revision: int, now: datetime) -> None:
        """Leave the tombstone."""
        self.name, self.criteria, self.alert, self.removed_at = "", {}, "off", now
        self._touch(revision, now)

    def _touch(self, revision: int, now: datetime) -> None:
        self.version += 1
        self.revision, self.updated_at = revision, now

    def watcher(self) -> Watcher:
        return Watcher(self.id, self.version, self.organisation_id, self.user_id, self.kind, self.name, self.alert)


@dataclass(frozen=True, slots=True)
class Watcher:
    """Of a saved search what an alert says of it."""

    id: str
    version: int
    organisation_id: str
    user_id: str
    kind: SearchKind
    name: str
    alert: Alert

    def matched(
        self, listing: Mapping[str, Any], terms_version: int, material: str | None, now: datetime
    ) -> SavedSearchMatched:
        """`listing` is the indexed document that fits; `material` is what the search asked for."""
        grades: list[str] = listing["grades"]
        return SavedSearchMatched(
            id=self.id,
            version=self.version,
            at=now,
            saved_search_id=self.id,
            organisation_id=self.organisation_id,
            user_id=self.user_id,
            name=self.name,
            kind=self.kind,
            alert=self.alert,
            listing_id=listing["id"],
            terms_version=terms_version,
            grade=next((grade for grade in grades if material is None or matches(material, grade)), grades[0]),
            region=listing["region"],
            quantity_kg=listing["quantity_kg"],
            available_kg=listing["available_kg"],
            price_net_fen_per_t=listing["price_fen"],
        )


@dataclass
class Revisions:
    """The counter behind `SavedSearch.revision`: whoever writes a saved search writes it, too, so that two transactions
    meet here and the later gets the higher number."""

    id: str = "saved_searches"
    version: int = 0

    def next(self) -> int:
        self.version += 1
        return self.version


def new_saved_search(
    identifier: str, organisation_id: str, user_id: str, kind: SearchKind, draft: SavedSearchDraft, revision: int, now: datetime
) -> SavedSearch:
    return SavedSearch(
        id=identifier,
        revision=revision,
        organisation_id=organisation_id,
        user_id=user_id,
        kind=kind,
        name=draft.name,
        criteria=draft.criteria,
        alert=draft.alert,
        created_at=now,
        updated_at=now,
    )


def must_have_room(number: int) -> None:
    """Raises WrongState for an organisation that has as many as there may be."""
    if number >= MOST:
        raise WrongState(
            zh=f"每个单位最多保存 {MOST} 个搜索，请先删除不用的",
            en=f"An organisation has at most {MOST} saved searches; delete one that is no longer needed",
        )
