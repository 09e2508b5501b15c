"""Who sees what of a region: operators all, a park operator its parks and its region in full, everybody else what is published
(`published`) and, always and live, their own firm's."""

from __future__ import annotations

from dataclasses import dataclass

from services.regions import store
from services.regions.ledger import Area
from services.regions.views.volumes import Found, known_region
from shared.auth import Caller
from shared.geo import contains
from shared.mongo import Row, Unit
from shared.parties import KnownSite
from shared.problem import InputIsInvalid, NotFound


@dataclass(frozen=True, slots=True)
class Sight:
    """`whole`: everything of the region, live. Else what is published, and the figures of the firm `firm`."""

    whole: bool
    firm: str

    def own(self) -> Row:
        """The condition that a fact is the firm's, as seller or buyer."""
        return {} if self.whole else store.of_firm(self.firm)

    def lots(self) -> Row:
        """The condition that a lot or a posting of one is the firm's."""
        return {} if self.whole else {"seller_id": self.firm}


WHOLE = Sight(True, "")
"""What the room itself sees."""


def sight_of(unit: Unit, caller: Caller, code: str) -> Sight:
    """What `caller` sees of the region, area or park `code`. Raises NotFound."""
    return sight_of_found(caller, known_region(unit, code))


def sight_of_found(caller: Caller, found: Found) -> Sight:
    """What `caller` sees of it."""
    whole = caller.role == "operator"
    if caller.role == "park_operator" and not isinstance(found, Area):
        lies_in = found.region if isinstance(found, KnownSite) else found.code
        whole = contains(caller.region, lies_in)
        whole |= isinstance(found, KnownSite) and found.organisation_id == caller.organisation_id
    return Sight(whole, caller.organisation_id)


def sight_of_body(unit: Unit, caller: Caller, code: str) -> Sight:
    """As `sight_of`, of the `region` that a body names. Raises InputIsInvalid."""
    try:
        return sight_of(unit, caller, code)
    except NotFound as error:
        raise InputIsInvalid([("/region", error.zh, error.en)]) from error
