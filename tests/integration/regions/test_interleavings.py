"""The room's own fold on real MongoDB: whatever the order, the batches and the repetitions in which events are heard, they come
to one state, in which every posting balances and every account of a lot sums to what was published."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from services.regions.handlers import consumer
from services.regions.store import DOCUMENTS, LOT_ACCOUNTS, POSTINGS, REGION_ACCOUNTS, state
from shared.bus.envelope import Headers, Record, headers_of
from shared.bus.replay import Replay
from shared.mongo import Database
from shared.settings import Settings
from tests.fixtures.lives import NOON, Life, Told, fresh
from tests.fixtures.mishaps import mishaps, rows_of
from tests.unit.regions.test_ledger import lives

pytestmark = pytest.mark.mongodb
FEW = tried(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""Each makes two states on a server."""


@dataclass(frozen=True)
class Written:
    """An event as a topic has it."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers
    partition: int = 0
    offset: int = 0


def written(told: Sequence[tuple[Told, Any]], settings: Settings) -> list[Record]:
    rows = rows_of(list(told), settings)
    secret = settings.secret_key
    return [Written(row["topic"], row["key"].encode(), row["data"].encode(), headers_of(row, secret)) for row in rows]


@pytest.fixture
def database(settings: Settings) -> Database:
    return fresh(settings, "regions", DOCUMENTS)


def folded(database: Database, batches: Sequence[Sequence[Record]]) -> str:
    """The hash of what these batches make of an empty state, of which every sum is whole."""
    for name in (*state.REBUILT, "inbox", "outbox", "known_listings", "known_trades"):
        database.mongo[name].delete_many({})
    replay = Replay(consumer(database), database)
    for batch in batches:
        replay.handle(batch)
    assert replay.failed == {}
    unit = database.read()
    assert all(sum(one.entries.values()) == 0 for one in POSTINGS.select(unit, {}))
    for accounts in (*LOT_ACCOUNTS.select(unit, {}), *REGION_ACCOUNTS.select(unit, {})):
        assert sum(accounts.balance.values()) == 0, "what was published is what stands in the other accounts"
    return state.state_hash(database)


def cut(chance: random.Random, records: Sequence[Record]) -> list[Sequence[Record]]:
    """Into batches of any size."""
    batches, start = [], 0
    while start < len(records):
        end = start + chance.choice((1, 2, 7, 40))
        batches.append(records[start:end])
        start = end
    return batches


@FEW
@given(st.lists(lives(), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_any_interleaving_gives_the_same_state(
    settings: Settings, database: Database, several: list[Life], chance: random.Random
) -> None:
    records = written([(one, NOON) for life in several for one in life.told], settings)
    expected = folded(database, [[one] for one in records])
    shuffled = chance.sample(records, len(records))
    assert folded(database, cut(chance, shuffled)) == expected


@FEW
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_what_is_told_again_changes_nothing(settings: Settings, database: Database, seed: int, chance: random.Random) -> None:
    """Late and corrected loads among them; each event heard up to three times, also twice in one batch."""
    records = written(mishaps(seed, 3), settings)
    expected = folded(database, [records])
    again = [one for record in records for one in [record] * chance.randint(1, 3)]
    chance.shuffle(again)
    assert folded(database, cut(chance, again)) == expected
    replay = Replay(consumer(database), database)
    replay.handle(records)
    assert (replay.failed, state.state_hash(database)) == ({}, expected)


def test_a_changed_kilogram_is_another_state(settings: Settings, database: Database) -> None:
    """So that equal hashes say something."""
    life = Life().publish()
    first = folded(database, [written([(one, NOON) for one in life.told], settings)])
    life.told[0].event = life.told[0].event.model_copy(update={"quantity_kg": life.quantity_kg + 1})
    assert folded(database, [written([(one, NOON) for one in life.told], settings)]) != first
