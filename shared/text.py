"""Text as it is compared: full-width forms made plain, traditional characters simplified."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

_CHINESE = re.compile(r"[\u3400-\u9fff]")


def plain(text: str) -> str:
    """`ＨＭＳ１ 廢鋼` is `HMS1 废钢`: Unicode's NFKC, then simplified characters. Case stays."""
    folded = unicodedata.normalize("NFKC", text)
    return _simplify()(folded) if _CHINESE.search(folded) else folded


@cache
def _simplify() -> Callable[[str], str]:
    """Loaded by the first Chinese text: starting does not wait for its tables."""
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC("t2s").convert
    return convert
