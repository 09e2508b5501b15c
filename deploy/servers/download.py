"""Fetches Kafka and Elasticsearch from Maven Central once per machine, every file checked by size and SHA-256.

`manifest.json` names each file; a set is complete or absent: it is fetched beside its place and renamed when all is there.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import shutil
import stat
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import requests

from deploy.errors import CannotGoOn
from shared.settings import Settings, cache_dir

MANIFEST = Path(__file__).with_name("manifest.json")
ATTEMPTS = 3
Advance = Callable[[int], None]


@dataclass(frozen=True)
class File:
    """A file of the manifest; `artifact` is group:name:version:packaging."""

    artifact: str
    bytes: int
    sha256: str

    @property
    def name(self) -> str:
        """Its file name in Maven's layout."""
        _, name, version, packaging = self.artifact.split(":")
        return f"{name}-{version}.{packaging}"


@dataclass(frozen=True)
class Bundle:
    """All the files of one server."""

    name: str
    version: str
    files: tuple[File, ...]

    @property
    def bytes(self) -> int:
        """What a download of it weighs."""
        return sum(file.bytes for file in self.files)


@cache
def bundle(name: str) -> Bundle:
    """The bundle `name` of the manifest."""
    entry = json.loads(MANIFEST.read_text(encoding="utf-8"))[name]
    return Bundle(name, entry["version"], tuple(File(**file) for file in entry["files"]))


def downloads(settings: Settings) -> Path:
    """Where downloads live: outside every instance's data, so that a new instance downloads nothing."""
    return (settings.downloads or cache_dir() / "huanliu").absolute()


def home(folder: Path, wanted: Bundle) -> Path:
    """Where `wanted` lies, or will."""
    return folder / f"{wanted.name}-{wanted.version}"


def is_there(folder: Path, wanted: Bundle) -> bool:
    """Whether `wanted` has been fetched."""
    return home(folder, wanted).is_dir()


def fetch(folder: Path, wanted: Bundle, advance: Advance) -> Path:
    """The folder of `wanted`, fetched first if it is missing; `advance` is told the bytes as they come."""
    target = home(folder, wanted)
    if target.is_dir():
        return target
    with _only_one(folder):
        if target.is_dir():
            return target
        part = folder / f".part-{target.name}"
        shutil.rmtree(part, ignore_errors=True)
        try:
            _fill(part, wanted, advance)
            (part / "done").rename(target)
        except OSError as fault:
            raise CannotGoOn(_advice(wanted, folder, fault)) from fault
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return target


def _advice(wanted: Bundle, folder: Path, fault: OSError) -> str:
    if isinstance(fault, requests.RequestException):
        cause = "Maven Central could not be reached; check the network or proxy"
    else:
        cause = f"{folder} could not be written ({fault.strerror or fault}); free some space or set HUANLIU_DOWNLOADS"
    return f"The download of {wanted.name} {wanted.version} failed: {cause}, then run the same command again."


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Holds the lock of `folder`, so that two instances never fetch at once; it falls with the process."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as fault:
        raise CannotGoOn(f"Cannot write to {folder} ({fault.strerror}); set HUANLIU_DOWNLOADS to a folder.") from fault
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fill(part: Path, wanted: Bundle, advance: Advance) -> None:
    done = part / "done"
    done.mkdir(parents=True)
    broken_off = threading.Event()

    def advance_or_end(count: int) -> None:
        if broken_off.is_set():
            raise InterruptedError("another file failed, or the person who waits gave up")
        advance(count)

    with ThreadPoolExecutor(max_workers=8) as pool:
        try:
            paths = list(pool.map(lambda file: _get(part / "repository", file, advance_or_end), wanted.files))
        except BaseException:
            broken_off.set()
            raise
    for path in paths:
        if path.suffix == ".zip":
            _unpack(path, done)
        else:
            path.rename(done / path.name)


def _get(repository: Path, file: File, advance: Advance) -> Path:
    """One file, tried a few times, and refused if it is not exactly the file of the manifest."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            path = _resolve(repository, file, advance)
        except (requests.RequestException, RuntimeError) as fault:
            if attempt == ATTEMPTS:
                raise requests.ConnectionError(str(fault)) from fault
            continue
        if _sha256(path) == file.sha256:
            return path
        path.unlink()
    raise CannotGoOn(
        f"{file.name} was downloaded {ATTEMPTS} times and never had the expected content; something between this "
        "machine and Maven Central alters it: check the proxy, then run the same command again."
    )


def _resolve(repository: Path, file: File, advance: Advance) -> Path:
    from jgo.maven import MavenContext, PythonResolver  # late: half a second that a set-up machine need not spend

    @contextmanager
    def report(_name: str, _size: int) -> Iterator[Advance]:
        yield advance

    logging.getLogger("jgo").setLevel(logging.ERROR)  # its checksum warnings repeat what we check ourselves
    group, name, version, packaging = file.artifact.split(":")
    context = MavenContext(resolver=PythonResolver(progress_callback=report), repo_cache=repository, timeout=30)
    artifact = context.project(group, name).at_version(version).artifact(packaging=packaging)
    if artifact.cached_path is not None:
        artifact.cached_path.unlink(missing_ok=True)  # left by an attempt that broke off
    path: Path = artifact.resolve()
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _unpack(archive: Path, into: Path) -> None:
    """Unpacks what lies in the archive's one top folder, readable by all, since another user may have to run it."""
    with zipfile.ZipFile(archive) as zipped:
        for member in zipped.infolist():
            below = Path(*Path(member.filename).parts[1:])
            if ".." in below.parts or below.is_absolute():
                raise CannotGoOn(f"{archive.name} holds a path that leaves its folder: {member.filename}.")
            target = into / below
            if member.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with zipped.open(member) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
            runs = (member.external_attr >> 16) & stat.S_IXUSR
            target.chmod(0o755 if runs else 0o644)
    archive.unlink()
