"""What people do with saved searches."""

from __future__ import annotations

from collections.abc import Callable

from services.listings.model import SavedSearch, SavedSearchDraft, SearchKind, must_have_room, new_saved_search
from services.listings.service.trust import is_suspended, must_not_be_suspended
from services.listings.store import SAVED_SEARCHES, next_revision, saved_searches_of
from shared import parties
from shared.auth import Caller, authorise
from shared.events.accounts import OrganisationSuspended, OrganisationVerified
from shared.ids import new_id
from shared.mongo import Unit


def create_saved_search(unit: Unit, caller: Caller, kind: SearchKind, draft: SavedSearchDraft) -> SavedSearch:
    """Raises OrganisationIsSuspended, WrongState where there are too many."""
    must_not_be_suspended(unit, caller)
    revision = next_revision(unit)
    must_have_room(len(saved_searches_of(unit, caller.organisation_id)))
    saved = new_saved_search(new_id(), caller.organisation_id, caller.user_id, kind, draft, revision, unit.now)
    SAVED_SEARCHES.add(unit, saved)
    return saved


def change_saved_search(
    unit: Unit, caller: Caller, identifier: str, check: Callable[[int], None], revise: Callable[[SavedSearch], SavedSearchDraft]
) -> SavedSearch:
    """Raises VersionIsStale, InputIsInvalid."""
    saved = _own(unit, caller, identifier, "saved_searches.change")
    check(saved.version)
    draft = revise(saved)
    if draft != saved.draft():
        saved.change(draft, next_revision(unit), unit.now)
        SAVED_SEARCHES.save(unit, saved)
    return saved


def delete_saved_search(unit: Unit, caller: Caller, identifier: str) -> None:
    """From now on nothing fits it."""
    saved = _own(unit, caller, identifier, "saved_searches.delete")
    saved.remove(next_revision(unit), unit.now)
    SAVED_SEARCHES.save(unit, saved)


def _own(unit: Unit, caller: Caller, identifier: str, action: str) -> SavedSearch:
    saved = SAVED_SEARCHES.get(unit, identifier)
    authorise(caller, action, saved.relations(caller.organisation_id))
    must_not_be_suspended(unit, caller)
    return saved


def on_organisation_judged(unit: Unit, event: OrganisationVerified | OrganisationSuspended) -> None:
    """Keep the news, and have those who watch look at its saved searches again: while it is suspended it gets no alerts.

    A suspension takes a number even where there is none, so that it meets a saved search that is just being made."""
    before = is_suspended(unit, event.id)
    parties.hear_organisation(unit, event)
    if is_suspended(unit, event.id) == before:
        return
    next_revision(unit)
    for saved in saved_searches_of(unit, event.id):
        saved.revision = next_revision(unit)
        SAVED_SEARCHES.save(unit, saved)
