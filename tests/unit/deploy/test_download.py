"""Downloads: exactly the files of the manifest or none, and a sentence that says what to do."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from pathlib import Path

import pytest
import requests

from deploy.errors import CannotGoOn
from deploy.servers import download
from deploy.servers.download import Advance, Bundle, File, bundle, fetch, home

CONTENT = b"a jar"
JAR = File("org.example:thing:1.0:jar", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
WANTED = Bundle("thing", "1.0", (JAR,))


def serve(monkeypatch: pytest.MonkeyPatch, content: bytes, calls: list[str] | None = None) -> None:
    """Maven Central, as far as these tests go: every file has this content."""

    def resolve(repository: Path, file: File, advance: Advance) -> Path:
        if calls is not None:
            calls.append(file.name)
        repository.mkdir(exist_ok=True)
        (repository / file.name).write_bytes(content)
        advance(len(content))
        return repository / file.name

    monkeypatch.setattr(download, "_resolve", resolve)


def test_the_manifest_names_every_file_with_its_digest() -> None:
    assert len(bundle("kafka").files) == 46
    assert [file.name for file in bundle("elasticsearch").files] == ["elasticsearch-9.2.4.zip"]
    assert all(len(file.sha256) == 64 and file.bytes > 0 for name in ("kafka", "elasticsearch") for file in bundle(name).files)
    assert "://" not in download.MANIFEST.read_text(encoding="utf-8")


def test_a_bundle_is_fetched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    counted: list[int] = []
    serve(monkeypatch, CONTENT, calls)
    for _ in range(2):
        assert fetch(tmp_path, WANTED, counted.append) == home(tmp_path, WANTED)
    assert (home(tmp_path, WANTED) / "thing-1.0.jar").read_bytes() == CONTENT
    assert calls == ["thing-1.0.jar"]
    assert counted == [len(CONTENT)]


def test_an_altered_file_is_refused_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    serve(monkeypatch, b"something else", calls)
    with pytest.raises(CannotGoOn, match="never had the expected content"):
        fetch(tmp_path, WANTED, lambda _: None)
    assert len(calls) == download.ATTEMPTS
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_no_network_is_a_sentence_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: object) -> Path:
        raise requests.ConnectionError("no route to host")

    monkeypatch.setattr(download, "_resolve", resolve)
    with pytest.raises(CannotGoOn, match="check the network or proxy, then run the same command again"):
        fetch(tmp_path, WANTED, lambda _: None)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotGoOn, match="HUANLIU_DOWNLOADS"):
        fetch(tmp_path / "file" / "downloads", WANTED, lambda _: None)


def test_two_at_once_fetch_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    serve(monkeypatch, CONTENT, calls)
    threads = [threading.Thread(target=fetch, args=(tmp_path, WANTED, lambda _: None)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls == ["thing-1.0.jar"]


def archive_of(path: Path, members: dict[str, int]) -> bytes:
    with zipfile.ZipFile(path, "w") as zipped:
        for name, mode in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            zipped.writestr(info, b"content")
    return path.read_bytes()


def test_an_archive_is_unpacked_readable_by_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = archive_of(tmp_path / "a.zip", {"top/bin/run": 0o700, "top/config/secret.yml": 0o660})
    file = File("org.example:thing:1.0:zip", len(content), hashlib.sha256(content).hexdigest())
    serve(monkeypatch, content)
    place = fetch(tmp_path / "downloads", Bundle("thing", "1.0", (file,)), lambda _: None)
    assert (place / "bin" / "run").stat().st_mode & 0o777 == 0o755
    assert (place / "config" / "secret.yml").stat().st_mode & 0o777 == 0o644
    assert not list(place.rglob("*.zip"))


def test_an_archive_cannot_write_outside_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = archive_of(tmp_path / "a.zip", {"top/../../escaped": 0o600})
    file = File("org.example:thing:1.0:zip", len(content), hashlib.sha256(content).hexdigest())
    serve(monkeypatch, content)
    with pytest.raises(CannotGoOn, match="leaves its folder"):
        fetch(tmp_path / "downloads", Bundle("thing", "1.0", (file,)), lambda _: None)
    assert not (tmp_path / "escaped").exists()
