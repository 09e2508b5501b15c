"""`huanliu up`: start an instance and stay with it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from deploy.checks import check_external, check_host, check_layer, check_port, check_room
from deploy.children import Identity
from deploy.commands.options import Data, console
from deploy.instance import Instance, data_folder, held, secret
from deploy.processes import ports_needed, processes, room_addresses
from deploy.report import Report
from deploy.servers.base import Server, free_ports
from deploy.servers.bring_up import DOWNLOADED, design, fetch_all
from deploy.servers.download import bundle, downloads, is_there
from deploy.supervisor import Plan, Stopped, Supervisor, clear_orphans, stopped_by_signals
from shared.settings import Settings


def up(
    port: Annotated[int | None, typer.Option(help="Public port [default: HUANLIU_PORT, else 8080].")] = None,
    data: Data = None,
    detach: Annotated[bool, typer.Option("--detach", help="Return once it is ready and leave it running.")] = False,
    no_demo: Annotated[bool, typer.Option("--no-demo", help="Do not load the demo market.")] = False,
    ha: Annotated[bool, typer.Option("--ha", help="Three of each server.")] = False,
    external: Annotated[
        bool, typer.Option("--external", help="Use the servers that the environment names; start none.")
    ] = False,
) -> None:
    """Start servers, rooms and gateway; Ctrl-C stops everything."""
    if ha:
        console().print("--ha is not available yet; run without it, or name a cluster's servers and use --external.")
        raise typer.Exit(2)
    given = Settings()
    settings = given.model_copy(
        update={"port": given.port if port is None else port, "data": data_folder(data), "demo": not no_demo}
    )
    check_layer(settings)
    if detach:
        _detach(settings, external)
    else:
        run(settings, external, Report())


def run(settings: Settings, external: bool, report: Report, plan: Plan = processes) -> None:
    """Runs an instance until a signal ends it. Raises CannotGoOn, with nothing left running."""
    data = settings.data
    with stopped_by_signals():
        try:
            check_host(settings)
            with held(data):
                clear_orphans(data)
                check_port(settings)
                check_room(data, memory=not external)
                _run_held(settings, external, report, plan)
        except Stopped:
            report.line("stopped")


def _run_held(settings: Settings, external: bool, report: Report, plan: Plan) -> None:
    if external:
        check_external(settings)
    else:
        _download(settings, report)
    servers = [] if external else design(settings, settings.data)
    ports = free_ports(ports_needed())
    settings = settings.model_copy(
        update={
            **_addresses(servers),
            "rooms": room_addresses(ports),
            "secret_key": secret(settings.data, settings.secret_key),
        }
    )
    instance = Instance("starting", Identity.of(os.getpid()), settings.model_dump(mode="json"))
    supervisor = Supervisor(settings, instance, report, plan)
    try:
        supervisor.bring_up(servers, ports)
        report.welcome(settings)
        supervisor.watch()
    finally:
        with report.waiting("stopping"):
            supervisor.shut_down()


def _download(settings: Settings, report: Report) -> None:
    folder = downloads(settings)
    missing = [bundle(name) for name in DOWNLOADED if not is_there(folder, bundle(name))]
    if missing:
        check_room(folder, memory=False)
        with report.downloading(missing) as advance:
            fetch_all(settings, missing, lambda wanted: advance[wanted.name])


def _addresses(servers: list[Server]) -> dict[str, str]:
    fields = {"mongodb": "mongodb_uri", "kafka": "kafka_brokers", "elasticsearch": "elasticsearch_url"}
    return {fields[server.name]: server.address for server in servers}


def _detach(settings: Settings, external: bool) -> None:
    """Starts the supervisor in a session of its own, shows what it says until it is ready, and leaves it."""
    data = settings.data
    check_host(settings)
    if not data.exists():
        check_port(settings)
        check_room(data, memory=not external)
    log = data / "logs" / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "deploy.cli", "up", "--port", str(settings.port), "--data", str(data)]
    argv += ["--external"] * external + ["--no-demo"] * (not settings.demo)
    with log.open("wb") as sink:
        supervisor = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        _follow(data, supervisor, log)
    except KeyboardInterrupt:
        supervisor.terminate()
        supervisor.wait()
        raise


def _follow(data: Path, supervisor: subprocess.Popen[bytes], log: Path) -> None:
    """Shows what the supervisor says until it is ready; ends as it ends if it does not come so far."""
    with log.open(encoding="utf-8", errors="replace") as said:
        while not _is_ready(data, supervisor.pid):
            ended = supervisor.poll()
            _pass_on(said.read())
            if ended is not None:
                raise typer.Exit(ended or 1)
            time.sleep(0.2)
        time.sleep(0.3)
        _pass_on(said.read())


def _pass_on(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _is_ready(data: Path, supervisor: int) -> bool:
    instance = Instance.load(data)
    return instance is not None and instance.state == "ready" and instance.supervisor.pid == supervisor
