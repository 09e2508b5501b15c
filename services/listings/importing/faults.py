"""Why a file, or a cell of it, is of no use: both texts, for a person who can mend it."""

from __future__ import annotations

MOST_COLUMNS = 200


class FileIsUnreadable(Exception):
    """Nothing of the file can be used; the two texts say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class CellIsUnreadable(ValueError):
    """A cell's text is no such value."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def too_wide(line: int, width: int) -> FileIsUnreadable:
    return FileIsUnreadable(
        f"第 {line} 行有 {width} 列，至多 {MOST_COLUMNS} 列", f"Row {line} has {width} columns; there may be {MOST_COLUMNS}"
    )
