"""What each worker process of a room last said of itself, for those who look from outside."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from shared.bus.documents import PulseDocument
from shared.mongo import Repository, Unit

EVERY_S = 2.0


@dataclass
class ConsumerPulse:
    """One consumer since its process started. `lag`: events that wait in its partitions; None before it has any."""

    name: str
    handled: int
    parked: int
    lag: int | None
    error: str | None
    stopped: bool


@dataclass
class Pulse:
    """`id` names the process; a pulse that is not renewed goes within two minutes."""

    id: str
    at: datetime
    published: int
    relay_error: str | None
    consumers: list[ConsumerPulse] = field(default_factory=list)
    version: int = 1


PULSES = Repository(PulseDocument, Pulse)


def workers(unit: Unit) -> list[Pulse]:
    """The room's worker processes, by their ids."""
    return PULSES.select(unit, {}, [("_id", 1)])
