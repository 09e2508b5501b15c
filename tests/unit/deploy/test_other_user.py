"""Where a server that refuses root gets its seat."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deploy.servers import other_user
from deploy.servers.other_user import OTHER_USER, UNSHARE, Seat, reachable, take_seat


def folders(top: Path) -> tuple[Path, Path, Path]:
    made = tuple(top / name for name in ("data", "home", "java"))
    for folder in made:
        folder.mkdir()
        (folder / "file").write_text("content")
    return made  # type: ignore[return-value]


def test_whoever_is_not_root_sits_where_he_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    data, home, java = folders(tmp_path)
    assert take_seat(data, home, java) == Seat(home, java, data)


def test_root_enters_a_namespace_where_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(other_user, "namespaces_allowed", lambda: True)
    data, home, java = folders(tmp_path)
    assert take_seat(data, home, java) == Seat(home, java, data, prefix=UNSHARE)


def test_root_elsewhere_uses_another_user_and_copies_out_of_closed_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(other_user, "namespaces_allowed", lambda: False)
    monkeypatch.setattr(other_user, "OUTSIDE", tmp_path / "outside")
    (tmp_path / "outside").mkdir()
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    data, home, java = folders(closed)
    seat = take_seat(data, home, java)
    assert seat.user == OTHER_USER
    assert seat.prefix == ()
    for place, origin in ((seat.home, home), (seat.java, java)):
        assert place.parent == tmp_path / "outside"
        assert place != origin
        assert (place / "file").read_text() == "content"
    assert take_seat(data, home, java) == seat
    assert not list((tmp_path / "outside").glob("*.part"))


def test_a_folder_is_reachable_if_all_above_it_are(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    (tmp_path / "closed").mkdir(mode=0o700)
    (tmp_path / "closed" / "open").mkdir(mode=0o755)
    assert reachable(Path("/usr/bin"))
    assert not reachable(tmp_path / "closed")
    assert not reachable(tmp_path / "closed" / "open")
