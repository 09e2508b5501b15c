"""What a person typed, cut into the words to look for. Chinese has no spaces, so names known to the catalogue and the regions
are found in it by longest match; what is left stays in one piece."""

from __future__ import annotations

import re
from functools import cache

from shared import geo
from shared.catalogue import grades, search_terms
from shared.text import plain

_CHINESE = "\u3400-\u9fff"
_PIECES = re.compile(rf"[{_CHINESE}]+|[^\s{_CHINESE}]+")
_IS_CHINESE = re.compile(rf"[{_CHINESE}]")
_ETHNIC = re.compile(r"^(.{2,4}?)(?:[^族]{1,4}族)+自治[区州县旗]$")
_SUFFIX = re.compile(r"(?:特别行政区|自治区|自治州|自治县|自治旗|地区|新区|省|市|区|县|州|盟|旗)$")
LONGEST_NAME = 12


def words(text: str) -> list[str]:
    """`武汉重废 HMS1` is `武汉`, `重废`, `HMS1`."""
    found: list[str] = []
    for piece in _PIECES.findall(plain(text)):
        found += _segments(piece) if _IS_CHINESE.match(piece) else [piece]
    return list(dict.fromkeys(found))


def is_chinese(word: str) -> bool:
    return bool(_IS_CHINESE.match(word))


def short_name(name: str) -> str:
    """A region as people say it: 湖北省 is 湖北, 恩施土家族苗族自治州 is 恩施."""
    ethnic = _ETHNIC.match(name)
    if ethnic:
        return ethnic.group(1)
    if name.startswith("新疆维吾尔"):
        return "新疆"
    short = _SUFFIX.sub("", name)
    return short if len(short) > 1 else name


@cache
def _known() -> frozenset[str]:
    names = {name for grade in grades() for name in search_terms(grade.code)[0]}
    for region in geo.regions():
        names |= {region.name_zh, short_name(region.name_zh)}
    return frozenset(name for name in names if len(name) > 1)


def _segments(text: str) -> list[str]:
    found: list[str] = []
    unknown = ""
    at = 0
    while at < len(text):
        length = next((n for n in range(min(LONGEST_NAME, len(text) - at), 1, -1) if text[at : at + n] in _known()), 0)
        if length == 0:
            unknown += text[at]
            at += 1
            continue
        found += [unknown] if unknown else []
        unknown = ""
        found.append(text[at : at + length])
        at += length
    return [*found, unknown] if unknown else found
