"""The page of processes: what runs, where it listens, what it is told."""

from __future__ import annotations

import json
from pathlib import Path

from deploy.processes import Process, ports_needed, processes, room_addresses
from deploy.servers.base import free_ports, is_free
from shared.settings import ROOMS, Settings

PORTS = tuple(range(20000, 20000 + ports_needed()))


def plan(**update: object) -> dict[str, Process]:
    given = Settings(data=Path("/data"), port=8123, rooms=room_addresses(PORTS), secret_key="secret")
    settings = given.model_copy(update=update)
    return {process.name: process for process in processes(settings, PORTS)}


def test_each_room_has_a_web_process_and_a_worker() -> None:
    found = plan()
    workers = (f"{room}-worker" for room in (*ROOMS, "gateway"))
    assert set(found) == {*ROOMS, *workers, "gateway", "gateway-streams"}
    assert "demo" in plan(demo=True)


def test_only_the_gateway_listens_on_the_public_address() -> None:
    binds = {
        name: process.command.argv[process.command.argv.index("--bind") + 1]
        for name, process in plan(host="0.0.0.0").items()
        if "--bind" in process.command.argv
    }
    assert binds.pop("gateway") == "0.0.0.0:8123"
    assert len(binds) == len(ROOMS)
    assert all(bind.startswith("127.0.0.1:") for bind in binds.values())


def test_no_two_processes_share_a_port() -> None:
    ports = [process.port for process in plan().values()]
    assert len(set(ports)) == len(ports)


def test_the_gateway_is_told_where_the_rooms_are() -> None:
    found = plan()
    rooms = json.loads(found["gateway"].command.env["HUANLIU_ROOMS"])
    assert rooms == {room: f"http://127.0.0.1:{found[room].port}" for room in ROOMS}
    assert found["listings-worker"].command.env["HUANLIU_WORKER_PORT"] == str(found["listings-worker"].port)


def test_the_secret_is_on_no_command_line() -> None:
    for process in plan().values():
        assert "secret" not in process.command.argv
        assert process.command.env["HUANLIU_SECRET_KEY"] == "secret"


def test_free_ports_are_free_and_differ() -> None:
    ports = free_ports(8)
    assert len(set(ports)) == 8
    assert all(is_free(port) for port in ports)
