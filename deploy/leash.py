"""Runs a command that is told to stop when its parent dies: `python -I -S leash.py PARENT COMMAND…`.

The kernel's parent-death signal must be asked for in the child itself. Doing it here, in a program of its own, keeps
Python code out of the moment between fork and exec.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Asks for SIGTERM at the parent's death, then becomes the command."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(sys.argv[1]):
        sys.exit(f"its parent {sys.argv[1]} ended before {sys.argv[2]} could start")
    try:
        os.execvp(sys.argv[2], sys.argv[2:])
    except OSError as fault:
        sys.exit(f"{sys.argv[2]}: {fault.strerror}")


if __name__ == "__main__":
    main()
