"""Favourite and blocked counterparties."""

from __future__ import annotations

from services.listings.model import Counterparty
from services.listings.model.counterparty import Standing
from services.listings.service.trust import must_not_be_suspended
from services.listings.store import COUNTERPARTIES
from shared import parties
from shared.auth import Caller, authorise
from shared.ids import new_id
from shared.mongo import Unit
from shared.problem import InputIsInvalid


def set_standing(unit: Unit, caller: Caller, organisation_id: str, standing: Standing | None) -> Counterparty:
    """Say what one thinks of another organisation; None takes it back. Raises NotHeardYet, InputIsInvalid."""
    authorise(caller, "counterparties.set", {"own"})
    must_not_be_suspended(unit, caller)
    if organisation_id == caller.organisation_id:
        raise InputIsInvalid([("/organisation_id", "不能是本单位", "This is your own organisation")])
    known = parties.party(unit, organisation_id)
    pair = {"organisation_id": caller.organisation_id, "counterparty_id": known.id}
    counterparty = COUNTERPARTIES.find_one(unit, pair) or Counterparty(
        id=new_id(), organisation_id=caller.organisation_id, counterparty_id=known.id, updated_at=unit.now
    )
    events = counterparty.stand(standing, unit.now)
    if events:
        unit.emit(*events)
        COUNTERPARTIES.save(unit, counterparty)
    return counterparty
