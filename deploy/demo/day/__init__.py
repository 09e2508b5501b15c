"""A day of the market, played through the public HTTP API alone: `huanliu demo day`."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.demo.api import Api
from deploy.demo.day import report, script
from deploy.demo.day.book import Book
from deploy.demo.day.cast import Cast
from deploy.demo.day.haul import Hauler
from deploy.demo.day.player import Player
from deploy.demo.day.report import Report
from deploy.demo.market import Market, organisations
from shared.clock import SHANGHAI

__all__ = ["Day", "Report", "play"]
AFTER_S = 1800
"""The longest that a day goes on after its last offer."""
SLOWEST_LOTS_PER_S = 2.0


@dataclass(frozen=True, slots=True)
class Day:
    """`minutes` 0 offers as fast as the market takes it; `on` is the Asia/Shanghai day that shipment events carry; `mishaps`
    is how many times as much goes wrong as usual."""

    lots: int = 200
    seed: int = 1
    minutes: float = 0
    on: date | None = None
    mishaps: float = 1


def play(base_url: str, password: str, day: Day, console: Console, market: Market | None = None) -> Report:
    """Plays `day` against the gateway at `base_url`; the demo, or this part of it, must be loaded there with this password."""
    api = Api(base_url, password)
    try:
        cast = Cast(api, market or Market(organisations(), (), ()))
        began = datetime.now(UTC)
        written = script.write(day.lots, day.seed, began.replace(microsecond=0), cast.market)
        run = f"day-{day.seed}-{secrets.token_hex(4)}"
        hauler = Hauler(api, cast, Book(), run, day.seed, _stamp(day.on), day.mishaps)
        player = Player(hauler, written, day.minutes * 60)
        most_s = day.minutes * 60 + day.lots / SLOWEST_LOTS_PER_S + AFTER_S
        with _progress(console) as progress:
            book = player.play(_ticker(progress, day.lots), most_s)
        return report.make(api, book, day.lots, began)
    finally:
        api.stopped.set()
        api.close()


def _stamp(on: date | None) -> Callable[[], datetime]:
    """The time that events carry: now, or the same time of day on another Asia/Shanghai day."""

    def stamp() -> datetime:
        now = datetime.now(SHANGHAI)
        moment = now if on is None else datetime.combine(on, now.timetz())
        return moment.astimezone(UTC)

    return stamp


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


def _ticker(progress: Progress, lots: int) -> Callable[[Book], None]:
    offered = progress.add_task("lots offered", total=lots)
    agreed = progress.add_task("trades ended", total=None)

    def tick(book: Book) -> None:
        ended = sum(count for name, count in book.counts.items() if name.startswith(("trades settled", "trades cancelled")))
        progress.update(offered, completed=len(book.lots))
        progress.update(agreed, completed=ended, total=len(book.trades) or None)

    return tick
