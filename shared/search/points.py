"""Points in time: an index as it was, for those who page through it while it is written.

A search opens one for its first page and drops it where there is no second. Of those that were handed out the newest `MOST`
stay open, and each ends by itself when it was not asked for `KEEP` long.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

import structlog
from elastic_transport import ConnectionError as NoConnection
from elastic_transport import ConnectionTimeout
from elasticsearch import ApiError, Elasticsearch, NotFoundError

log = structlog.get_logger("search")
KEEP = "2m"
MOST = 500
"""Per process: those that page in the last half minute of a busy one."""


class PointInTimeIsGone(Exception):
    """It was closed, ran out, or its index was replaced."""


class PointsInTime:
    """Those of one index that this process opened; safe between threads."""

    def __init__(self, client: Elasticsearch, index: str, most: int = MOST) -> None:
        self.client, self.index, self.most = client, index, most
        self._lock = threading.Lock()
        self._handed_out: OrderedDict[str, None] = OrderedDict()

    def open(self) -> str:
        """The index as it is now. Raises ApiError, ConnectionError."""
        opened: str = self.client.open_point_in_time(index=self.index, keep_alive=KEEP)["id"]
        return opened

    def hand_out(self, point: str) -> None:
        """Somebody may page on it: it stays, and the oldest goes where there are too many."""
        with self._lock:
            self._handed_out[point] = None
            self._handed_out.move_to_end(point)
            oldest = self._handed_out.popitem(last=False)[0] if len(self._handed_out) > self.most else None
        if oldest is not None:
            self._close(oldest)

    def drop(self, point: str) -> None:
        """Nobody pages on it."""
        with self._lock:
            self._handed_out.pop(point, None)
        self._close(point)

    def close(self) -> None:
        """Close every one."""
        with self._lock:
            points = list(self._handed_out)
            self._handed_out.clear()
        for point in points:
            self._close(point)

    def _close(self, point: str) -> None:
        """What cannot be closed now ends by itself."""
        try:
            self.client.close_point_in_time(id=point)
        except NotFoundError:
            return  # it had run out
        except (ApiError, NoConnection, ConnectionTimeout) as error:
            log.info("a point in time is left to run out", error=str(error))
