"""What a single deal that breaks the clearing's rules is answered."""

from __future__ import annotations

from services.matching.clearing import RULES, Deal
from shared.catalogue.freight import FreightOption
from shared.problem import WrongState


def must_break_none(judged: Deal) -> FreightOption:
    """How the deal's tonnes travel. Raises WrongState with the `rules` it breaks."""
    if judged.rules or judged.way is None:
        zh, en = ("; ".join(RULES[rule][language] for rule in judged.rules) for language in (0, 1))
        raise WrongState(zh=f"不能成交: {zh}", en=f"These two can't trade so: {en}", rules=[str(rule) for rule in judged.rules])
    return judged.way
