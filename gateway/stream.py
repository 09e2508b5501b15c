"""The process of streams: Server-Sent Events of the log of notices as it grows, each caller's part of it, resumed by
`Last-Event-ID`.

One loop for all of them. One task reads the log and shows every entry to the streams that it concerns and that are up to date;
a stream that is not (new, resumed, or read slowly) reads the log itself until it is. The gateway's workers say who reads what
and hand over the connections (`gateway/handover.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import orjson
import structlog

from gateway.handover import MOST_BYTES, OF_ONE_CALLER, WITHIN_S, Asked, Word, door_of
from gateway.notices.model import Notice, wanted
from gateway.notices.schemas import NoticeOut
from gateway.notices.views import end_of_log, missed, read_log
from gateway.routes import GATEWAY
from shared.mongo import UNREACHABLE, Database
from shared.observe import STREAMS, configure_logs, serve_probes
from shared.settings import Settings

POLL_S = 0.25
ALIVE_S = 15.0
"""A comment comes this often where nothing happens, so that both ends notice a dead line."""
AT_ONCE = 500
HELD_BYTES = 256 * 1024
"""What may wait for a slow reader; with more it is behind, and goes on where it was once it has read."""
RETRY_MS = 2000
READERS = 4
"""Threads that read the log."""
OTHER_FILES = 128
"""Open files beside the streams'."""
T = TypeVar("T")
log = structlog.get_logger("stream")


class Entry(NamedTuple):
    """An entry of the log as a stream shows it."""

    seq: int
    type: str
    audience: frozenset[str]
    text: bytes

    @classmethod
    def of(cls, notice: Notice) -> Entry:
        text = f"id: {notice.seq}\nevent: {notice.type}\ndata: {NoticeOut.of(notice).model_dump_json()}\n\n"
        return cls(notice.seq, notice.type, frozenset(notice.audience), text.encode())


class Stream(asyncio.Protocol):
    """One open stream. `last`: the number of the entry up to which it has all that concerns it."""

    transport: asyncio.Transport

    def __init__(self, streams: Streams, asked: Asked, last: int) -> None:
        self.streams, self.last = streams, last
        self.caller, self.audience, self.patterns = asked.caller, frozenset(asked.audience), asked.patterns
        self.said = time.monotonic()
        self.ends = self.said + asked.life_s
        self.is_current = self.is_full = False
        self._catching_up: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(HELD_BYTES)
        self.streams.enter(self)

    def connection_lost(self, _error: Exception | None) -> None:
        if self._catching_up is not None:
            self._catching_up.cancel()
        self.streams.leave(self)

    def pause_writing(self) -> None:
        self.is_full, self.is_current = True, False

    def resume_writing(self) -> None:
        self.is_full = False
        self.catch_up()

    def catch_up(self) -> None:
        """Read what it has not, until it is up to date."""
        if self._catching_up is None or self._catching_up.done():
            self._catching_up = asyncio.create_task(self._catch_up())
            self._catching_up.add_done_callback(self._caught_up)

    def _caught_up(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a stream ends; its reader goes on where it was", error=repr(error))
            self.transport.abort()

    async def _catch_up(self) -> None:
        while not self.is_full:
            shown = self.streams.shown
            read = await self.streams.entries(self.last, self.audience)
            if read:
                self.show(read)
            elif read is not None and shown is not None and shown == self.streams.shown:
                self.is_current = True  # nothing came between: from here on it is shown what comes
                return
            else:
                await asyncio.sleep(POLL_S / 5)

    def show(self, entries: Iterable[Entry]) -> None:
        """Write those that it lacks and asked for."""
        text = b""
        for one in entries:
            if one.seq > self.last:
                self.last = one.seq
                text += one.text if wanted(self.patterns, one.type) else b""
        if text:
            self.write(text)

    def write(self, text: bytes) -> None:
        self.said = time.monotonic()
        self.transport.write(text)

    def end(self) -> None:
        """What waits is still sent, but where nobody reads it."""
        if self.is_full:
            self.transport.abort()
        else:
            self.transport.close()


class Streams:
    """Every open stream, of at most `most`. `shown`: the number of the entry up to which the log has been shown to those that
    are up to date; None while nobody reads."""

    def __init__(self, database: Database, most: int) -> None:
        self.database, self.most = database, most
        self.shown: int | None = None
        self.is_open = False
        self._readers: dict[str, set[Stream]] = defaultdict(set)
        self._streams: set[Stream] = set()
        self._callers: Counter[str] = Counter()
        self._anyone = asyncio.Event()
        self._admitting: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; then every stream ends."""
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(READERS))
        with _door(self.database.settings) as door:
            jobs = [loop.create_task(job) for job in (self._accept(door), self._follow(), self._sweep(), stop.wait())]
            self.is_open = True
            ended, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            self.is_open = False
        for task in (*jobs, *self._admitting):
            task.cancel()
        for stream in list(self._streams):
            stream.end()
        await asyncio.sleep(0.2)  # for what waits to be sent
        for task in ended:
            task.result()  # a job that failed ends the process, and its supervisor starts it again

    async def entries(self, last: int, audience: Collection[str] | None = None) -> list[Entry] | None:
        """The log's next ones after `last`, for these readers or for all; None while MongoDB does not answer."""

        def read() -> list[Entry]:
            return [Entry.of(one) for one in read_log(self.database.read(), last, AT_ONCE, audience)]

        return await self._ask(read)

    def enter(self, stream: Stream) -> None:
        """It has begun."""
        self._streams.add(stream)
        for one in stream.audience:
            self._readers[one].add(stream)
        STREAMS.set(len(self._streams))
        self._anyone.set()

    def leave(self, stream: Stream) -> None:
        """It has ended."""
        self._free(stream.caller)
        self._streams.discard(stream)
        for one in stream.audience:
            self._readers[one].discard(stream)
            if not self._readers[one]:
                del self._readers[one]
        STREAMS.set(len(self._streams))

    async def _ask(self, read: Callable[[], T]) -> T | None:
        try:
            return await asyncio.to_thread(read)
        except UNREACHABLE as error:
            log.warning("streams wait for MongoDB", error=repr(error))
            return None

    async def _accept(self, door: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            asking, _ = await loop.sock_accept(door)
            task = loop.create_task(self._admit(asking))
            self._admitting.add(task)
            task.add_done_callback(self._admitting.discard)

    async def _admit(self, asking: socket.socket) -> None:
        with asking, contextlib.suppress(TimeoutError, ConnectionError):  # the gateway's worker has died, or is not answering
            async with asyncio.timeout(2 * WITHIN_S):
                await self._admit_within(asking)

    async def _admit_within(self, asking: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        asked = Asked(**orjson.loads(await loop.sock_recv(asking, MOST_BYTES)))
        refused: Word | None = "caller" if self._callers[asked.caller] >= OF_ONE_CALLER else None
        refused = "full" if refused is None and self._callers.total() >= self.most else refused
        if refused is not None:
            await loop.sock_sendall(asking, refused.encode())
            return
        self._callers[asked.caller] += 1
        stream = None
        try:
            begins = await self._ask(partial(self._begins, asked.last))
            word: Word = "wait" if begins is None else "come"
            await loop.sock_sendall(asking, word.encode())
            if begins is not None:
                head, connection = await _given(asking)
                if connection is not None:
                    last, is_missed = begins
                    stream = await self._open(asked, last, connection, head + _first(is_missed))
        finally:
            if stream is None:
                self._free(asked.caller)

    def _begins(self, last: int | None) -> tuple[int, bool]:
        """After which entry a stream begins, and whether some that it should show are kept no more."""
        unit = self.database.read()
        return (end_of_log(unit), False) if last is None else (last, missed(unit, last))

    async def _open(self, asked: Asked, last: int, connection: socket.socket, first: bytes) -> Stream:
        stream = Stream(self, asked, last)
        connection.setblocking(False)
        await asyncio.get_running_loop().connect_accepted_socket(lambda: stream, connection)
        stream.write(first)
        stream.catch_up()
        return stream

    def _free(self, caller: str) -> None:
        self._callers[caller] -= 1
        if not self._callers[caller]:
            del self._callers[caller]

    async def _follow(self) -> None:
        """Shows each entry to whom it concerns."""
        while True:
            if not self._streams:
                self.shown = None
                self._anyone.clear()
                await self._anyone.wait()
            if self.shown is None:
                self.shown = await self._ask(lambda: end_of_log(self.database.read()))
            fresh = None if self.shown is None else await self.entries(self.shown)
            for_each: dict[Stream, list[Entry]] = defaultdict(list)
            for entry in fresh or ():
                for stream in {stream for one in entry.audience for stream in self._readers.get(one, ())}:
                    for_each[stream].append(entry)
                self.shown = entry.seq
            for stream, entries in for_each.items():
                if stream.is_current:
                    stream.show(entries)
            if not fresh or len(fresh) < AT_ONCE:
                await asyncio.sleep(POLL_S)

    async def _sweep(self) -> None:
        """Signs of life, and the end of what has lived long enough."""
        while True:
            await asyncio.sleep(1)
            now = time.monotonic()
            for stream in list(self._streams):
                if now >= stream.ends:
                    stream.end()
                elif now - stream.said >= ALIVE_S and not stream.is_full:
                    stream.write(b": alive\n\n")

    def health(self) -> dict[str, Any]:
        """`ready` while connections can be handed over."""
        return {"ready": self.is_open, "streams": len(self._streams)}


def _first(is_missed: bool) -> bytes:
    said = b"event: notices.missed\ndata: {}\n\n" if is_missed else b""
    return f"retry: {RETRY_MS}\n\n".encode() + said


@contextlib.contextmanager
def _door(settings: Settings) -> Any:
    """Where the gateway's workers knock; the data folder's owner alone may."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door, door_of(settings.data) as address:
        with contextlib.suppress(FileNotFoundError):
            Path(address).unlink()
        before = os.umask(0o077)
        try:
            door.bind(address)
        finally:
            os.umask(before)
        door.listen(1024)
        door.setblocking(False)
        yield door


async def _given(asking: socket.socket) -> tuple[bytes, socket.socket | None]:
    """The head and the connection; none where the gateway's worker has gone without giving one."""
    loop = asyncio.get_running_loop()
    there = asyncio.Event()
    loop.add_reader(asking, there.set)
    try:
        await there.wait()
    finally:
        loop.remove_reader(asking)
    head, files, _flags, _address = socket.recv_fds(asking, MOST_BYTES, 1)
    return head, socket.socket(fileno=files[0]) if files else None


def files_for(most: int) -> int:
    """As many streams as there may be open files for, of `most`."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted_files = most + OTHER_FILES
    files = wanted_files if hard == resource.RLIM_INFINITY else min(hard, wanted_files)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return files - OTHER_FILES


async def main(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    database = Database(settings, GATEWAY)
    streams = Streams(database, files_for(settings.gateway_streams))
    serve_probes(settings.worker_port, streams.health)
    try:
        await streams.run(stop)
    finally:
        database.close()


if __name__ == "__main__":
    given = Settings()
    configure_logs(given.log_level)
    asyncio.run(main(given))
