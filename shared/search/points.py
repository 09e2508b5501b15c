"""Points in time: an index as it was, for those who page through it while it is written.

Searches of the same tenth of a second share one. A point that nobody pages on is closed when the next is opened; of those
that were handed out the newest `MOST` stay open, and each ends by itself when it was not asked for `KEEP` long.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

from elasticsearch import ApiError, Elasticsearch, NotFoundError

KEEP = "2m"
SHARED_S = 0.1
MOST = 500
"""Per process: ten a second for nearly a minute."""


class PointInTimeIsGone(Exception):
    """It was closed, ran out, or its index was replaced."""


class PointsInTime:
    """Those of one index that this process opened; safe between threads."""

    def __init__(self, client: Elasticsearch, index: str, most: int = MOST) -> None:
        self.client, self.index, self.most = client, index, most
        self._lock = threading.Lock()
        self._latest: tuple[str, float] | None = None
        self._handed_out: OrderedDict[str, None] = OrderedDict()

    def now(self) -> str:
        """A point at most a tenth of a second old. Raises ApiError, ConnectionError."""
        with self._lock:
            before = self._latest
            if before is not None and time.monotonic() - before[1] < SHARED_S:
                return before[0]
            at = time.monotonic()
            opened: str = self.client.open_point_in_time(index=self.index, keep_alive=KEEP)["id"]
            self._latest = (opened, at)
            unused = before[0] if before is not None and before[0] not in self._handed_out else None
        if unused is not None:
            self._close(unused)
        return opened

    def hand_out(self, point: str) -> None:
        """Somebody pages on it: it stays, and the oldest goes where there are too many."""
        with self._lock:
            self._handed_out[point] = None
            self._handed_out.move_to_end(point)
            oldest = self._handed_out.popitem(last=False)[0] if len(self._handed_out) > self.most else None
        if oldest is not None:
            self._close(oldest)

    def _close(self, point: str) -> None:
        try:
            self.client.close_point_in_time(id=point)
        except NotFoundError:
            return  # it had run out
        except ApiError as error:
            if error.status_code < 500:
                raise

    def close(self) -> None:
        """Close every one."""
        with self._lock:
            points = {*self._handed_out, *([self._latest[0]] if self._latest else [])}
            self._handed_out.clear()
            self._latest = None
        for point in points:
            self._close(point)
