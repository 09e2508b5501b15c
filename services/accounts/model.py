"""The rules of organisations, users, sessions, API keys and sites, as plain dataclasses that return events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, TypedDict

from shared.auth import Role
from shared.events import Event
from shared.events.accounts import (
    ComplianceChanged,
    OrganisationRegistered,
    OrganisationSuspended,
    OrganisationVerified,
    SiteChanged,
)
from shared.events.base import ComplianceEntry, Point
from shared.geo import Position
from shared.ids import new_id
from shared.problem import WrongState

Status = Literal["pending", "verified", "suspended"]
SiteKind = Literal["yard", "plant", "centre", "park"]


@dataclass
class Organisation:
    """`contact` is its first user's e-mail address or telephone number."""

    id: str
    version: int
    name: str
    role: Role
    region: str
    status: Status
    contact: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def register(
        cls, name: str, role: Role, region: str, contact: str, now: datetime, status: Status = "pending"
    ) -> tuple[Organisation, list[Event]]:
        """A new organisation; `verified` at once only where the operator's command makes it."""
        made = cls(new_id(), 1, name, role, region, status, contact, now, now)
        return made, [OrganisationRegistered(**made._fields())]

    def verify(self, now: datetime) -> list[Event]:
        """Raises WrongState where it is verified already; lifts a suspension."""
        if self.status == "verified":
            raise WrongState(zh="该单位已通过审核", en="This organisation is verified already")
        self._become("verified", now)
        return [OrganisationVerified(**self._fields())]

    def suspend(self, now: datetime) -> list[Event]:
        """Raises WrongState where it is suspended already."""
        if self.status == "suspended":
            raise WrongState(zh="该单位已被暂停", en="This organisation is suspended already")
        self._become("suspended", now)
        return [OrganisationSuspended(**self._fields())]

    def _become(self, status: Status, now: datetime) -> None:
        self.status, self.updated_at, self.version = status, now, self.version + 1

    def _fields(self) -> OrganisationFields:
        return {
            "id": self.id,
            "version": self.version,
            "at": self.updated_at,
            "name": self.name,
            "role": self.role,
            "region": self.region,
            "status": self.status,
            "contact": self.contact,
        }


class OrganisationFields(TypedDict):
    """What every event of an organisation says."""

    id: str
    version: int
    at: datetime
    name: str
    role: Role
    region: str
    status: Status
    contact: str


@dataclass
class User:
    """Signs in by `email` (lower case) or `phone` (digits, a leading + kept, without +86)."""

    id: str
    version: int
    organisation_id: str
    name: str
    email: str | None
    phone: str | None
    password_hash: str
    created_at: datetime


@dataclass
class Session:
    """One sign-in and the refresh tokens that follow from it; `revoked_at` ends all of them."""

    id: str
    version: int
    user_id: str
    expires_at: datetime
    revoked_at: datetime | None = None

    def revoke(self, now: datetime) -> None:
        self.revoked_at, self.version = now, self.version + 1


@dataclass
class RefreshToken:
    """`id` is the token's digest. It is good for one use."""

    id: str
    version: int
    session_id: str
    expires_at: datetime
    used_at: datetime | None = None

    def use(self, now: datetime) -> None:
        self.used_at, self.version = now, self.version + 1


@dataclass
class ApiKey:
    """Acts as its user. `digest` is the key's; `hint` is its beginning, by which people tell keys apart."""

    id: str
    version: int
    user_id: str
    organisation_id: str
    name: str
    digest: str
    hint: str
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    def revoke(self, now: datetime) -> None:
        """Raises WrongState where it is revoked already."""
        if self.revoked_at is not None:
            raise WrongState(zh="该密钥已吊销", en="This key is revoked already")
        self.revoked_at, self.version = now, self.version + 1


@dataclass
class SigningKey:
    """`sealed_jwk` is the private key, encrypted with the instance's secret."""

    id: str
    version: int
    sealed_jwk: str
    created_at: datetime


@dataclass
class Compliance:
    """An entry of a conditions list (规范条件) by material family; `valid_until` is exclusive."""

    list: str
    category: str | None
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True)
class SiteTerms:
    """What the owner says of a site."""

    name: str
    kind: SiteKind
    region: str
    position: Position
    park_id: str | None
    compliance: tuple[Compliance, ...]
    stock_limit_kg: int | None = None


@dataclass(frozen=True)
class SiteChange:
    """The fields that a PATCH names."""

    given: frozenset[str]
    terms: SiteTerms

    def applied_to(self, now: SiteTerms) -> SiteTerms:
        return replace(now, **{name: getattr(self.terms, name) for name in self.given})


@dataclass
class Site:
    """A yard, plant, distribution centre or park; `park_id` is the park it stands in. `stock_limit_kg`: what its permit lets
    lie there at once; None where it has no such limit, or its owner has not said."""

    id: str
    version: int
    organisation_id: str
    name: str
    kind: SiteKind
    region: str
    position: Position
    park_id: str | None
    created_at: datetime
    updated_at: datetime
    compliance: list[Compliance] = field(default_factory=list)
    stock_limit_kg: int | None = None

    @classmethod
    def open(cls, organisation_id: str, terms: SiteTerms, now: datetime) -> tuple[Site, list[Event]]:
        site = cls(new_id(), 1, organisation_id, terms.name, terms.kind, terms.region, terms.position, terms.park_id, now, now)
        site.compliance, site.stock_limit_kg = list(terms.compliance), terms.stock_limit_kg
        return site, site._changed(compliance_too=bool(terms.compliance))

    @property
    def terms(self) -> SiteTerms:
        entries = tuple(self.compliance)
        return SiteTerms(self.name, self.kind, self.region, self.position, self.park_id, entries, self.stock_limit_kg)

    def change(self, change: SiteChange, now: datetime) -> list[Event]:
        """No event and no new version where nothing is different."""
        before, after = self.terms, change.applied_to(self.terms)
        if after == before:
            return []
        self.name, self.kind, self.region, self.position = after.name, after.kind, after.region, after.position
        self.park_id, self.compliance, self.stock_limit_kg = after.park_id, list(after.compliance), after.stock_limit_kg
        self.updated_at, self.version = now, self.version + 1
        return self._changed(compliance_too=after.compliance != before.compliance)

    def _changed(self, compliance_too: bool) -> list[Event]:
        entries = _entries(self.compliance)
        events: list[Event] = [
            SiteChanged(
                id=self.id,
                version=self.version,
                at=self.updated_at,
                organisation_id=self.organisation_id,
                name=self.name,
                kind=self.kind,
                region=self.region,
                position=Point(lat=self.position.lat, lon=self.position.lon),
                park_id=self.park_id,
                compliance=entries,
                stock_limit_kg=self.stock_limit_kg,
            )
        ]
        if compliance_too:
            events.append(
                ComplianceChanged(
                    id=self.id,
                    version=self.version,
                    at=self.updated_at,
                    organisation_id=self.organisation_id,
                    compliance=entries,
                )
            )
        return events


def _entries(compliance: Sequence[Compliance]) -> tuple[ComplianceEntry, ...]:
    return tuple(
        ComplianceEntry(list=one.list, category=one.category, valid_from=one.valid_from, valid_until=one.valid_until)
        for one in compliance
    )
