"""Accounts of the demo's five roles, made by the command that makes any account: `huanliu users create`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from deploy.demo.api import Api, ApiRefused
from deploy.demo.load import CreateAccount
from deploy.demo.places import Role
from deploy.errors import CannotGoOn

LONGEST_S = 120


def creator(api: Api, data: Path) -> CreateAccount:
    """Makes accounts in the instance below `data`; one that can already sign in is answered as it is."""

    def create(role: Role, email: str, name: str, region: str, password: str) -> dict[str, str]:
        try:
            me = api.get("/v1/me", email)
            return {"user_id": str(me.get("id", "")), "organisation_id": api.organisation_id(email), "email": email}
        except ApiRefused as refusal:
            if refusal.status != 401:
                raise
        return _run(data, ("--role", role, "--email", email, "--name", name, "--region", region), password)

    return create


def _run(data: Path, options: tuple[str, ...], password: str) -> dict[str, str]:
    command = (sys.executable, "-m", "deploy.cli", "users", "create", *options, "--data", str(data), "--password-stdin")
    ended = subprocess.run(command, input=password, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    if ended.returncode:
        raise CannotGoOn(f"The demo's account {options[3]} could not be made: {ended.stderr.strip()}")
    made: dict[str, str] = json.loads(ended.stdout)
    return made
