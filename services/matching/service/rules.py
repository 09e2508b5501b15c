"""Who stands where in a deal, and what a single one that breaks the clearing's rules is answered."""

from __future__ import annotations

from services.matching.clearing import RULES, Deal
from services.matching.model import Agreement, Side
from shared.auth import Caller
from shared.auth.policy import Relation
from shared.catalogue.freight import FreightOption
from shared.events.matching import Terms
from shared.problem import WrongState


def side_of(caller: Caller) -> Side:
    return "seller" if caller.role == "collector" else "buyer"


def sides_of(both: Terms | Agreement, caller: Caller) -> set[Relation]:
    """What the caller's organisation is to the two."""
    sides: dict[Relation, str] = {"seller": both.seller_id, "buyer": both.buyer_id}
    return {side for side, organisation in sides.items() if organisation == caller.organisation_id}


def must_break_none(judged: Deal) -> FreightOption:
    """How the deal's tonnes travel. Raises WrongState with the `rules` it breaks."""
    if judged.rules or judged.way is None:
        zh, en = ("; ".join(RULES[rule][language] for rule in judged.rules) for language in (0, 1))
        raise WrongState(zh=f"不能成交：{zh}", en=f"These two can't trade so: {en}", rules=[str(rule) for rule in judged.rules])
    return judged.way
