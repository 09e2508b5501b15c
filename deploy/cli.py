"""The `huanliu` command: one line per command in COMMANDS, each in a module of its own below `deploy/commands/`.

A command gets the settings of the instance that it speaks to by `deploy.instance.settings_of(data)` and refuses by raising
CannotGoOn with a sentence. Only the module of the command that was called is imported: starting need not load them all.
"""

from __future__ import annotations

import importlib
import sys

import typer
from pydantic import ValidationError

from deploy.errors import CannotGoOn
from shared.settings import Settings

COMMANDS = {
    "up": "deploy.commands.up:up",
    "down": "deploy.commands.down:down",
    "status": "deploy.commands.status:status",
    "demo": "deploy.commands.demo:app",
    "audit": "deploy.commands.audit:audit",
    "dead-letters": "deploy.commands.dead_letters:app",
    "lots": "deploy.commands.lots:app",
    "search": "deploy.commands.search:app",
    "regions": "deploy.commands.regions:app",
    "clearing": "deploy.commands.clearing:app",
    "users": "deploy.commands.users:app",
}
"""Name of the command: where its function is, or its group of commands."""


def build(only: str | None = None) -> typer.Typer:
    """The command line with the command `only`, or with all where there is no such command."""
    app = typer.Typer(
        name="huanliu",
        help="Huanliu, a marketplace for recycled resources.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(lambda: None)  # with one command only, it must still be named
    for name, place in COMMANDS.items():
        if only in COMMANDS and name != only:
            continue
        module, attribute = place.split(":")
        command = getattr(importlib.import_module(module), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def main() -> None:
    """Runs a command; a refusal is a sentence on stderr and exit 1."""
    try:
        build(sys.argv[1] if len(sys.argv) > 1 else None)()
    except CannotGoOn as refusal:
        sys.stderr.write(f"{refusal}\n")
        sys.exit(1)
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise
        sys.stderr.writelines(f"{line}\n" for line in faults_of(error))
        sys.exit(1)


def faults_of(error: ValidationError) -> list[str]:
    """A line for each setting that cannot be, by the name of its variable."""
    prefix = str(Settings.model_config["env_prefix"])
    faults = []
    for one in error.errors(include_url=False):
        name = "".join(f"{prefix}{str(part).upper()}: " for part in one["loc"][:1])
        faults.append(f"{name}{one['msg'].removeprefix('Value error, ')}")
    return faults


if __name__ == "__main__":
    main()
