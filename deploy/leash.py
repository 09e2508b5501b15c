"""Becomes a command that is told to stop when its parent dies: `python -I -S leash.py PARENT USER COMMAND…`.

The kernel's parent-death signal must be asked for in the child itself, after any change of user, which clears it. Doing it
here, in a program of its own, keeps Python code out of the moment between fork and exec, and lets root start this file
from a folder that USER cannot enter. PARENT 0 asks for no signal; USER 0 changes no user.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Changes user, asks for SIGTERM at the parent's death, then becomes the command."""
    parent, user, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    if user:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    if parent:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit(f"its parent {parent} ended before {command[0]} could start")
    try:
        os.execvp(command[0], command)
    except OSError as fault:
        sys.exit(f"{command[0]}: {fault.strerror}")


if __name__ == "__main__":
    main()
