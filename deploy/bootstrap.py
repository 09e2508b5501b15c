"""Sets up `.venv` with what `requirements.lock` pins; needs nothing but Python. Called by the Makefile, again at no cost.

It runs before anything is installed, maybe by a Python that is too old, so it uses only what every Python 3 has.
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / ".installed"
PINNED = ("requirements.lock", "pyproject.toml")
PYTHON = VENV / "bin" / "python"
BROWSERS = ROOT / "gateway" / "console"
"""Where npm puts what the browser gets from others."""
FETCHED = BROWSERS / "node_modules" / ".fetched"
RECIPES = (BROWSERS / "package-lock.json", BROWSERS / "bundle.mjs", BROWSERS / "echarts.js")
"""What npm brings and what is made of it."""


def wanted() -> str:
    """What the stamp says when the environment is up to date: the pins, the place, the Python."""
    digest = hashlib.sha256()
    for name in PINNED:
        digest.update((ROOT / name).read_bytes())
    return f"{digest.hexdigest()} {ROOT} {sys.version_info[0]}.{sys.version_info[1]}"


def installed() -> bool:
    """Whether there is nothing to do."""
    return STAMP.is_file() and STAMP.read_text(encoding="utf-8") == wanted() and PYTHON.exists()


def fetched() -> bool:
    """Whether npm brought what its lock pins, and of it is made what browsers are sent."""
    return FETCHED.is_file() and FETCHED.read_text(encoding="utf-8") == pinned()


def pinned() -> str:
    """What the stamp says when the browser's files are up to date."""
    return hashlib.sha256(b"".join(recipe.read_bytes() for recipe in RECIPES)).hexdigest()


def say(text: str) -> None:
    """One line to the person who waits."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def run(arguments: list[str], advice: str, folder: Path = ROOT) -> None:
    """Runs a command quietly; shows its last words and `advice` if it fails."""
    done = subprocess.run(arguments, cwd=str(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        say("\n".join(done.stdout.decode(errors="replace").strip().splitlines()[-8:]))
        sys.exit(advice)


def make_venv() -> None:
    """A virtual environment that works; one that was moved or whose Python has gone is made anew."""
    if PYTHON.exists() and subprocess.run([str(PYTHON), "-m", "pip", "--version"], capture_output=True).returncode == 0:
        return
    say("Making the virtual environment .venv")
    advice = "Python cannot make a virtual environment; install its venv module (on Debian: apt install python3-venv)."
    run([sys.executable, "-m", "venv", "--clear", str(VENV)], advice)


def install_pinned() -> None:
    """The pinned packages, with one line that counts them as they come."""
    total = sum(1 for line in (ROOT / PINNED[0]).read_text(encoding="utf-8").splitlines() if "==" in line)
    say(f"Installing {total} Python packages, pinned by hash")
    command = [str(PYTHON), "-m", "pip", "install", "--progress-bar", "off", "--require-hashes", "-r", PINNED[0]]
    last: list[str] = []
    count = 0
    with subprocess.Popen(command, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as pip:
        for raw in pip.stdout or ():
            line = raw.decode(errors="replace").strip()
            last = [*last[-7:], line]
            count += line.startswith(("Collecting", "Requirement already"))
            if sys.stderr.isatty():
                step = "unpacking" if line.startswith("Installing collected") else line.split(" ")[-1][-60:]
                sys.stderr.write(f"\r\033[K  {count}/{total} {step}")
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    if pip.returncode:
        say("\n".join(last))
        sys.exit("The Python packages could not be installed; check the network, then run the same command again.")


def install() -> None:
    """The whole of `.venv`."""
    STAMP.unlink(missing_ok=True)
    make_venv()
    install_pinned()
    say("Installing Huanliu")
    run(
        [str(PYTHON), "-m", "pip", "install", "--no-deps", "--no-build-isolation", "-e", "."],
        "Huanliu itself could not be installed; the lines above say why.",
    )
    STAMP.write_text(wanted(), encoding="utf-8")


def fetch() -> None:
    """What pages need in the browser, by npm and node from their own wheel, whatever the machine has."""
    say("Fetching what pages need: htmx, ECharts, a Chinese font")
    command = [str(VENV / "bin" / "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"]
    run(command, "npm could not fetch the console's files; check the network, then run the same command again.", BROWSERS)
    command = [str(VENV / "bin" / "node"), "bundle.mjs"]
    run(command, "The console's files could not be bundled; the lines above say why.", BROWSERS)
    FETCHED.write_text(pinned(), encoding="utf-8")


def main() -> None:
    """Does what is missing; one at a time, for `make run` and `make test` may start together."""
    if sys.version_info < (3, 11):  # noqa: UP036  what runs this is whatever Python the machine has
        found = ".".join(str(part) for part in sys.version_info[:3])
        sys.exit(f"Huanliu needs Python 3.11 or newer and this is {found}; install one, or: make run PYTHON=/path/to/python")
    if installed() and fetched():
        return
    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not installed():
            install()
        if not fetched():
            fetch()


if __name__ == "__main__":
    main()
