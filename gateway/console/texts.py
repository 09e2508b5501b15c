"""The console's words: one file per area in `texts/`, each `{key: {zh, en}}`, and which language a reader gets."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal

from flask import Request

Code = Literal["zh", "en"]
FOLDER = Path(__file__).with_name("texts")
SHARED = "parts"
"""The area whose words every page has."""


class WordIsMissing(Exception):
    """A page names a word that neither its area nor the shared ones have."""


class Texts:
    """The words of one area and the shared ones, in one language; templates say `t.key`, or `t["state_" ~ name]`."""

    def __init__(self, code: Code, words: dict[str, str]) -> None:
        self.code, self._words = code, words

    @property
    def language(self) -> str:
        """As HTML and HTTP name it."""
        return "zh-CN" if self.code == "zh" else "en"

    def __getitem__(self, key: str) -> str:
        try:
            return self._words[key]
        except KeyError:
            raise WordIsMissing(key) from None

    def __contains__(self, key: str) -> bool:
        return key in self._words

    def say(self, key: str, **values: Any) -> str:
        """A word with its `{places}` filled; of a single thing (`n=1`) as `key_1` says it, where there is one."""
        single = f"{key}_1"
        return self[single if values.get("n") == 1 and single in self else key].format(**values)


@cache
def texts(code: Code, area: str = "public") -> Texts:
    """Raises WordIsMissing nowhere, but FileNotFoundError for an area without words."""
    words: dict[str, str] = {}
    for name in dict.fromkeys((SHARED, area)):
        rows: dict[str, dict[str, str]] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        words |= {key: row[code] for key, row in rows.items()}
    return Texts(code, words)


def language_of(request: Request) -> Code:
    """What the switch was last set to; Chinese, the market's language, where it never was."""
    chosen = request.args.get("lang") or request.cookies.get("lang")
    return "en" if chosen == "en" else "zh"
