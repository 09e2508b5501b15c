"""Numbers with units in what a person typed: `10吨以上`, `>20t`, `2000元以下`, `50公里内`, `20-50吨`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Quantity = Literal["kg", "fen_per_t", "m"]
_KG: dict[str, Decimal | int] = {
    **dict.fromkeys(("吨", "t", "mt", "tonne", "tonnes", "ton", "tons"), 1000),
    **dict.fromkeys(("公斤", "千克", "kg", "kgs", "kilo", "kilos"), 1),
    "斤": Decimal("0.5"),
}
_FEN_PER_T: dict[str, Decimal | int] = {
    **dict.fromkeys(("元/公斤", "元/kg", "元每公斤", "块一公斤"), 100_000),
    **dict.fromkeys(("元/斤", "元每斤", "块一斤", "元一斤"), 200_000),
    **dict.fromkeys(("元/吨", "元每吨", "元一吨", "元", "块钱", "块", "yuan/t", "cny/t", "rmb/t", "yuan", "cny", "rmb"), 100),
    **dict.fromkeys(("万元/吨", "万元", "万"), 1_000_000),
}
_M: dict[str, Decimal | int] = {**dict.fromkeys(("公里", "千米", "km", "kilometres", "kilometers"), 1000), "里路": 500}
UNITS: dict[str, tuple[Quantity, Decimal]] = {
    **{unit: ("kg", Decimal(factor)) for unit, factor in _KG.items()},
    **{unit: ("fen_per_t", Decimal(factor)) for unit, factor in _FEN_PER_T.items()},
    **{unit: ("m", Decimal(factor)) for unit, factor in _M.items()},
}
"""What a unit measures, and how much of ours one of it is."""
MOST = 10**15
"""What no quantity or price passes; a longer number would not fit into the index's."""
_LEAST_BEFORE = r">=|=>|≥|>|大于等于|大于|超过|不少于|不低于|至少|最少|at least|more than|over|above|min"
_MOST_BEFORE = (
    r"<=|=<|≤|<|小于等于|小于|低于|少于|不超过|不高于|不多于|最多|方圆|at most|less than|up to|under|below|within|max"
)
_LEAST_AFTER = r"及以上|以上|起步|起|\+|or more|and more|and up"
_MOST_AFTER = r"及以下|以下|以内|之内|内|or less|and less"
_UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_PRICED = re.compile(rf"(?:每吨|一吨|单价|价格|报价)\s*({_NUMBER})(?=\s*(?:{_LEAST_AFTER}|{_MOST_AFTER}))", re.IGNORECASE)
"""`每吨2500以内` is a price without its unit."""
_DIGITS = dict(zip("一二两三四五六七八九", (1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_PLACES = {"十": 10, "百": 100, "千": 1000}
_NUMERAL = "一二两三四五六七八九十百千万"
_COUNTED = re.compile(
    rf"(?<![{_NUMERAL}])(?:[{_NUMERAL}]{{2,}}(?=\s*(?:吨|公斤|千克|斤|公里|千米|元|块钱))"
    rf"|[二两三四五六七八九十](?=\s*(?:吨|公斤|千克|斤|公里|千米|块一公斤|块一斤)))"
)
"""`一千吨`, `十吨`; one alone is part of a unit (`元一吨`), and 三元 is a place."""
_MEASURE = re.compile(
    rf"(?:(?P<least>{_LEAST_BEFORE})|(?P<most>{_MOST_BEFORE}))?\s*[¥￥]?\s*"
    rf"(?<![\w.])(?P<low>{_NUMBER})\s*(?:(?:{_UNIT})?\s*(?:-|~|—|到|至|to)\s*(?P<high>{_NUMBER})\s*)?"
    rf"(?P<unit>{_UNIT})(?![a-z0-9])\s*(?:(?P<least_after>{_LEAST_AFTER})|(?P<most_after>{_MOST_AFTER}))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Measure:
    """`least` and `most` in kilograms, fen per tonne or metres; with neither the number itself is `about`."""

    text: str
    of: Quantity
    least: int | None = None
    most: int | None = None
    about: int | None = None


def measures(text: str) -> tuple[list[Measure], str]:
    """The measures in a plain text, and the text without them."""
    found: list[Measure] = []

    def take(match: re.Match[str]) -> str:
        found.append(_measure(match))
        return " "

    arabic = _COUNTED.sub(_arabic, text)
    return found, _MEASURE.sub(take, _after_chinese(_PRICED.sub(r"\1元/吨", arabic)))


def _arabic(match: re.Match[str]) -> str:
    """`一千` is 1000; a run that is no one number (`三四`) stays as it is."""
    whole = part = 0
    digit: int | None = None
    for sign in match[0]:
        if sign in _DIGITS:
            if digit is not None:
                return match[0]
            digit = _DIGITS[sign]
        elif sign == "万":
            whole, part, digit = (part + (digit or 0)) * 10_000, 0, None
        else:
            part, digit = part + (1 if digit is None else digit) * _PLACES[sign], None
    return str(whole + part + (digit or 0))


def _after_chinese(text: str) -> str:
    """A number stands free of the Chinese before it: `武汉50公里` is `武汉 50公里`."""
    return re.sub(r"(?<=[\u3400-\u9fff])(?=\d)", " ", text)


def _measure(match: re.Match[str]) -> Measure:
    of, factor = UNITS[match["unit"].casefold()]
    text = match[0].strip()
    low = _number(match["low"], factor)
    if match["high"] is not None:
        high = _number(match["high"], factor)
        return Measure(text, of, least=min(low, high), most=max(low, high))
    if match["least"] or match["least_after"]:
        return Measure(text, of, least=low)
    if match["most"] or match["most_after"] or of == "m":
        return Measure(text, of, most=low)
    return Measure(text, of, about=low)


def _number(text: str, factor: Decimal) -> int:
    return min(round(Decimal(text.replace(",", "")) * factor), MOST)
