"""What all web processes share; `deploy/processes.py` says how many of each there are, and where they listen."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

from prometheus_client.multiprocess import mark_process_dead

worker_class = "gthread"
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # a heartbeat on a slow disk looks like a hung worker
timeout = 120  # of the heartbeat; on a busy machine with few cores an application may take long to import
graceful_timeout = 8  # stopping everything has 20 s, servers included
keepalive = 75  # the gateway keeps its connections to the rooms
loglevel = "warning"

NICENESS = 10
FACE = "gateway"
"""Whose pages people wait for."""


def post_worker_init(worker: Any) -> None:
    """On a machine with too few cores, what was accepted is worked off before more is accepted: the workers and servers, which
    keep their priority, are what a listing waits for until it is matched. The gateway keeps its own as well: it accepts nothing
    that a room has not, and its pages are what a person waits for.

    What has been imported stays for good, so the collector need not go through it again: a full round over it takes 0.1 s, and
    an answer of thousands of rows often brings one about."""
    gc.collect()
    gc.freeze()
    if getattr(worker.wsgi, "name", "") != FACE:
        os.nice(NICENESS)


def child_exit(_server: object, worker: Any) -> None:
    """Takes a dead worker's gauges out of the metrics."""
    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
