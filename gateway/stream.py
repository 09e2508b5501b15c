"""Server-Sent Events: the log of notices as it grows, each caller's part of it, resumed by `Last-Event-ID`.

One thread of each process reads the log and hands every entry to the streams it concerns; a stream waits in a thread of its
own, asleep but for its entries and a sign of life.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

import structlog

from gateway.notices.model import Notice, wanted
from gateway.notices.schemas import NoticeOut
from gateway.notices.views import end_of_log, missed, read_log
from shared.mongo import UNREACHABLE, Database
from shared.problem import ServiceIsUnavailable, TooManyRequests

POLL_S = 0.25
ALIVE_S = 15.0
"""A comment comes this often where nothing happens, so that both ends notice a dead line."""
BEHIND = 1000
"""Entries that may wait for a slow reader; then its stream ends, and it resumes where it was."""
AT_ONCE = 500
OF_ONE_CALLER = 10
RETRY_MS = 2000
log = structlog.get_logger("stream")


@dataclass(eq=False)
class _Reader:
    audience: frozenset[str]
    waiting: deque[Notice] = field(default_factory=deque)
    woken: threading.Condition = field(default_factory=threading.Condition)
    lost: bool = False
    """It fell behind, or is to end."""

    def put(self, notice: Notice) -> None:
        with self.woken:
            if len(self.waiting) >= BEHIND:
                self.lost = True
            else:
                self.waiting.append(notice)
            self.woken.notify()

    def stop(self) -> None:
        with self.woken:
            self.lost = True
            self.woken.notify()

    def take(self, timeout_s: float) -> list[Notice]:
        with self.woken:
            if not self.waiting and not self.lost:
                self.woken.wait(timeout_s)
            taken = list(self.waiting)
            self.waiting.clear()
            return taken


class Streams:
    """The streams of this process. `most`: how many there may be; `going_on` turns False when the process is to end."""

    def __init__(self, database: Database, most: int, going_on: Callable[[], bool]) -> None:
        self.database, self.most, self.going_on = database, most, going_on
        self._readers: dict[str, set[_Reader]] = defaultdict(set)
        self._callers: dict[str, int] = defaultdict(int)
        self._lock = threading.Lock()
        self._tail: threading.Thread | None = None
        self._closed = threading.Event()

    def close(self) -> None:
        """End every stream."""
        self._closed.set()
        if self._tail is not None:
            self._tail.join(5)

    def open(
        self, caller: str, audience: Collection[str], patterns: Collection[str], last: int | None, life_s: float
    ) -> tuple[Iterator[bytes], Callable[[], None]]:
        """The bytes of a stream that begins after entry `last` (None: now) and ends after `life_s`; what to call when nobody
        reads it any more. Raises TooManyRequests, ServiceIsUnavailable."""
        end = end_of_log(self.database.read())
        self._admit(caller)
        reader = _Reader(frozenset(audience))
        self._add(reader, end)

        def close() -> None:
            self._remove(reader)
            self._leave(caller)

        return self._entries(reader, patterns, end if last is None else last, time.monotonic() + life_s), close

    def _admit(self, caller: str) -> None:
        with self._lock:
            if self._callers[caller] >= OF_ONE_CALLER:
                raise TooManyRequests(
                    zh=f"同一用户最多同时打开 {OF_ONE_CALLER} 个事件流",
                    en=f"A user may have {OF_ONE_CALLER} streams open",
                    headers={"Retry-After": "5"},
                )
            if sum(self._callers.values()) >= self.most:
                raise ServiceIsUnavailable(zh="事件流已满，请稍后重试", en="There are too many streams; try again in a moment")
            self._callers[caller] += 1

    def _leave(self, caller: str) -> None:
        with self._lock:
            self._callers[caller] -= 1
            if not self._callers[caller]:
                del self._callers[caller]

    def _add(self, reader: _Reader, end: int) -> None:
        with self._lock:
            for one in reader.audience:
                self._readers[one].add(reader)
            if self._tail is None or not self._tail.is_alive():
                self._tail = threading.Thread(target=self._follow, args=(end,), name="stream", daemon=True)
                self._tail.start()

    def _remove(self, reader: _Reader) -> None:
        with self._lock:
            for one in reader.audience:
                self._readers[one].discard(reader)
                if not self._readers[one]:
                    del self._readers[one]

    def _follow(self, seq: int) -> None:
        """Until nobody reads any more, or the process ends, and then every stream does. What comes while this thread begins is
        read by the streams themselves."""
        while self.going_on() and not self._closed.is_set():
            with self._lock:
                if not self._readers:
                    self._tail = None
                    return
            try:
                notices = read_log(self.database.read(), seq, AT_ONCE)
            except UNREACHABLE as error:
                log.warning("stream waits for MongoDB", error=repr(error))
                notices = []
            for notice in notices:
                seq = notice.seq
                for reader in self._reading(notice.audience):
                    reader.put(notice)
            if len(notices) < AT_ONCE:
                self._closed.wait(POLL_S)
        for reader in self._reading(list(self._readers)):
            reader.stop()

    def _reading(self, audience: list[str]) -> set[_Reader]:
        with self._lock:
            return {reader for one in audience for reader in self._readers.get(one, ())}

    def _entries(self, reader: _Reader, patterns: Collection[str], last: int, ends: float) -> Iterator[bytes]:
        yield f"retry: {RETRY_MS}\n\n".encode()
        if missed(self.database.read(), last):
            yield b"event: notices.missed\ndata: {}\n\n"
        while old := read_log(self.database.read(), last, AT_ONCE, reader.audience):
            last = old[-1].seq
            yield _shown(old, patterns)
        said = now = time.monotonic()
        while not reader.lost and now < ends:
            fresh = [one for one in reader.take(min(said + ALIVE_S, ends) - now) if one.seq > last]
            last = fresh[-1].seq if fresh else last
            now = time.monotonic()
            if shown := _shown(fresh, patterns):
                said = now
                yield shown
            elif now - said >= ALIVE_S:
                said = now
                yield b": alive\n\n"


def _shown(notices: list[Notice], patterns: Collection[str]) -> bytes:
    return "".join(
        f"id: {one.seq}\nevent: {one.type}\ndata: {NoticeOut.of(one).model_dump_json()}\n\n"
        for one in notices
        if wanted(patterns, one.type)
    ).encode()
