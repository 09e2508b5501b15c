"""The set-up of the virtual environment: once, and with sentences where it cannot be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from deploy import bootstrap

ROOT = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose environment is made; returns its stamp."""
    for name in bootstrap.PINNED:
        (tmp_path / name).write_text(f"content of {name}")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    stamp = tmp_path / ".venv" / ".installed"
    for name, value in {"ROOT": tmp_path, "VENV": tmp_path / ".venv", "STAMP": stamp, "PYTHON": python}.items():
        monkeypatch.setattr(bootstrap, name, value)
    stamp.write_text(bootstrap.wanted())
    (tmp_path / "node_modules").mkdir()
    monkeypatch.setattr(bootstrap, "FETCHED", tmp_path / "node_modules" / ".fetched")
    recipes = tuple(tmp_path / recipe.name for recipe in bootstrap.RECIPES)
    for recipe in recipes:
        recipe.write_text(f"content of {recipe.name}")
    monkeypatch.setattr(bootstrap, "RECIPES", recipes)
    bootstrap.FETCHED.write_text(bootstrap.pinned())
    return stamp


def forbid(*_: object, **__: object) -> None:
    raise AssertionError("nothing is to be run")


def test_again_costs_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", forbid)
    monkeypatch.setattr(subprocess, "Popen", forbid)
    bootstrap.main()
    assert bootstrap.installed()


@pytest.mark.parametrize("name", bootstrap.PINNED)
def test_other_pins_are_installed(project: Path, name: str) -> None:
    (bootstrap.ROOT / name).write_text("other pins")
    assert not bootstrap.installed()


@pytest.mark.parametrize("name", [recipe.name for recipe in bootstrap.RECIPES])
def test_another_lock_of_npm_or_another_bundle_is_fetched(project: Path, tmp_path: Path, name: str) -> None:
    assert bootstrap.fetched()
    (tmp_path / name).write_text("something newer")
    assert not bootstrap.fetched()


def test_a_project_that_was_moved_is_set_up_anew(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path.rename(tmp_path.with_name("moved")))
    monkeypatch.setattr(bootstrap, "STAMP", bootstrap.ROOT / ".venv" / ".installed")
    assert not bootstrap.installed()


def test_an_old_python_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "sys", SimpleNamespace(version_info=(3, 9, 2), exit=sys.exit))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer and this is 3\.9\.2"):
        bootstrap.main()


def test_make_help_names_every_target() -> None:
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert all(f"make {target} " in said for target in ("run", "test", "check", "bench", "setup"))
