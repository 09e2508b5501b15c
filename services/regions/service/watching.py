"""Who watches: the rules of alarms in memory, which of them an event may concern, and the timer that looks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from services.regions.model.alarms import AlarmRule, Kind
from services.regions.service import watched
from services.regions.service.alarms import escalate_due, evaluate
from services.regions.store.alarms import standing_rules
from shared.bus.handling import Handler, Handlers
from shared.events import Event
from shared.events.listings import (
    DemandPosted,
    LotChanged,
    LotClosed,
    LotExpired,
    LotPublished,
    LotWithdrawn,
    QuantityConsumed,
    QuantityReleased,
    QuantityReserved,
)
from shared.events.logistics import ShipmentCorrected, ShipmentLoaded, ShipmentReceived
from shared.events.matching import PricePublished
from shared.events.regions import AlarmRuleChanged, AllowanceChanged, VolumePosted
from shared.geo import contains
from shared.mongo import Database, Unit
from shared.problem import Problem

log = structlog.get_logger("regions.watch")
FRESH_S = 3.0
"""What marks a rule commits a moment after it: so long the rule is looked at."""
AGAIN_S = 30.0
"""How often every rule is looked at whether anything has happened or not: silence, windows that move on, another worker's
events."""
SITES: tuple[Kind, ...] = ("stock", "silence")
VOLUMES: tuple[Kind, ...] = ("threshold", "change")
Hearing = Callable[[Unit, Any], str | None]


class Watching:
    """The rules that stand, in memory, each with the time until which it is looked at. Marked by the consumer's thread, looked
    at by the timer's."""

    def __init__(self) -> None:
        self.rules: list[AlarmRule] = []
        self._fresh: dict[str, float] = {}
        self._lock = threading.Lock()
        self._all_at = float("-inf")

    def catch_up(self, unit: Unit, events: Sequence[Event]) -> None:
        """Before each batch: the rules as they are now."""
        self.rules = standing_rules(unit)

    def mark(self, concerned: Callable[[AlarmRule], bool]) -> None:
        until = time.monotonic() + FRESH_S
        with self._lock:
            self._fresh |= {rule.id: until for rule in self.rules if concerned(rule)}

    def due(self, rules: Sequence[AlarmRule]) -> list[str]:
        """The rules to look at now."""
        now = time.monotonic()
        with self._lock:
            if now - self._all_at >= AGAIN_S:
                self._all_at = now
                return [rule.id for rule in rules]
            self._fresh = {one: until for one, until in self._fresh.items() if until > now}
            return list(self._fresh)

    def look(self, database: Database) -> None:
        """The timer: every rule whose figures may have changed."""
        for rule_id in self.due(standing_rules(database.read())):
            try:
                evaluate(database, rule_id)
            except Problem as error:
                log.warning("a rule of alarms was not evaluated", rule=rule_id, error=str(error))
        escalate_due(database)

    def handlers(self) -> Handlers:
        """What is heard, and which rules it marks."""
        return {kind: self._handler(kind, hear) for kind, hear in HEARD.items()}

    def _handler(self, kind: type[Event], hear: Hearing | None) -> Handler:
        concerns = CONCERNS.get(kind)

        def handle(unit: Unit, event: Any) -> None:
            region = hear(unit, event) if hear is not None else None
            if concerns is not None:
                self.mark(concerns(event))
            elif region is not None:
                self.mark(lambda rule: rule.terms.kind in SITES and contains(rule.terms.region, region))

        return handle


def _volume(event: VolumePosted) -> Callable[[AlarmRule], bool]:
    def concerned(rule: AlarmRule) -> bool:
        terms = rule.terms
        place = event.region if terms.side == "origin" else event.to_region
        of_it = terms.material is None or event.grade == terms.material or event.grade.startswith(f"{terms.material}.")
        return terms.kind in VOLUMES and of_it and place is not None and contains(terms.region, place)

    return concerned


def _price(event: PricePublished) -> Callable[[AlarmRule], bool]:
    return lambda rule: rule.terms.kind == "price" and rule.terms.material == event.grade


def _allowance(event: Any) -> Callable[[AlarmRule], bool]:
    return lambda rule: rule.terms.kind == "allowance"


def _rule(event: AlarmRuleChanged) -> Callable[[AlarmRule], bool]:
    return lambda rule: rule.id == event.id


HEARD: Mapping[type[Event], Hearing | None] = {
    LotPublished: watched.hear_lot,
    LotChanged: watched.hear_lot,
    LotWithdrawn: watched.hear_lot,
    LotExpired: watched.hear_lot,
    LotClosed: watched.hear_lot,
    QuantityReserved: watched.hear_quantity,
    QuantityReleased: watched.hear_quantity,
    QuantityConsumed: watched.hear_quantity,
    ShipmentLoaded: watched.hear_loaded,
    ShipmentReceived: watched.hear_received,
    ShipmentCorrected: watched.hear_received,
    DemandPosted: watched.hear_demand,
    PricePublished: watched.hear_price,
    VolumePosted: None,
    AllowanceChanged: None,
    AlarmRuleChanged: None,
}
"""What the watch hears, and what it does with it besides marking rules: of a site's matters it gives the region, whose rules
of sites are marked."""
CONCERNS: Mapping[type[Event], Callable[[Any], Callable[[AlarmRule], bool]]] = {
    PricePublished: _price,
    VolumePosted: _volume,
    AllowanceChanged: _allowance,
    AlarmRuleChanged: _rule,
}
