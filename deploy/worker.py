"""`python -m deploy.worker ROOM`: the room's relay, consumers and timers, until SIGTERM."""

from __future__ import annotations

import importlib
import sys

from shared.settings import Settings


def main(room: str) -> None:
    """Runs the worker of `room` in this process."""
    importlib.import_module(f"services.{room}.app").create_worker(Settings()).run()


if __name__ == "__main__":
    main(sys.argv[1])
