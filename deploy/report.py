"""What a person sees while an instance starts and runs: lines that stay, a spinner or bars while they wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from deploy.instance import address
from deploy.servers.download import Advance, Bundle
from shared.settings import Settings

TITLES = {"mongodb": "MongoDB", "kafka": "Apache Kafka", "elasticsearch": "Elasticsearch"}
PERSONAS = {
    "collector": "lists lots of scrap and follows their sale",
    "buyer": "posts demand and accepts proposals",
    "carrier": "takes loads and records weighings",
    "park_operator": "watches volumes of a park or region",
    "operator": "keeps the market running",
}


class Report:
    """Prints to the person who called; on a terminal with movement, elsewhere plain lines only."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self._begun = time.monotonic()

    def line(self, text: str) -> None:
        """A line that stays, with the seconds since the start."""
        self.console.print(f"[dim]{time.monotonic() - self._begun:5.1f} s[/dim]  {text}")

    def server(self, name: str, state: str) -> None:
        """What a server does now; only that it is ready is worth a line."""
        if state == "ready":
            self.line(f"{TITLES[name]} is ready")

    @contextmanager
    def waiting(self, text: str) -> Iterator[Callable[[str], None]]:
        """A spinner with `text` for as long as the block runs, which may say more: on a terminal beside the spinner."""
        said = text

        def say(more: str) -> None:
            nonlocal said
            if more and more != said:
                said = more
                show(f"{text}: {more}")

        if self.console.is_terminal:
            with self.console.status(text) as status:
                show: Callable[[str], None] = status.update
                yield say
        else:
            show = self.line
            show(text)
            yield say

    @contextmanager
    def downloading(self, bundles: list[Bundle]) -> Iterator[dict[str, Advance]]:
        """Bars for the downloads of `bundles`: how to advance each, by its name."""
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self.console, disable=not self.console.is_terminal) as progress:
            found: dict[str, Advance] = {}
            for bundle in bundles:
                title = f"{TITLES[bundle.name]} {bundle.version}"
                if not self.console.is_terminal:
                    self.line(f"downloading {title}, {bundle.bytes / 1e6:.0f} MB")
                task = progress.add_task(f"downloading {title}", total=bundle.bytes)
                found[bundle.name] = lambda count, task=task: progress.advance(task, count)  # type: ignore[misc]
            yield found

    def welcome(self, settings: Settings) -> None:
        """Where the instance is and how to sign in."""
        self.line("ready")
        self.console.print(f"\n[bold]Huanliu[/bold] is at [bold]{address(settings.host, settings.port)}[/bold]\n")
        if settings.demo:
            self.console.print("Sign in with one of:")
            for role, does in PERSONAS.items():
                self.console.print(f"  {role}@huanliu.example".ljust(36) + does)
            self.console.print(f"password: {settings.demo_password}\n")
        self.console.print("Ctrl-C or `huanliu down` stops everything; `huanliu status` shows each process.")
