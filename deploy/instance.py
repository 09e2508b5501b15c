"""What an instance keeps about itself below its data folder: one lock, one secret, and `instance.json`, its state."""

from __future__ import annotations

import fcntl
import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deploy.children import Identity
from deploy.errors import CannotGoOn
from shared.settings import Settings

SERVER, WEB, WORKER, GATEWAY, DEMO = "server", "web", "worker", "gateway", "demo"


@dataclass
class Member:
    """A process of the instance: a server, a room's web process or worker, the gateway, the demo."""

    name: str
    kind: str
    pid: int
    created: float
    port: int = 0
    probe: str = ""
    """URL that answers 200 when it is ready; empty where there is none."""
    restarts: int = 0

    @property
    def identity(self) -> Identity:
        """Which process that is, for certain."""
        return Identity(self.pid, self.created)


@dataclass
class Instance:
    """`settings` are those that the instance's processes were given, secret included: the file is its owner's alone."""

    state: str
    supervisor: Identity
    settings: dict[str, Any]
    members: list[Member] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where people find it."""
        return address(str(self.settings["host"]), int(self.settings["port"]))

    def save(self, data: Path) -> None:
        """Writes it whole or not at all."""
        part = _file(data).with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        part.replace(_file(data))

    @classmethod
    def load(cls, data: Path) -> Instance | None:
        """What was last saved below `data`, by a supervisor that may have been killed since."""
        try:
            raw = json.loads(_file(data).read_text(encoding="utf-8"))
            return cls(
                raw["state"],
                Identity(**raw["supervisor"]),
                raw["settings"],
                [Member(**member) for member in raw["members"]],
            )
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as fault:
            raise CannotGoOn(f"{_file(data)} is damaged ({fault}); end its processes, delete it, try again.") from fault

    def forget(self, data: Path) -> None:
        """Deletes the state of an instance that has stopped."""
        _file(data).unlink(missing_ok=True)


def address(host: str, port: int) -> str:
    """The URL of a gateway that listens on `host`."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"


def data_folder(data: Path | None = None) -> Path:
    """The data folder that a command means: its `--data`, else HUANLIU_DATA, else `.huanliu`."""
    return (data or Settings().data).absolute()


def running(data: Path | None = None) -> Instance:
    """The instance below `data`; raises CannotGoOn if none runs there."""
    folder = data_folder(data)
    instance = Instance.load(folder)
    if instance is None or not instance.supervisor.runs():
        raise CannotGoOn(f"No instance runs in {folder}; start one with make run, or name its folder with --data.")
    return instance


def settings_of(data: Path | None = None) -> Settings:
    """The settings of the instance that runs below `data`: its servers, its rooms' addresses, its secret."""
    return Settings(**running(data).settings)


@contextmanager
def held(data: Path) -> Iterator[None]:
    """Holds the data folder for one supervisor; the kernel lets go of it however that process ends."""
    fresh = not data.exists()
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = (data / ".lock").open("w")
    except OSError as fault:
        raise CannotGoOn(f"Cannot write to {data} ({fault.strerror}); name another folder with --data.") from fault
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            other = Instance.load(data)
            where = f" at {other.address}" if other else ""
            raise CannotGoOn(
                f"{data} is served by a running instance{where}; stop it with huanliu down, or use another --data."
            ) from fault
        try:
            yield
        except BaseException:
            if fresh and [path.name for path in data.iterdir()] == [".lock"]:
                shutil.rmtree(data)
            raise


def secret(data: Path, given: str) -> str:
    """The `given` secret, else the one of the data folder, made there once."""
    if given:
        return given
    path = data / "secret"
    if not path.is_file():
        part = path.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(secrets.token_urlsafe(48), encoding="ascii")
        part.replace(path)
    return path.read_text(encoding="ascii").strip()


def _file(data: Path) -> Path:
    return data / "instance.json"
