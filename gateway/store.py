"""The gateway's own database: the counters of its rate limits."""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from typing import Any

from limits.storage import MongoDBStorage

from gateway.remembered import Remembered

SHARE_S = 1.0
"""How long a worker may deal out what it took: so long after a window's end it may still let a call of the next one pass."""
MOST_AT_ONCE = 50
LOCKS = 64


@dataclass
class _Share:
    """Calls that a worker took from the counter in advance: the next one's number, and the last one's."""

    next: int
    last: int


class Counters(MongoDBStorage):
    """MongoDB as the limiter knows it, but for two things.

    A busy caller's calls are not counted one by one, which would make its counter the hottest document of all: a worker takes
    the numbers of several calls at once, up to a tenth of what was counted so far, and deals them out within a second. No
    number is dealt twice, so no limit is passed; what a worker took and did not use is at most that tenth. At the edge of two
    windows a worker may deal the rest of its share, a second's worth at most, without counting it in the new one.

    And one that was never used does not connect in order to close. `server` among the options is MongoDB's own address; the
    storage's says only that it is of this kind.
    """

    STORAGE_SCHEME = ["huanliu-counters"]  # noqa: RUF012 - the base declares it so

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._shares: Remembered[_Share] = Remembered()
        self._dealing = [threading.Lock() for _ in range(LOCKS)]

    def _init_mongo_client(self, uri: str | None, **options: int | str | bool) -> Any:
        return super()._init_mongo_client(str(options.pop("server")), **options)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """The number of this call within its window."""
        with self._dealing[hash(key) % LOCKS]:  # who comes meanwhile waits, and is dealt of the share that this one takes
            share = self._shares.get(key)
            if share is not None and share.next + amount - 1 <= share.last:
                share.next += amount
                return share.next - 1
            several = max(amount, min(MOST_AT_ONCE, share.last // 10)) if share is not None else amount
            last = super().incr(key, expiry, several)
            self._shares.put(key, _Share(last - several + amount + 1, last), SHARE_S)
            return last - several + amount

    def close(self) -> None:
        """Let go of the connections."""
        if self._storage is not None:
            self._storage.close()

    def __del__(self) -> None:
        if not sys.is_finalizing():  # the driver can't be closed any more, and the process takes its connections along
            self.close()


COUNTERS_URI = f"{Counters.STORAGE_SCHEME[0]}://"
