"""What is checked before anything starts; each refusal is a sentence that says what to do."""

from __future__ import annotations

import errno
import ipaddress
import shutil
import socket
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from deploy.errors import CannotGoOn
from shared.settings import Settings

GB = 1_000_000_000
DISK_NEEDED = 2 * GB
MEMORY_NEEDED = 2.5 * GB


def check_host(settings: Settings) -> None:
    """The demo's passwords are known to everyone, so it is loaded only where nobody else can reach it."""
    if settings.demo and not _is_loopback(settings.host):
        raise CannotGoOn(
            f"The demo market has well-known passwords and is not loaded while listening on {settings.host}; "
            "add --no-demo, or set HUANLIU_HOST to 127.0.0.1."
        )


def check_layer(settings: Settings) -> None:
    """Whether the map's layer can be drawn, where one is set."""
    if settings.map_layer is None:
        return
    from gateway.console import maps  # brings the whole console with it

    try:
        maps.check(settings.map_layer)
    except ValueError as fault:
        raise CannotGoOn(f"{fault}; mend the file, or unset HUANLIU_MAP_LAYER.") from fault


def check_port(settings: Settings) -> None:
    """Whether the gateway can listen."""
    port, host = settings.port, settings.host
    if not 0 < port < 65536:
        raise CannotGoOn(f"{port} is no port; choose one from 1 to 65535 with --port.")
    try:
        family, kind, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
            probe.listen(1)
    except OSError as fault:
        if fault.errno == errno.EADDRINUSE:
            raise CannotGoOn(f"Port {port} is in use; stop what uses it, or choose another with --port.") from fault
        if fault.errno == errno.EACCES:
            raise CannotGoOn(f"Port {port} needs root; choose one above 1023 with --port.") from fault
        raise CannotGoOn(f"Cannot listen on {host}:{port} ({fault.strerror}); check HUANLIU_HOST.") from fault


def check_room(folder: Path, memory: bool) -> None:
    """Whether the disk of `folder` and, where servers are to start, the memory suffice."""
    free = shutil.disk_usage(_existing(folder)).free
    if free < DISK_NEEDED:
        raise CannotGoOn(
            f"Only {free / GB:.1f} GB are free on the disk of {folder}, and {DISK_NEEDED / GB:.0f} GB are needed; "
            "free some space, or choose another folder (--data, HUANLIU_DOWNLOADS)."
        )
    available = available_memory()
    if memory and available < MEMORY_NEEDED:
        raise CannotGoOn(
            f"Only {available / GB:.1f} GB of memory are available, and {MEMORY_NEEDED / GB:.1f} GB are needed; "
            "close other programs, or use servers elsewhere with --external."
        )


def available_memory(limits: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes of memory that can be had, within the limit of the control group if there is one."""
    available = int(psutil.virtual_memory().available)
    try:
        limit = (limits / "memory.max").read_text().strip()
        used = dict(line.split() for line in (limits / "memory.stat").read_text().splitlines())["anon"]
    except (OSError, KeyError, ValueError):
        return available
    return available if limit == "max" else min(available, int(limit) - int(used))


def check_external(settings: Settings) -> None:
    """Whether the servers that the environment names can be reached at all."""
    from pymongo import MongoClient
    from pymongo.errors import PyMongoError

    try:
        with MongoClient[dict[str, object]](settings.mongodb_uri, serverSelectionTimeoutMS=5000) as client:
            client.admin.command("ping")
    except PyMongoError as fault:
        raise CannotGoOn("MongoDB does not answer; check HUANLIU_MONGODB_URI and that it is a replica set.") from fault
    brokers = [urlsplit(f"//{broker.strip()}") for broker in settings.kafka_brokers.split(",")]
    if not any(_connects(broker.hostname or "", broker.port or 9092) for broker in brokers):
        raise CannotGoOn(f"Kafka does not answer at {settings.kafka_brokers}; check HUANLIU_KAFKA_BROKERS.")
    search = urlsplit(settings.elasticsearch_url)
    if not _connects(search.hostname or "", search.port or (443 if search.scheme == "https" else 80)):
        raise CannotGoOn("Elasticsearch does not answer; check HUANLIU_ELASTICSEARCH_URL.")


def _connects(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=3):
            return True
    except OSError:
        return False


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
