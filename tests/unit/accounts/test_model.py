"""The rules of organisations and sites."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.accounts.model import ApiKey, Compliance, Organisation, Site, SiteChange, SiteTerms
from shared.events.accounts import ComplianceChanged, OrganisationVerified, SiteChanged
from shared.geo import Position
from shared.problem import WrongState

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
WUHAN = Position(30.59, 114.3)


def terms(**changes: object) -> SiteTerms:
    values = {"name": "青山料场", "kind": "yard", "region": "420107", "position": WUHAN, "park_id": None, "compliance": ()}
    return SiteTerms(**{**values, **changes})  # type: ignore[arg-type]


def entry(days: int) -> Compliance:
    return Compliance("steel", None, NOW, NOW + timedelta(days=days))


def test_an_organisation_begins_pending_and_its_versions_order_its_events() -> None:
    organisation, registered = Organisation.register("江城回收", "collector", "420100", "a@b.example", NOW)
    assert organisation.status == "pending"
    verified = organisation.verify(LATER)
    suspended = organisation.suspend(LATER)
    lifted = organisation.verify(LATER)
    assert [event.version for event in registered + verified + suspended + lifted] == [1, 2, 3, 4]
    assert isinstance(lifted[0], OrganisationVerified)
    assert lifted[0].status == "verified"
    assert organisation.updated_at == LATER


def test_what_does_not_apply_is_refused() -> None:
    organisation, _ = Organisation.register("江城回收", "collector", "420100", "a@b.example", NOW, "verified")
    with pytest.raises(WrongState):
        organisation.verify(NOW)
    organisation.suspend(NOW)
    with pytest.raises(WrongState):
        organisation.suspend(NOW)
    key = ApiKey("k", 1, "u", "o", "n", "d", "h", NOW)
    key.revoke(NOW)
    with pytest.raises(WrongState):
        key.revoke(NOW)


def test_a_site_without_entries_has_no_news_of_compliance() -> None:
    _, events = Site.open("o", terms(), NOW)
    assert [type(event) for event in events] == [SiteChanged]


def test_changed_compliance_is_told_twice_with_one_version() -> None:
    site, events = Site.open("o", terms(compliance=(entry(10),)), NOW)
    assert [type(event) for event in events] == [SiteChanged, ComplianceChanged]
    events = site.change(SiteChange(frozenset({"compliance"}), terms(compliance=(entry(20),))), LATER)
    assert [(type(event), event.version) for event in events] == [(SiteChanged, 2), (ComplianceChanged, 2)]
    assert site.compliance == [entry(20)]


def test_only_named_fields_change_and_a_change_of_nothing_is_none() -> None:
    site, _ = Site.open("o", terms(), NOW)
    events = site.change(SiteChange(frozenset({"name"}), terms(name="新料场", kind="plant")), LATER)
    assert [type(event) for event in events] == [SiteChanged]
    assert (site.name, site.kind, site.version) == ("新料场", "yard", 2)
    assert site.change(SiteChange(frozenset({"name"}), terms(name="新料场")), LATER) == []
    assert site.version == 2
