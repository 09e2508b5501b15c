"""`huanliu users`: accounts that nobody can register for, such as the operator's."""

from __future__ import annotations

import sys
from typing import Annotated, cast, get_args

import typer

from deploy.commands.options import Data, console
from deploy.errors import CannotGoOn
from deploy.instance import settings_of
from shared import geo
from shared.auth import Role
from shared.problem import Problem

app = typer.Typer(help="Accounts.", no_args_is_help=True)
BEIJING = "110000"


@app.callback()
def users() -> None:
    """Keeps `users` a group of commands while it has only one."""


@app.command()
def create(
    role: Annotated[str, typer.Option(help="collector, buyer, carrier, park_operator or operator.")],
    email: Annotated[str, typer.Option(help="What the user signs in with.")],
    name: Annotated[str, typer.Option(help="The user's name, and the organisation's.")],
    region: Annotated[str, typer.Option(help="GB/T 2260 code of the organisation's region.")] = BEIJING,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")] = False,
    data: Data = None,
) -> None:
    """Make an account with a verified organisation of its own; prints {"user_id", "organisation_id", "email"}."""
    if not password_stdin:
        raise CannotGoOn("Pass the password on standard input and add --password-stdin: options are seen by other users.")
    settings = settings_of(data)
    checked_role, checked_email, password = _checked(role, email, name, region, sys.stdin.read().rstrip("\r\n"))

    from services.accounts import service
    from services.accounts.app import ROOM
    from shared.mongo import UNREACHABLE, Database

    database = Database(settings, ROOM)
    try:
        user, organisation = database.write(
            lambda unit: service.create_account(unit, checked_role, checked_email, name.strip(), region, password)
        )
    except Problem as problem:
        raise CannotGoOn(f"{checked_email}: {problem.en or problem.title[1]}.") from problem
    except UNREACHABLE as fault:
        raise CannotGoOn("MongoDB does not answer; huanliu status says more.") from fault
    finally:
        database.close()
    console().print_json(data={"user_id": user.id, "organisation_id": organisation.id, "email": user.email})


def _checked(role: str, email: str, name: str, region: str, password: str) -> tuple[Role, str, str]:
    """The role, the e-mail address as it is kept, the password. Raises CannotGoOn."""
    from services.accounts import credentials

    normal = credentials.normal_email(email)
    if role not in get_args(Role):
        raise CannotGoOn(f"{role} is no role; take one of {', '.join(get_args(Role))}.")
    if normal is None:
        raise CannotGoOn(f"{email} is no e-mail address.")
    if not name.strip():
        raise CannotGoOn("--name may not be blank.")
    if not geo.exists(region):
        raise CannotGoOn(f"{region} is no GB/T 2260 region code; 420100 is Wuhan, for example.")
    if not credentials.PASSWORD_MIN <= len(password) <= credentials.PASSWORD_MAX:
        raise CannotGoOn(f"A password has {credentials.PASSWORD_MIN} to {credentials.PASSWORD_MAX} characters.")
    return cast(Role, role), normal, password
