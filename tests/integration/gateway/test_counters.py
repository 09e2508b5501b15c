"""The limiter's counters, as several gateway workers use them, on a real MongoDB."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from limits.storage import storage_from_string

from gateway.store import COUNTERS_URI, MOST_AT_ONCE, Counters
from shared.mongo import Database
from shared.settings import Settings

pytestmark = pytest.mark.mongodb
WORKERS, CALLS = 4, 400


@pytest.fixture
def workers(settings: Settings) -> Iterator[list[Counters]]:
    """One storage a worker, on the same database."""
    options = {"server": settings.mongodb_uri, "database_name": settings.database("gateway")}
    made = [storage_from_string(COUNTERS_URI, **options) for _ in range(WORKERS)]
    yield [one for one in made if isinstance(one, Counters)]
    for one in made:
        one.close()
    database = Database(settings, "gateway")
    database.client.drop_database(database.mongo.name)
    database.close()


def test_no_number_is_dealt_twice_whichever_worker_counts(workers: list[Counters]) -> None:
    numbers: list[int] = []
    lock = threading.Lock()

    def call(counters: Counters) -> None:
        for _ in range(CALLS):
            number = counters.incr("caller", 60)
            with lock:
                numbers.append(number)

    threads = [threading.Thread(target=call, args=(one,)) for one in workers for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = 2 * WORKERS * CALLS
    assert len(numbers) == len(set(numbers)) == made, "a number dealt twice would let a call past the limit"
    unused = max(numbers) - made
    assert 0 <= unused <= WORKERS * MOST_AT_ONCE, "what is taken and not used is a share a worker"


def test_a_caller_of_few_calls_is_counted_one_by_one(workers: list[Counters]) -> None:
    """A small limit is exact: nothing is taken in advance before there are ten."""
    assert [workers[number % 2].incr("rare", 60) for number in range(10)] == list(range(1, 11))
