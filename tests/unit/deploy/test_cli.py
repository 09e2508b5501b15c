"""The command line: every command is there, and says no with a sentence and an exit code."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.cli import COMMANDS, build, main


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself(name: str) -> None:
    done = CliRunner().invoke(build(name), [name, "--help"])
    assert done.exit_code == 0, done.output


def test_help_names_every_command() -> None:
    said = CliRunner().invoke(build(), ["--help"]).output
    assert all(name in said for name in COMMANDS)


def test_an_unknown_command_is_a_usage_error() -> None:
    assert CliRunner().invoke(build("nothing"), ["nothing"]).exit_code == 2


def test_three_of_each_are_not_available_yet() -> None:
    done = CliRunner().invoke(build("up"), ["up", "--ha"])
    assert (done.exit_code, "not available yet" in done.output) == (2, True)


@pytest.mark.parametrize(
    ("words", "advice", "setting"),
    [
        (["status"], "No instance runs in", {}),
        (["up", "--port", "70000"], "choose one from 1 to 65535", {}),
        (["up", "--detach", "--port", "70000"], "choose one from 1 to 65535", {}),
        (["up"], "HUANLIU_PORT: Input should be a valid integer", {"PORT": "abc"}),
        (["up"], "HUANLIU_MAP_LAYER: Path does not point to a file", {"MAP_LAYER": "nowhere.json"}),
        (["up"], "needs HUANLIU_MAP_APPROVAL", {"MAP_LAYER": __file__}),
        (["up"], "is no GeoJSON", {"MAP_LAYER": __file__, "MAP_APPROVAL": "GS(2026)0000"}),
    ],
)
def test_a_refusal_is_a_sentence_and_leaves_nothing(
    words: list[str],
    advice: str,
    setting: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in setting.items():
        monkeypatch.setenv(f"HUANLIU_{name}", value)
    data = tmp_path / "data"
    monkeypatch.setattr(sys, "argv", ["huanliu", *words, "--data", str(data)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert advice in capsys.readouterr().err
    assert not data.exists()
