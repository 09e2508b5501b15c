"""`huanliu status`: each process and its health, each consumer group and its lag."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
from rich.table import Table

from deploy.commands.options import Data, Json, console
from deploy.instance import SERVER, Instance, Member, data_folder, running
from deploy.probes import is_ready
from deploy.servers.base import accepts
from shared.bus.lag import lags
from shared.bus.producer import KafkaError
from shared.settings import Settings


def status(data: Data = None, json: Json = False) -> None:
    """Show each process, its health, and each consumer's lag."""
    found = read(running(data))
    if json:
        console().print_json(data={"data": str(data_folder(data)), **found})
        return
    processes = Table(
        "process", "pid", "port", "health", "memory MB", "restarts", title=f"{found['address']}  {found['state']}"
    )
    for row in found["processes"]:
        shown = (row["pid"], row["port"] or "", row["health"], row["memory_mb"], row["restarts"])
        processes.add_row(row["name"], *(str(cell) for cell in shown))
    console().print(processes)
    if found["lag"] is None:
        console().print("Kafka does not answer, so that no lag can be shown.")
        return
    groups = Table("consumer group", "lag")
    for group, lag in found["lag"].items():
        groups.add_row(group, str(lag))
    console().print(groups)


def read(instance: Instance) -> dict[str, Any]:
    """The state of an instance as data; `lag` is None while Kafka does not answer."""
    with ThreadPoolExecutor(max_workers=16) as pool:
        lag = pool.submit(_lag, Settings(**instance.settings))
        rows = list(pool.map(_row, instance.members))
    return {"address": instance.address, "state": instance.state, "processes": rows, "lag": lag.result()}


def _row(member: Member) -> dict[str, Any]:
    return {
        "name": member.name,
        "kind": member.kind,
        "pid": member.pid,
        "port": member.port,
        "health": _health(member),
        "memory_mb": _memory_mb(member),
        "restarts": member.restarts,
    }


def _health(member: Member) -> str:
    if not member.identity.runs():
        return "stopped"
    if member.kind == SERVER:
        return "ready" if accepts(member.port) else "not ready"
    if not member.probe:
        return "running"
    return "ready" if is_ready(member.probe) else "not ready"


def _memory_mb(member: Member) -> int:
    """Resident memory of the process and its children, in MiB."""
    process = member.identity.process()
    if process is None:
        return 0
    total = 0
    for one in (process, *process.children(recursive=True)):
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total // 2**20


def _lag(settings: Settings) -> dict[str, int] | None:
    try:
        return lags(settings)
    except KafkaError:
        return None
