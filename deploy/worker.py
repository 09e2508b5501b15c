"""`python -m deploy.worker ROOM`: the room's relay, consumers and timers, until SIGTERM."""

from __future__ import annotations

import importlib
import os
import sys

from shared.settings import Settings

HURRIED = ("listings", "matching")
"""The rooms that a listing waits for until it is found and matched. The workers of the others stand back on a machine with too
few cores, as web processes do (`gunicorn.conf.py`)."""
NICENESS = 10


def main(room: str) -> None:
    """Runs the worker of `room` in this process."""
    if room not in HURRIED:
        os.nice(NICENESS)
    where = "gateway.app" if room == "gateway" else f"services.{room}.app"
    importlib.import_module(where).create_worker(Settings()).run()


if __name__ == "__main__":
    main(sys.argv[1])
