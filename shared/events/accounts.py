"""Topic `huanliu.accounts`."""

from __future__ import annotations

from typing import Literal

from shared.auth.caller import Role
from shared.events.base import ComplianceEntry, Event, Point


class _Organisation(Event):
    """`id` is the organisation's."""

    name: str
    role: Role
    region: str
    status: Literal["pending", "verified", "suspended"]
    contact: str
    """An e-mail address or telephone number, shown to the other party of an agreed trade."""


class OrganisationRegistered(_Organisation, type="organisation.registered"):
    """A new organisation, `pending` or made verified by the operator's command."""


class OrganisationVerified(_Organisation, type="organisation.verified"):
    """The operator verified it (or lifted its suspension)."""


class OrganisationSuspended(_Organisation, type="organisation.suspended"):
    """It may do nothing until it is verified again."""


class SiteChanged(Event, type="site.changed"):
    """A site as it is now; `id` is the site's."""

    organisation_id: str
    name: str
    kind: Literal["yard", "plant", "centre", "park"]
    region: str
    position: Point
    park_id: str | None = None
    compliance: tuple[ComplianceEntry, ...] = ()
    stock_limit_kg: int | None = None
    """What its permit lets lie there at once; null where it has no such limit, or its owner has not said."""


class ComplianceChanged(Event, type="compliance.changed"):
    """A site's compliance entries as they are now; `id` is the site's, `version` the site's."""

    organisation_id: str
    compliance: tuple[ComplianceEntry, ...]
