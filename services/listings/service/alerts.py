"""Saved searches that a new lot or demand fits, found as it arrives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from services.listings.alerting import Matcher, QueryIsNotUnderstood
from services.listings.model import Demand, Lot, SavedSearch, Watcher
from services.listings.store import DEMANDS, LOTS, kept_apart, saved_searches_since, suspended
from shared.clock import iso
from shared.events import Event
from shared.events.listings import DemandChanged, DemandPosted, LotChanged, LotPublished
from shared.mongo import Unit
from shared.parties import SITES, Compliance
from shared.problem import InputIsInvalid

log = structlog.get_logger("listings.alerts")
ALERTING = (LotPublished, LotChanged, DemandPosted, DemandChanged)
READ_AT_ONCE = 1000
MOST_AT_ONCE = 20_000
"""Alerts of one transaction: about a second's work, where MongoDB lets a transaction live for ten."""
Arrival = LotPublished | LotChanged | DemandPosted | DemandChanged
QueryOf = Callable[[Unit, SavedSearch], dict[str, Any]]
"""The query by which the search would find what fits; raises InputIsInvalid for what the catalogue knows no longer."""
DocumentOf = Callable[[Lot | Demand, Sequence[Compliance]], Mapping[str, Any]]
"""A lot or demand as the search has it, with its site's compliance entries."""


class TooManyAlerts(Exception):
    """More than one transaction carries: the consumer handles the batch event by event."""


class Alerts:
    """The saved searches that want alerts, in memory, and what a lot or demand that arrives sets off.

    Before each batch of events it catches up with what changed of them: what was saved, changed or removed before a listing
    was published counts for that listing, whichever worker handles it and however often one starts anew. Belongs to one
    consumer's thread.
    """

    def __init__(self, query_of: QueryOf, document_of: DocumentOf) -> None:
        self.query_of, self.document_of = query_of, document_of
        self.matchers: dict[str, Matcher[Watcher]] = {"lots": Matcher(), "demands": Matcher()}
        self.revision = 0
        self.apart: set[frozenset[str]] = set()
        self._unit: Unit | None = None
        self._sent = 0

    def on_arrival(self, unit: Unit, event: Arrival) -> None:
        """Send an alert for each saved search that it fits, of another organisation, where neither has blocked the other.

        A change that leaves the terms alone sends none, nor do terms that are no longer those of today: theirs come with an
        event of their own. Raises TooManyAlerts.
        """
        if isinstance(event, LotChanged | DemandChanged) and event.previous_terms_version in (None, event.terms_version):
            return
        is_lot = isinstance(event, LotPublished | LotChanged)
        listing: Lot | Demand | None = LOTS.find(unit, event.id) if is_lot else DEMANDS.find(unit, event.id)
        if listing is None or listing.status != "open" or listing.terms_version != event.terms_version:
            return
        site = SITES.find(unit, listing.site_id)
        document = self.document_of(listing, site.compliance if site else [])
        fitting = self.matchers["lots" if is_lot else "demands"].matches(document, iso(unit.now))
        alerts = [
            one.who.matched(document, listing.terms_version, one.material, unit.now)
            for one in fitting
            if one.who.organisation_id != listing.owner_id
            and frozenset((one.who.organisation_id, listing.owner_id)) not in self.apart
        ]
        self._count(unit, len(alerts))
        unit.emit(*sorted(alerts, key=lambda alert: alert.id))

    def _count(self, unit: Unit, alerts: int) -> None:
        """Raises TooManyAlerts, but never for the first listing of a transaction."""
        if self._unit is not unit:
            self._unit, self._sent = unit, 0
        if self._sent and self._sent + alerts > MOST_AT_ONCE:
            raise TooManyAlerts(f"{self._sent} and {alerts} more")
        self._sent += alerts

    def catch_up(self, unit: Unit, batch: Sequence[Event]) -> None:
        """Take over every change since the last, and who has blocked whom among the owners of the batch's listings. Not within
        a transaction: the first time all are read, which takes longer than one lives."""
        owners = {
            event.seller_id if isinstance(event, LotPublished | LotChanged) else event.buyer_id
            for event in batch
            if isinstance(event, ALERTING)
        }
        self.apart = kept_apart(unit, owners)
        while changed := saved_searches_since(unit, self.revision, READ_AT_ONCE):
            silent = suspended(unit, {saved.organisation_id for saved in changed})
            for saved in changed:
                self._take(unit, saved, saved.organisation_id in silent)
            self.revision = changed[-1].revision

    def _take(self, unit: Unit, saved: SavedSearch, silent: bool) -> None:
        matcher = self.matchers[saved.kind]
        if silent or saved.alert == "off" or saved.removed_at is not None:
            matcher.drop(saved.id)
            return
        try:
            matcher.put(saved.id, saved.watcher(), self.query_of(unit, saved))
        except (InputIsInvalid, QueryIsNotUnderstood) as error:
            matcher.drop(saved.id)
            log.error("a saved search can't be matched", id=saved.id, error=str(error))
