"""Whom and whose site listings accepts."""

from __future__ import annotations

from services.listings.model import Place
from shared import parties
from shared.auth import Caller
from shared.mongo import Unit
from shared.problem import InputIsInvalid, OrganisationIsSuspended


def must_not_be_suspended(unit: Unit, caller: Caller) -> None:
    """Drafts need no verification, but whose suspension was read may do nothing (`protocol.md` 10)."""
    if is_suspended(unit, caller.organisation_id):
        raise OrganisationIsSuspended(
            zh="单位已被暂停，请联系平台运营方", en="Your organisation is suspended; ask the marketplace operator"
        )


def is_suspended(unit: Unit, organisation_id: str) -> bool:
    known = parties.PARTIES.find(unit, organisation_id)
    return known is not None and known.status == "suspended"


def own_place(unit: Unit, caller: Caller, site_id: str) -> Place:
    """Raises NotHeardYet; InputIsInvalid for another organisation's site."""
    site = parties.site(unit, site_id)
    if site.organisation_id != caller.organisation_id:
        raise InputIsInvalid([("/site_id", "场站不属于本单位", "This is not a site of your organisation")])
    return Place(site.id, site.region, site.position)
