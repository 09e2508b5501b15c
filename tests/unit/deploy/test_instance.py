"""An instance's state, its lock and its secret."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deploy.children import Identity
from deploy.errors import CannotGoOn
from deploy.instance import Instance, Member, address, held, running, secret, settings_of
from shared.settings import Settings


def instance(data: Path, supervisor: Identity) -> Instance:
    settings = Settings(data=data, rooms={"accounts": "http://127.0.0.1:1"}, secret_key="s" * 32, port=8123)
    members = [Member("gateway", "gateway", 1, 2.5, 8123, "http://127.0.0.1:8123/health/ready", 3)]
    return Instance("ready", supervisor, settings.model_dump(mode="json"), members)


def test_the_state_is_read_back_and_only_the_owner_may_read_it(tmp_path: Path) -> None:
    written = instance(tmp_path, Identity.of(os.getpid()))
    written.save(tmp_path)
    assert Instance.load(tmp_path) == written
    assert (tmp_path / "instance.json").stat().st_mode & 0o777 == 0o600
    written.forget(tmp_path)
    assert Instance.load(tmp_path) is None


def test_commands_get_the_settings_of_the_running_instance(tmp_path: Path) -> None:
    instance(tmp_path, Identity.of(os.getpid())).save(tmp_path)
    found = settings_of(tmp_path)
    assert (found.port, found.rooms, found.secret_key) == (8123, {"accounts": "http://127.0.0.1:1"}, "s" * 32)
    assert found.data == tmp_path


def test_an_instance_whose_supervisor_has_gone_does_not_run(tmp_path: Path) -> None:
    instance(tmp_path, Identity(os.getpid(), 1.0)).save(tmp_path)  # its pid was given to another process since
    with pytest.raises(CannotGoOn, match="No instance runs in"):
        running(tmp_path)


def test_a_damaged_state_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "instance.json").write_text("{")
    with pytest.raises(CannotGoOn, match="damaged"):
        Instance.load(tmp_path)


def test_one_supervisor_per_data_folder(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(CannotGoOn, match="huanliu down"), held(tmp_path):
        pass
    with held(tmp_path):
        assert tmp_path.is_dir()


def test_a_refused_start_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(CannotGoOn, match="no"), held(tmp_path / "new"):
        raise CannotGoOn("no")
    assert not (tmp_path / "new").exists()


def test_the_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    made = secret(tmp_path, "")
    assert len(made) >= 48
    assert secret(tmp_path, "") == made
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert secret(tmp_path, "given") == "given"


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "http://127.0.0.1:80"), ("0.0.0.0", "http://127.0.0.1:80"), ("::1", "http://[::1]:80")],
)
def test_the_address_that_people_are_told(host: str, shown: str) -> None:
    assert address(host, 80) == shown
