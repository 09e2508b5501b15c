"""A user other than root for a server that refuses to run as root.

Inside a user namespace root can appear as user 1000 and keep its access to its own folders; where such namespaces are
forbidden the server runs as a real other user, from copies outside any folder that this user cannot enter.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from deploy.errors import CannotGoOn

UNSHARE = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
OTHER_USER = 65534  # `nobody`, which exists everywhere and owns nothing
OUTSIDE = Path("/var/tmp")


@dataclass(frozen=True)
class Seat:
    """Where and as whom a server runs: its program, its Java, its data, the words before its command, its user id."""

    home: Path
    java: Path
    data: Path
    prefix: tuple[str, ...] = ()
    user: int | None = None

    def hand_over(self) -> None:
        """Gives the data folder to the user, if it is another."""
        if self.user is None:
            return
        for folder, _, files in os.walk(self.data):
            os.chown(folder, self.user, self.user)
            for name in files:
                os.chown(Path(folder) / name, self.user, self.user, follow_symlinks=False)


def take_seat(data: Path, home: Path, java: Path) -> Seat:
    """The seat for a server whose data belong below `data`; as root, one that is not root's."""
    if os.geteuid() != 0:
        return Seat(home, java, data)
    if namespaces_allowed():
        return Seat(home, java, data, prefix=UNSHARE)
    return Seat(_within_reach(home), _within_reach(java), _place_within_reach(data), user=OTHER_USER)


@cache
def namespaces_allowed() -> bool:
    """Whether this machine lets root enter a user namespace as someone else."""
    try:
        return subprocess.run([*UNSHARE, "true"], capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def reachable(path: Path) -> bool:
    """Whether any user may enter `path` and every folder above it."""
    path = path.resolve()
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def _outside(path: Path) -> Path:
    name = f"huanliu-{path.name}-{hashlib.sha256(str(path).encode()).hexdigest()[:10]}"
    return OUTSIDE / name


def _within_reach(path: Path) -> Path:
    """`path`, or a copy of it that any user can read."""
    if reachable(path):
        return path
    copy = _outside(path)
    if not copy.is_dir():
        part = copy.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        try:
            shutil.copytree(path, part)
            part.rename(copy)
        except OSError as fault:
            shutil.rmtree(part, ignore_errors=True)
            raise CannotGoOn(f"Cannot copy {path} to {OUTSIDE} ({fault.strerror}); free some space there.") from fault
    return copy


def _place_within_reach(data: Path) -> Path:
    data.mkdir(parents=True, exist_ok=True)
    if reachable(data):
        return data
    place = _outside(data)
    place.mkdir(exist_ok=True)
    return place
