"""How a reader looks at a region: which side, material and measure, since when, and as of which moment."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response

from gateway.console.client import ApiRefused
from gateway.console.formats import material_name, span
from gateway.console.texts import Texts
from gateway.console.visit import Visit
from shared.catalogue import families, family, grade
from shared.clock import SHANGHAI, iso, utc_now
from shared.geo import children, region

SIDES = ("destination", "origin")
MEASURES = ("listed", "agreed", "loaded", "received", "used", "refused", "deducted", "withdrawn", "cancelled")
ORIGIN_ONLY = ("listed", "withdrawn")
SINCE = ("day", "week", "month", "year", "ever")
GRAINS = {"day": "hour", "week": "day", "month": "day", "year": "month", "ever": "month"}
"""How finely a chart tells a time apart."""
BACK_S = (0, 900, 3_600, 10_800, 21_600, 43_200, 86_400, 172_800, 259_200, 604_800, 1_209_600, 2_592_000)
"""Where the slider of «as known then» can stand: seconds back from now."""


@dataclass(frozen=True)
class Look:
    """What the address asks for; whatever it has that makes no sense is the default."""

    side: str
    material: str
    measure: str
    since: str
    back: int
    now: datetime

    @property
    def start(self) -> str | None:
        """The first day, of Asia/Shanghai; None: ever."""
        today = self.now.astimezone(SHANGHAI).date()
        days = {"day": today, "week": today - timedelta(days=6), "month": today.replace(day=1)}
        days["year"] = today.replace(month=1, day=1)
        return days[self.since].isoformat() if self.since in days else None

    @property
    def as_of(self) -> str | None:
        return iso(self.now - timedelta(seconds=BACK_S[self.back])) if self.back else None

    @property
    def grain(self) -> str:
        return GRAINS[self.since]

    def query(self, **more: Any) -> dict[str, Any]:
        """For the API's volumes, flows and parts."""
        return {"side": self.side, "material": self.material, "from": self.start, "as_of": self.as_of, **more}

    def link(self, path: str, **changes: Any) -> str:
        """The same look elsewhere."""
        names = ("side", "material", "measure", "since", "back")
        values = {name: getattr(self, name) for name in names} | changes
        return f"{path}?{urlencode({name: value for name, value in values.items() if value})}"


def look_of(visit: Visit, since: str = "month") -> Look:
    args = visit.request.args

    def one(name: str, known: Iterable[str], default: str) -> str:
        value = args.get(name, default)
        return value if value in known else default

    material = args.get("material", "")
    if family(material) is None and grade(material) is None:
        material = ""
    side, measure = one("side", SIDES, "destination"), one("measure", MEASURES, "received")
    if measure in ORIGIN_ONLY:
        side = "origin"
    back = args.get("back", "0")
    at = int(back) if back.isdecimal() and int(back) < len(BACK_S) else 0
    return Look(side, material, measure, one("since", SINCE, since), at, utc_now())


def choices(words: Texts) -> dict[str, Any]:
    """What a form of a look offers."""
    return {
        "sides": SIDES,
        "measures": MEASURES,
        "sinces": SINCE,
        "materials": [(one.code, material_name(one.code, words)) for one in families()],
        "backs": [words["as_known_now"] if not one else words.say("as_known_ago", span=span(one, words)) for one in BACK_S],
    }


def as_csv(visit: Visit, path: str, query: Mapping[str, Any], name: str) -> Response | None:
    """The API's own table as a file, with the mark by which Excel knows its letters; None where the page itself was asked for.
    Raises ApiRefused."""
    if visit.request.args.get("as") != "csv":
        return None
    reply = visit.api.file(path, query, "text/csv")
    if not reply.is_ok:
        raise ApiRefused(reply)
    return visit.send(codecs.BOM_UTF8 + reply.content, "text/csv; charset=utf-8", f"{name}.csv")


def named_region(code: str, words: Texts) -> str:
    """A region's own name; its code where GB/T 2260 has none."""
    found = region(code)
    return code if found is None else found.name_zh if words.code == "zh" else found.name_en


def places_below(code: str, words: Texts) -> list[tuple[str, str]]:
    """A region and all that lies in it, each with its code: a city's counties after it, without what merely groups them."""
    found = [(code, named_region(code, words))]
    for part in children(code):
        name = named_region(part.code, words)
        found.append((part.code, name))
        found += [(one.code, f"{name} · {named_region(one.code, words)}") for one in children(part.code)]
    return [(one, name) for one, name in found if not name.endswith("市辖区")]


def total(rows: Iterable[Mapping[str, Any]], measure: str) -> float:
    """Tonnes of one measure; of no other. Sums kilograms, so that no tonne is lost to a float."""
    kg: int = sum(round(row[f"{measure}_t"] * 1000) for row in rows)
    return kg / 1000


def by_material(rows: Iterable[Mapping[str, Any]], measures: Iterable[str]) -> list[dict[str, Any]]:
    """A row for each grade, the most of the first measure on top; grades of which nothing was counted are left out.
    `withheld`: there may be more."""
    names = [f"{one}_t" for one in measures]
    found: dict[str, dict[str, int]] = {}
    withheld = set()
    for row in rows:
        if row["withheld"]:
            withheld.add(row["material"])
        sums = found.setdefault(row["material"], dict.fromkeys(names, 0))
        for name in names:
            sums[name] += round(row[name] * 1000)
    shown = ((code, sums) for code, sums in found.items() if any(sums.values()) or code in withheld)
    kept = sorted(shown, key=lambda one: -one[1][names[0]])
    about = [(code, {name: kg / 1000 for name, kg in sums.items()}) for code, sums in kept]
    return [{"material": code, "withheld": code in withheld, **tonnes} for code, tonnes in about]


FORMS = {7: "%Y-%m", 10: "%Y-%m-%d", 13: "%Y-%m-%dT%H"}
"""Of the names of periods, by their length."""


def between(first: str, last: str) -> list[str]:
    """The names of all periods from one to another, so that an hour, day or month in which nothing came is seen."""
    form = FORMS[len(first)]
    step = timedelta(hours=1) if len(first) == 13 else timedelta(days=1)
    at, names = datetime.strptime(first, form).replace(tzinfo=SHANGHAI), [first]
    while names[-1] < last:
        at += step
        if (name := at.strftime(form)) != names[-1]:
            names.append(name)
    return names


def period_name(period: str) -> str:
    """As it is read: `2026-11-29 08:00` of an hour."""
    return f"{period.replace('T', ' ')}:00" if "T" in period else period


def mix(rows: Iterable[Mapping[str, Any]], measure: str, words: Texts) -> dict[str, Any]:
    """Families over time, as `charts.js` stacks them."""
    sums: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row["period"], row["material"].split(".", 1)[0])
        sums[key] = sums.get(key, 0) + round(row[f"{measure}_t"] * 1000)
    sums = {key: kg for key, kg in sums.items() if kg}
    periods = between(*(end({period for period, _ in sums}) for end in (min, max))) if sums else []
    codes = sorted({code for _, code in sums}, key=lambda code: -sum(kg for key, kg in sums.items() if key[1] == code))
    series = [
        {"name": material_name(code, words), "values": [sums.get((period, code), 0) / 1000 for period in periods]}
        for code in codes
    ]
    return {"periods": [period_name(period) for period in periods], "series": series, "unit": words["unit_t"]}
