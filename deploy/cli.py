"""The `huanliu` command: one line per command here, each in a module of its own below `deploy/commands/`.

A command gets the settings of the instance that it speaks to by `deploy.instance.settings_of(data)`, refuses by raising
CannotGoOn with a sentence, and imports what is slow to import inside its function.
"""

from __future__ import annotations

import sys

import typer

from deploy.commands import dead_letters, demo, users
from deploy.commands.down import down
from deploy.commands.status import status
from deploy.commands.up import up
from deploy.errors import CannotGoOn

app = typer.Typer(
    name="huanliu",
    help="Huanliu, a marketplace for recycled resources.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("up")(up)
app.command("down")(down)
app.command("status")(status)
app.add_typer(demo.app, name="demo")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(users.app, name="users")


def main() -> None:
    """Runs a command; a refusal is a sentence on stderr and exit 1."""
    try:
        app()
    except CannotGoOn as refusal:
        sys.stderr.write(f"{refusal}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
