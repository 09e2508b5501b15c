"""The list of dead letters in a room's database: what a consumer gave up on, and what became of it.

A replay hands the record to the same consumer again, in a transaction with its inbox mark, so it applies once. Who only looks
or decides needs no Kafka client; `parking` writes them.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from shared.bus.documents import DeadLetterDocument
from shared.bus.envelope import EventIsUnreadable
from shared.mongo import Database, Repository, Row, Unit
from shared.problem import NotFound, Problem, WrongState

Status = Literal["parked", "replay_requested", "replayed", "discarded"]


@dataclass
class DeadLetter:
    """One record that a consumer gave up on; `value` and header values are base64. `id` names consumer and place. `reason_zh`
    is empty where it was parked before reasons had both languages."""

    id: str
    consumer: str
    topic: str
    partition: int
    offset: int
    type: str | None
    key: str | None
    value: str | None
    headers: list[list[str]]
    reason: str
    trace: str
    parked_at: datetime
    status: Status = "parked"
    attempts: int = 1
    version: int = 1
    reason_zh: str = ""


DEAD_LETTERS = Repository(DeadLetterDocument, DeadLetter)


def reasons_of(error: Exception) -> tuple[str, str]:
    """Why an event was given up, zh and en: our own errors say it in both languages, any other as it is."""
    if isinstance(error, EventIsUnreadable):
        return error.zh, error.en
    name, text = type(error).__name__, str(error)
    return f"{name}: {(error.zh or error.title[0]) if isinstance(error, Problem) else text}", f"{name}: {text}"


def decoded(value: str | None) -> bytes | None:
    return None if value is None else base64.b64decode(value)


def listed(database: Database, status: Status | None = None) -> list[DeadLetter]:
    where: Row = {"status": status} if status else {}
    return DEAD_LETTERS.select(database.read(), where, [("parked_at", -1)])


def parked(unit: Unit) -> int:
    """How many wait for a decision."""
    return unit.collection("dead_letters").count_documents({"status": "parked"})


def request_replay(database: Database, identifier: str) -> DeadLetter:
    """Ask the room's worker to handle it again. Raises NotFound, WrongState for one replayed or discarded."""
    return database.write(lambda unit: move(unit, identifier, "replay_requested"))


def discard(database: Database, identifier: str) -> DeadLetter:
    """Give it up for good. Raises NotFound, WrongState for one replayed."""
    return database.write(lambda unit: move(unit, identifier, "discarded"))


def move(unit: Unit, identifier: str, status: Literal["replay_requested", "discarded"]) -> DeadLetter:
    """Raises NotFound, WrongState."""
    letter = DEAD_LETTERS.get(unit, identifier)
    if letter.status in ("replayed", "discarded"):
        raise WrongState(
            zh=f"这个事件已{'重放' if letter.status == 'replayed' else '放弃'}",
            en=f"This dead letter is {letter.status} already; nothing was changed",
        )
    letter.status = status
    letter.version += 1
    DEAD_LETTERS.save(unit, letter)
    return letter


def as_json(letter: DeadLetter) -> dict[str, Any]:
    """What `dead-letters show` prints: the body as text where it is text."""
    value = decoded(letter.value)
    return {
        "id": letter.id,
        "consumer": letter.consumer,
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "type": letter.type,
        "key": letter.key,
        "reason": letter.reason,
        "reason_zh": letter.reason_zh or letter.reason,
        "trace": letter.trace,
        "parked_at": letter.parked_at.isoformat(),
        "status": letter.status,
        "attempts": letter.attempts,
        "headers": {name: (decoded(header) or b"").decode("utf-8", "replace") for name, header in letter.headers},
        "value": None if value is None else value.decode("utf-8", "replace"),
    }


__all__ = [
    "DEAD_LETTERS",
    "DeadLetter",
    "DeadLetterDocument",
    "NotFound",
    "as_json",
    "discard",
    "listed",
    "move",
    "parked",
    "reasons_of",
    "request_replay",
]
