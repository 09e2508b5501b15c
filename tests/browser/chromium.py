"""A Chromium that playwright can drive: the machine's, else one that npm brings."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NPM = Path(sys.executable).with_name("npm")
NODE = Path(sys.executable).with_name("node")
UNPACK = "import('@sparticuz/chromium').then(async (one) => console.log(await one.default.executablePath()))"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--font-render-hinting=none", "--force-color-profile=srgb"]
"""`--no-sandbox`: containers and root have none to offer, and nothing but our own pages is opened."""


def fetched(folder: Path) -> Path:
    """`node_modules` as the folder's lock has it."""
    modules, lock = folder / "node_modules", (folder / "package-lock.json").read_bytes()
    stamp, digest = modules / ".fetched", hashlib.sha256(lock).hexdigest()
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != digest:
        command = [str(NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
        stamp.write_text(digest, encoding="utf-8")
    return modules


def axe() -> str:
    """The source of axe-core."""
    return (fetched(HERE) / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def executable() -> str:
    """Debian's Chromium or Chrome where one is installed; else it is fetched once (75 MB) and unpacks itself."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    folder = HERE / "chromium"
    fetched(folder)
    done = subprocess.run([str(NODE), "-e", UNPACK], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip().splitlines()[-1]
