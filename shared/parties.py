"""What a room has heard of organisations and sites: its own copy, kept by accounts' events, behind one door.

A room that lacks one raises `NotHeardYet`; the dispatcher waits up to 2 s for the event, then it is a 503 (`protocol.md` 1).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.auth import Caller
from shared.bus.handling import Handlers
from shared.events.accounts import (
    ComplianceChanged,
    OrganisationRegistered,
    OrganisationSuspended,
    OrganisationVerified,
    SiteChanged,
)
from shared.events.base import ComplianceEntry
from shared.geo import Position
from shared.mongo import Repository, Sealed, Unit
from shared.problem import NotHeardYet, OrganisationIsNotVerified, OrganisationIsSuspended


@dataclass
class Party:
    """An organisation as last heard."""

    id: str
    version: int
    name: str
    role: str
    region: str
    status: str
    contact: str


@dataclass
class Compliance:
    """One entry of a compliance list; see `shared.events.base.ComplianceEntry`."""

    list: str
    category: str | None
    valid_from: datetime
    valid_until: datetime


@dataclass
class KnownSite:
    """A site as last heard."""

    id: str
    version: int
    organisation_id: str
    name: str
    kind: str
    region: str
    position: Position
    park_id: str | None = None
    compliance: list[Compliance] = field(default_factory=list)
    stock_limit_kg: int | None = None

    def compliant(self, family: str, at: datetime) -> bool:
        """Whether an entry covers the material family at that moment."""
        return any(one.list == family and one.valid_from <= at < one.valid_until for one in self.compliance)


class PartyDocument(Sealed):
    meta = {"collection": "known_parties", "indexes": []}  # noqa: RUF012


class SiteDocument(Sealed):
    meta = {"collection": "known_sites", "indexes": ["organisation_id"]}  # noqa: RUF012


PARTIES = Repository(PartyDocument, Party)
SITES = Repository(SiteDocument, KnownSite)
DOCUMENTS: tuple[type[Sealed], ...] = (PartyDocument, SiteDocument)
BY_ID: tuple[Repository[Any], ...] = (PARTIES, SITES)


def party(unit: Unit, identifier: str) -> Party:
    """Raises NotHeardYet."""
    found = PARTIES.find(unit, identifier)
    if found is None:
        raise NotHeardYet("organisation", identifier)
    return found


def site(unit: Unit, identifier: str) -> KnownSite:
    """Raises NotHeardYet."""
    found = SITES.find(unit, identifier)
    if found is None:
        raise NotHeardYet("site", identifier)
    return found


def must_be_verified(unit: Unit, caller: Caller) -> Party:
    """Raises NotHeardYet, OrganisationIsNotVerified, OrganisationIsSuspended."""
    found = party(unit, caller.organisation_id)
    if found.status == "suspended":
        raise OrganisationIsSuspended(
            zh="单位已被暂停，请联系平台运营方", en="Your organisation is suspended; ask the marketplace operator"
        )
    if found.status != "verified":
        raise OrganisationIsNotVerified(
            zh="单位尚待平台审核，现在只能保存草稿",
            en="Your organisation waits for verification; until then it may only keep drafts",
        )
    return found


def hear_organisation(unit: Unit, event: OrganisationRegistered | OrganisationVerified | OrganisationSuspended) -> None:
    """Keep the newest version."""
    known = PARTIES.find(unit, event.id)
    if known is None or known.version < event.version:
        PARTIES.save(unit, Party(event.id, event.version, event.name, event.role, event.region, event.status, event.contact))


def hear_site(unit: Unit, event: SiteChanged) -> None:
    """Keep the newest version."""
    known = SITES.find(unit, event.id)
    if known is None or known.version < event.version:
        position = Position(event.position.lat, event.position.lon)
        entries = _entries(event.compliance)
        SITES.save(
            unit,
            KnownSite(
                event.id,
                event.version,
                event.organisation_id,
                event.name,
                event.kind,
                event.region,
                position,
                event.park_id,
                entries,
                event.stock_limit_kg,
            ),
        )


def hear_compliance(unit: Unit, event: ComplianceChanged) -> None:
    """Every change of a site's entries comes with a `site.changed` of the same version; this keeps the newest too."""
    known = SITES.find(unit, event.id)
    if known is not None and known.version <= event.version:
        known.version, known.compliance = event.version, _entries(event.compliance)
        SITES.save(unit, known)


def _entries(entries: tuple[ComplianceEntry, ...]) -> list[Compliance]:
    return [Compliance(one.list, one.category, one.valid_from, one.valid_until) for one in entries]


EVENTS: Handlers = {
    OrganisationRegistered: hear_organisation,
    OrganisationVerified: hear_organisation,
    OrganisationSuspended: hear_organisation,
    SiteChanged: hear_site,
    ComplianceChanged: hear_compliance,
}
"""A room that keeps these copies takes this table into its own."""
