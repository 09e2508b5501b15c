"""The console's words, all of them in `texts.json`, and which language a reader gets."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Literal

from flask import Request

Code = Literal["zh", "en"]
FILE = Path(__file__).with_name("texts.json")


class Texts(dict[str, str]):
    """The words of one language by their keys."""

    def __init__(self, code: Code, words: dict[str, str]) -> None:
        super().__init__(words, code=code)
        self.code = code

    @property
    def language(self) -> str:
        """As HTML and HTTP name it."""
        return "zh-CN" if self.code == "zh" else "en"


@cache
def texts(code: Code) -> Texts:
    rows: dict[str, dict[str, str]] = json.loads(FILE.read_text(encoding="utf-8"))
    return Texts(code, {key: row[code] for key, row in rows.items()})


def language_of(request: Request) -> Code:
    """What the switch was last set to; Chinese, the market's language, where it never was."""
    chosen = request.args.get("lang") or request.cookies.get("lang")
    return "en" if chosen == "en" else "zh"
