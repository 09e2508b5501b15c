"""Who sees what of a region: operators all, a park operator its region in full, everybody else what reveals no single firm.

What others may see is in `published`; one's own firm's kilograms are always to be seen, live.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.regions import store
from shared.auth import Caller
from shared.geo import contains
from shared.mongo import Row


@dataclass(frozen=True, slots=True)
class Sight:
    """`whole`: everything of the region, live. Else the figures of the firm `firm` and, beside them, what is published."""

    whole: bool
    firm: str

    def own(self) -> Row:
        """The condition that a firm has to do with it, as seller or buyer."""
        return {} if self.whole else store.of_firm(self.firm)


def sight_of(caller: Caller, code: str) -> Sight:
    """What `caller` sees of the region `code`."""
    whole = caller.role == "operator" or (caller.role == "park_operator" and contains(caller.region, code))
    return Sight(whole, caller.organisation_id)
