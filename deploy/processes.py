"""Every process of an instance and every port it listens on, on one page.

| process | runs | listens on |
| --- | --- | --- |
| mongodb, kafka, elasticsearch | `deploy/servers/` | loopback, free ports |
| <room> | gunicorn, 1 worker × 8 threads, `services.<room>.app:create_app()` | loopback, a free port |
| <room>-worker | `deploy.worker <room>`: relay, consumers, timers | loopback, a free port: probes and metrics |
| gateway | gunicorn, 2 workers × 16 threads, `gateway.app:create_app()` | HOST:PORT, the only public one |
| gateway-streams | `gateway.stream`: event streams, handed over by the gateway | a socket in the data folder; as workers do |
| gateway-worker | `deploy.worker gateway`: consumer, webhooks, messages | loopback, a free port: probes and metrics |
| demo | `deploy.demo`, unless `--no-demo` | nothing |
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.instance import DEMO, GATEWAY, WEB, WORKER, address
from deploy.servers.base import LOOPBACK, Command
from shared.settings import ROOMS, Settings

ROOT = Path(__file__).parents[1]
CONFIG = Path(__file__).with_name("gunicorn.conf.py")


@dataclass(frozen=True)
class Process:
    """One process of ours. `metrics`: it wants a fresh folder for Prometheus, since it is several processes."""

    name: str
    kind: str
    command: Command
    port: int = 0
    probe: str = ""
    metrics: bool = False


def ports_needed() -> int:
    """How many loopback ports `processes` takes."""
    return 2 * len(ROOMS) + 2


def room_addresses(ports: tuple[int, ...]) -> dict[str, str]:
    """The internal address of each room, as the gateway needs them."""
    return {room: f"http://{LOOPBACK}:{port}" for room, port in zip(ROOMS, ports, strict=False)}


def processes(settings: Settings, ports: tuple[int, ...]) -> list[Process]:
    """The processes of an instance with these settings, on these `ports`: one per room, then one per room's worker."""
    env = _environment(settings)
    webs, (*workers, streams) = ports[: len(ROOMS)], ports[len(ROOMS) :]
    found = [_room(room, port, env) for room, port in zip(ROOMS, webs, strict=True)]
    found += [_worker(room, port, env) for room, port in zip((*ROOMS, GATEWAY), workers, strict=True)]
    found += [_streams(streams, env), _gateway(settings, env)]
    if settings.demo:
        found.append(Process("demo", DEMO, Command((sys.executable, "-m", "deploy.demo"), env, cwd=ROOT)))
    return found


def _environment(settings: Settings) -> dict[str, str]:
    """What the children are told beside the environment that the supervisor itself was given."""
    return {
        "HUANLIU_HOST": settings.host,
        "HUANLIU_PORT": str(settings.port),
        "HUANLIU_DATA": str(settings.data),
        "HUANLIU_MONGODB_URI": settings.mongodb_uri,
        "HUANLIU_KAFKA_BROKERS": settings.kafka_brokers,
        "HUANLIU_ELASTICSEARCH_URL": settings.elasticsearch_url,
        "HUANLIU_ROOMS": json.dumps(settings.rooms),
        "HUANLIU_SECRET_KEY": settings.secret_key,
        "HUANLIU_DEMO": str(settings.demo).lower(),
    }


def _gunicorn(bind: str, workers: int, threads: int, app: str) -> tuple[str, ...]:
    return (
        sys.executable, "-m", "gunicorn", "--config", str(CONFIG), "--no-control-socket",
        "--bind", bind, "--workers", str(workers), "--threads", str(threads), app,
    )  # fmt: skip


def _room(room: str, port: int, env: Mapping[str, str]) -> Process:
    argv = _gunicorn(f"{LOOPBACK}:{port}", 1, 8, f"services.{room}.app:create_app()")
    probe = f"http://{LOOPBACK}:{port}/health/ready"
    return Process(room, WEB, Command(argv, env, cwd=ROOT), port, probe, metrics=True)


def _worker(room: str, port: int, env: Mapping[str, str]) -> Process:
    argv = (sys.executable, "-m", "deploy.worker", room)
    return _probed(f"{room}-worker", argv, port, env)


def _streams(port: int, env: Mapping[str, str]) -> Process:
    return _probed(f"{GATEWAY}-streams", (sys.executable, "-m", "gateway.stream"), port, env)


def _probed(name: str, argv: tuple[str, ...], port: int, env: Mapping[str, str]) -> Process:
    command = Command(argv, {**env, "HUANLIU_WORKER_PORT": str(port)}, cwd=ROOT)
    return Process(name, WORKER, command, port, f"http://{LOOPBACK}:{port}/health/ready")


def _gateway(settings: Settings, env: Mapping[str, str]) -> Process:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    argv = _gunicorn(f"{host}:{settings.port}", 2, settings.gateway_lanes, "gateway.app:create_app()")
    probe = f"{address(settings.host, settings.port)}/health/ready"
    return Process("gateway", GATEWAY, Command(argv, env, cwd=ROOT), settings.port, probe, metrics=True)
