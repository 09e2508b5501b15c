"""`huanliu users create`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from deploy.children import Identity
from deploy.commands.users import app
from deploy.errors import CannotGoOn
from deploy.instance import Instance
from shared.settings import Settings
from tests.integration.accounts.conftest import PASSWORD, Room

pytestmark = pytest.mark.mongodb


def create(data: Path, password: str = PASSWORD, **options: str) -> Result:
    """Runs the command with good options but for those named."""
    given = {"role": "operator", "email": "Ops@Example.com", "name": "运营", "region": "420100", **options}
    arguments = [part for name, value in given.items() for part in (f"--{name}", value)]
    command = ["create", *arguments, "--password-stdin", "--data", str(data)]
    return CliRunner().invoke(app, command, input=password + "\n")


@pytest.fixture
def data(settings: Settings) -> Path:
    """The folder of an instance whose supervisor is this very process."""
    settings.data.mkdir(parents=True)
    names = ("mongodb_uri", "namespace", "secret_key")
    Instance("ready", Identity.of(os.getpid()), {name: getattr(settings, name) for name in names}).save(settings.data)
    return settings.data


def test_an_account_of_any_role_that_can_sign_in(room: Room, data: Path) -> None:
    made = create(data, role="park_operator")
    assert made.exit_code == 0, made.output
    printed: dict[str, Any] = json.loads(made.stdout)
    assert set(printed) == {"user_id", "organisation_id", "email"}
    headers = room.sign_in(printed["email"])
    me = room.client.get("/v1/me", headers=headers).json
    assert (me["id"], me["role"]) == (printed["user_id"], "park_operator")
    assert (me["organisation"]["id"], me["organisation"]["status"]) == (printed["organisation_id"], "verified")
    assert room.events(printed["organisation_id"]) == ["organisation.registered.v1"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"role": "boss"}, "no role"),
        ({"email": "nobody"}, "no e-mail address"),
        ({"region": "999999"}, "no GB/T 2260 region"),
        ({"name": " "}, "--name"),
        ({"password": "short"}, "8 to 256"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_made(room: Room, data: Path, changes: dict[str, str], said: str) -> None:
    refused = create(data, **changes)
    assert refused.exit_code != 0
    assert isinstance(refused.exception, CannotGoOn)
    assert said in str(refused.exception)
    assert room.database.mongo["organisations"].count_documents({}) == 0


def test_an_address_serves_once(room: Room, data: Path) -> None:
    assert create(data).exit_code == 0
    again = create(data)
    assert isinstance(again.exception, CannotGoOn)
    assert "registered already" in str(again.exception)
