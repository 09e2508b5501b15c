"""How figures are written: always the same way, wherever they stand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache

from gateway.console.texts import Code, Texts
from shared import catalogue, geo
from shared.clock import SHANGHAI, iso

NOTHING = "–"
MUNICIPALITIES = ("11", "12", "31", "50")
"""Their codes have a level between them and their districts that has no name of its own."""


def tonnes(value: float | None) -> str:
    """Up to three decimals, as entered: 30.5, 1,204.125."""
    text = number(value, 3)
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(value: float | None) -> str:
    """Two decimals."""
    return number(value, 2)


def number(value: float | None, decimals: int = 0) -> str:
    """With separators; less than nothing has a minus sign, no hyphen, and what is rounded to nothing has none."""
    return NOTHING if value is None else f"{value:z,.{decimals}f}".replace("-", "−")


SPANS = (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0), ("s", 1.0))


def span(seconds: float | None, words: Texts) -> str:
    """A length of time in its largest unit: 285 ms, 4.2 s, 3 min, 2 h."""
    if seconds is None:
        return NOTHING
    for unit, length in SPANS:
        if seconds >= length:
            amount = seconds / length
            return words.say(f"span_{unit}", n=f"{amount:.1f}" if amount < 10 and unit == "s" else f"{amount:,.0f}")
    return words.say("span_ms", n=f"{seconds * 1000:.0f}")


def material_name(code: str, words: Texts) -> str:
    """A family's or grade's name; its code where the catalogue has none."""
    found = catalogue.grade(code) or catalogue.family(code)
    if found is None:
        return code
    return found.name_zh if words.code == "zh" else found.name_en


def attribute_name(name: str, words: Texts) -> str:
    """A quality attribute's name with its unit; itself where the catalogue has none."""
    found = catalogue.attribute(name)
    if found is None:
        return name
    return f"{found.name_zh}（{found.unit}）" if words.code == "zh" else f"{found.name_en} ({found.unit})"


def traits_of(traits: Mapping[str, str], words: Texts) -> list[tuple[str, str]]:
    """Names of a lot's traits and of what it says of each."""
    zh = words.code == "zh"
    found = ((one, catalogue.trait_value(one.code, traits.get(one.code, ""))) for one in catalogue.traits())
    return [(one.name_zh, value.name_zh) if zh else (one.name_en, value.name_en) for one, value in found if value is not None]


def city_of(code: str) -> str:
    """The city in which a region lies; a municipality for its districts."""
    return code[:2] + "0000" if code[:2] in MUNICIPALITIES else code[:4] + "00"


@cache
def regions_by_province(code: Code) -> tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]:
    """Each province with its cities, as a form offers them: a municipality's districts, and itself of what has no parts."""

    def name(one: geo.Region) -> str:
        return one.name_zh if code == "zh" else one.name_en

    found = []
    for province in (one for one in geo.regions() if one.level == "province"):
        below = geo.children(province.code)
        found.append((province.code, name(province), tuple((one.code, name(one)) for one in below or [province])))
    return tuple(found)


def region_name(code: str | None, words: Texts) -> str:
    """The city that a region is or lies in; a municipality for its districts; a county's own where it has no city."""
    found = geo.region(code or "")
    if found is None:
        return code or NOTHING
    outer = city_of(found.code)
    shown = geo.region(outer) if outer in geo.lineage(found.code) else None
    return (shown or found).name_zh if words.code == "zh" else (shown or found).name_en


def shanghai_today(now: datetime) -> date:
    """The market's day."""
    return now.astimezone(SHANGHAI).date()


def shanghai_day(at: str) -> str:
    """The market's day of a time as the API gives it: `2026-11-28`."""
    return datetime.fromisoformat(at).astimezone(SHANGHAI).date().isoformat()


def just_before(until: str) -> str:
    """The last moment before a time as the API gives it: of what ends with a day, one of that day."""
    return iso(datetime.fromisoformat(until) - timedelta(milliseconds=1))


def last_day(until: str) -> str:
    """The market's last day before a time as the API gives it: of what ends with a day, that day."""
    return shanghai_day(just_before(until))


def day_begins(day: str, more: int = 0) -> str:
    """The beginning of a typed day in the market's zone, as the API takes it; what is no day as it was typed, for the API to
    refuse."""
    try:
        return iso(datetime.combine(date.fromisoformat(day) + timedelta(days=more), datetime.min.time(), SHANGHAI))
    except (ValueError, OverflowError):
        return day


def day_ends(day: str) -> str:
    """Its end; as `day_begins`."""
    return day_begins(day, 1)
