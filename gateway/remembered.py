"""A bounded map in one process whose entries end by themselves."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")
KEPT = 10_000


class Remembered(Generic[T]):
    """Safe between threads; the least recently used entries go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[T, float]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> T | None:
        with self._lock:
            entry = self._kept.get(key)
            if entry is None:
                return None
            if entry[1] <= time.monotonic():
                del self._kept[key]
                return None
            self._kept.move_to_end(key)
            return entry[0]

    def put(self, key: str, value: T, for_s: float) -> None:
        with self._lock:
            self._kept[key] = (value, time.monotonic() + for_s)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
