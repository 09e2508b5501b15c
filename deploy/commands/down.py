"""`huanliu down`: stop an instance, or what a killed supervisor left of it."""

from __future__ import annotations

import os
import signal
import time

from deploy.commands.options import Data, console
from deploy.instance import Instance, data_folder, held
from deploy.supervisor import clear_orphans

STOPS_WITHIN_S = 25


def down(data: Data = None) -> None:
    """Stop everything, services before servers."""
    folder = data_folder(data)
    instance = Instance.load(folder)
    if instance is None:
        console().print(f"Nothing runs in {folder}.")
        return
    supervisor = instance.supervisor
    if supervisor.runs():
        os.kill(supervisor.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOPS_WITHIN_S
        while supervisor.runs() and time.monotonic() < deadline:
            time.sleep(0.1)
        if supervisor.runs():
            os.kill(supervisor.pid, signal.SIGKILL)
            while supervisor.runs():
                time.sleep(0.05)
    with held(folder):
        clear_orphans(folder)
    console().print(f"Stopped what ran in {folder}.")
