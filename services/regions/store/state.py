"""The state of the ledger and the volumes as one hash, the form it is of, and the pause in which a rebuilt one takes its
place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakSet

import orjson

from shared.mongo import Database, Repository, Row, Sealed, Unit, sealed
from shared.problem import ServiceIsUnavailable

REBUILT = ("postings", "lot_accounts", "region_accounts", "facts", "cells")
"""What follows from the topics alone, in whatever order they are read."""
NOT_HASHED = frozenset({"version", "seal"})
"""How often a document was written depends on how events met."""
BATCH = 2_000
FORM = 1
"""The form of the documents of `REBUILT`. Raise it with every change after which those of before can't be read: a state of
another form is refused until it is rebuilt."""
PAUSE = "pause"
PAUSED_FOR = timedelta(minutes=15)


P = ParamSpec("P")
T = TypeVar("T")


class FiguresAreOfAnOlderForm(ServiceIsUnavailable):
    """The state was made by an older version of the room; events wait, and nothing of it is shown."""

    slug = "older-form"
    title = ("数据由旧版本生成，需要重建", "The figures were made by an older version and must be rebuilt")

    def __init__(self) -> None:
        zh = f"请在服务器上运行 {MENDED_BY}；在此之前的事件不会丢失"
        en = f"Run {MENDED_BY} on the server; no event is lost meanwhile"
        super().__init__(zh=zh, en=en, retry_after_s=60, command=MENDED_BY)


MENDED_BY = "huanliu regions rebuild --replace"


@dataclass
class Form:
    """Which form the state is of."""

    id: str
    version: int
    form: int


class FormDocument(Sealed):
    meta = {"collection": "forms", "indexes": []}  # noqa: RUF012


FORMS = Repository(FormDocument, Form)
STATE = "state"
_PRESENT: WeakSet[Database] = WeakSet()
_MARKED: WeakSet[Database] = WeakSet()


def is_of_present_form(unit: Unit) -> bool:
    """Whether this version can read the state. One without a mark was made before there were marks: of the first form, unless
    some of its facts do not say when they were recorded."""
    if unit.database in _PRESENT:
        return True
    found = FORMS.find(unit, STATE)
    if found is not None:
        present = found.form == FORM
    else:
        present = FORM == 1 and unit.collection("facts").find_one({"recorded_at": None}, session=unit.session) is None
    if present:
        _PRESENT.add(unit.database)
    return present


def mark_form(unit: Unit) -> None:
    """The state is of the present form: with the first batch of events, and when a rebuilt one has taken its place."""
    if unit.database in _MARKED:
        return
    known = FORMS.find(unit, STATE)
    if known is None or known.form != FORM:
        FORMS.save(unit, Form(STATE, 1 if known is None else known.version + 1, FORM))
    else:
        _MARKED.add(unit.database)


def of_present_form(read: Callable[Concatenate[Unit, P], T]) -> Callable[Concatenate[Unit, P], T]:
    """For what reads the state. Raises FiguresAreOfAnOlderForm."""

    @wraps(read)
    def guarded(unit: Unit, /, *args: P.args, **more: P.kwargs) -> T:
        if not is_of_present_form(unit):
            raise FiguresAreOfAnOlderForm
        return read(unit, *args, **more)

    return guarded


def state_hash(database: Database, report: Callable[[int], None] = lambda done: None) -> str:
    """One hash over every posting, account, fact and cell: the sum of their digests, so that no order is needed. Told how many
    documents are done."""
    total = done = 0
    for name in REBUILT:
        for row in database.mongo[name].find({}, batch_size=BATCH):
            total += int.from_bytes(_digest(name, row), "big")
            done += 1
            if done % BATCH == 0:
                report(done)
    report(done)
    return f"{total % 2**128:032x}"


def count_state(database: Database) -> int:
    """About how many documents `state_hash` reads."""
    return sum(database.mongo[name].estimated_document_count() for name in REBUILT)


def _digest(name: str, row: Row) -> bytes:
    content = {field: value for field, value in row.items() if field not in NOT_HASHED}
    data = orjson.dumps([name, content], default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.blake2b(data, digest_size=16).digest()


def applied(database: Database, consumer: str) -> set[str]:
    """The ids of the events that the room has applied."""
    prefix = f"{consumer}:"
    rows: Any = database.mongo["inbox"].find({"_id": {"$regex": f"^{prefix}"}}, {"_id": 1}, batch_size=50_000)
    return {row["_id"].removeprefix(prefix) for row in rows}


def pause(database: Database) -> None:
    """Let the room's consumer stand still; it goes on by itself after `PAUSED_FOR`, should nobody end the pause."""
    until = database.clock() + PAUSED_FOR
    row = sealed({"_id": PAUSE, "version": 1, "until": until}, database.settings.secret_key)
    database.mongo["pauses"].replace_one({"_id": PAUSE}, row, upsert=True)


def end_pause(database: Database) -> None:
    database.mongo["pauses"].delete_one({"_id": PAUSE})


def is_paused(unit: Unit) -> bool:
    """Whether a rebuilt state is about to take the place of this one."""
    row = unit.collection("pauses").find_one({"_id": PAUSE})
    return row is not None and row["until"] > unit.now


def take_place(database: Database, rebuilt: Database) -> None:
    """Put the rebuilt collections in place of the room's own; each at once, all while the consumer stands still. The mark of
    their form comes last."""
    for name in REBUILT:
        if name in rebuilt.mongo.list_collection_names():
            ours, theirs = f"{database.mongo.name}.{name}", f"{rebuilt.mongo.name}.{name}"
            database.client.admin.command("renameCollection", theirs, to=ours, dropTarget=True)
    database.write(mark_form)
