"""The one error of this package that people see."""

from __future__ import annotations


class CannotGoOn(Exception):
    """Something that the caller can mend. Its text is one sentence or two that say what to do; commands exit with 1."""
