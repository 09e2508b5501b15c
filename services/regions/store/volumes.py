"""Facts and cells: what is counted where and when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from services.regions.ledger import SHANGHAI, Place, Span, covered_by
from services.regions.ledger.periods import FORMATS, Granularity
from services.regions.model import MEASURES, Cell, Fact, Measure, Period, Retention, Side
from services.regions.store.conditions import at_place, in_span, of_material, of_mode
from services.regions.store.retention import retention_of
from services.regions.store.state import of_present_form
from shared.mongo import Page, Repository, Row, Sealed, Unit


class FactDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "facts",
        "indexes": [
            ("region", "at"),
            ("to_region", "at"),
            ("seller_id", "at"),
            ("buyer_id", "at"),
            "recorded_at",
            {"fields": ["lot_id"], "partialFilterExpression": {"waiting": True}},
            {"fields": ["revision", "id"], "partialFilterExpression": {"revision": {"$type": "string"}}},
        ],
    }


class CellDocument(Sealed):
    meta = {"collection": "cells", "indexes": [("place", "side", "period", "start"), ("period", "start")]}  # noqa: RUF012


FACTS = Repository(FactDocument, Fact)
CELLS = Repository(CellDocument, Cell)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which volumes are asked for, by periods of which zone; `as_of` None is now."""

    side: Side
    material: str | None
    mode: str | None
    span: Span
    granularity: Granularity
    zone: str = SHANGHAI
    as_of: datetime | None = None
    by_mode: bool = False


Volumes = dict[tuple[str, str], dict[Measure, int]]
"""Period and grade → kilograms by measure."""


def waiting_facts(unit: Unit, lot_ids: list[str]) -> list[Fact]:
    """The facts about these lots that wait for their publication."""
    return FACTS.select(unit, {"lot_id": {"$in": lot_ids}, "waiting": True})


def sum_volumes(unit: Unit, place: Place, wanted: Wanted) -> Volumes:
    """By period and grade, in order. Cells answer what they cover exactly, less what was recorded after `as_of`; facts any
    other span."""
    return sums_of_volumes(unit, [place], wanted)[0]


@of_present_form
def sums_of_volumes(unit: Unit, places: Sequence[Place], wanted: Wanted) -> list[Volumes]:
    """What `sum_volumes` tells of each place, asked for at once."""
    kept = retention_of(unit)
    source = covered_by(wanted.span, wanted.granularity, wanted.zone, kept)
    sums: list[Volumes] = [defaultdict(_ZEROS.copy) for _ in places]
    if source is None:
        known = {} if wanted.as_of is None else {"recorded_at": {"$lte": wanted.as_of}}
        _add_facts(unit, places, wanted, known, sums, 1)
    else:
        _add_cells(unit, places, wanted, source, kept, sums)
        if wanted.as_of is not None:
            _add_facts(unit, places, wanted, {"recorded_at": {"$gt": wanted.as_of}}, sums, -1)
    return [{key: one[key] for key in sorted(one) if any(one[key].values())} for one in sums]


_ZEROS: dict[Measure, int] = dict.fromkeys(MEASURES, 0)


def _add_cells(
    unit: Unit, places: Sequence[Place], wanted: Wanted, period: Period, kept: Retention, sums: Sequence[Volumes]
) -> None:
    """In one pass over the documents as they are: a year of a province holds tens of thousands of figures."""
    of_key: defaultdict[str, list[Volumes]] = defaultdict(list)
    for place, of_all in zip(places, sums, strict=True):
        for key in place.keys(period):
            of_key[key].append(of_all)
    keys = list(of_key)
    where: Row = {"place": keys[0] if len(keys) == 1 else {"$in": keys}, "side": wanted.side}
    where |= {"period": {"$in": ["month", "day"]} if period == "day" else period, **in_span("start", wanted.span)}
    path = "kg" if wanted.material is None else f"kg.{wanted.material}"
    name = _namer(wanted)
    for row in _at_once(unit, kept, where, {"place": 1, "start": 1, path: 1, "_id": 0}):
        start, of_place = name(row["start"]), of_key[row["place"]]
        for family, grades in row["kg"].items():
            for within, modes in grades.items():
                totals = [one[start, f"{family}.{within}"] for one in of_place]
                for mode, kg in modes.items():
                    if wanted.mode is None or mode == wanted.mode:
                        for measure, more in kg.items():
                            for total in totals:
                                total[measure] += more


def _at_once(unit: Unit, kept: Retention, where: Row, fields: Row) -> Iterator[Row]:
    """Of one moment: while days are added up to months, none may be found in both."""
    if unit.session is not None or kept.days_from is None:
        yield from unit.collection("cells").find(where, fields, batch_size=BATCH, session=unit.session)
        return
    with unit.database.client.start_session(snapshot=True) as moment:
        yield from unit.collection("cells").find(where, fields, batch_size=BATCH, session=moment)


BATCH = 1_000
"""A year of days in one round trip; the driver's first batch is of 101 documents."""


def _add_facts(unit: Unit, places: Sequence[Place], wanted: Wanted, known: Row, sums: Sequence[Volumes], sign: int) -> None:
    where = {**of_material(wanted.material), **of_mode(wanted.mode), "waiting": False}
    where |= {**in_span("at", wanted.span), **known}
    name, fields = _namer(wanted), {"at": 1, "grade": 1, "kg": 1}
    for place, of_place in zip(places, sums, strict=True):
        at = at_place(place, wanted.side)
        for row in unit.collection("facts").find({**at, **where}, fields, session=unit.session):
            there = {measure: kg for measure, kg in row["kg"].items() if wanted.side == "origin" or measure in AT_BOTH}
            if there:
                total = of_place[name(row["at"]), row["grade"]]
                for measure, more in there.items():
                    total[measure] += sign * more


AT_BOTH = frozenset(MEASURES) - {"listed", "withdrawn"}


def _namer(wanted: Wanted) -> _Namer:
    return _Namer(FORMATS[wanted.granularity], ZoneInfo(wanted.zone))


class _Namer:
    """The name of a moment's period, remembered: many facts are of one moment, and a park has many cells of one day."""

    def __init__(self, form: str, zone: ZoneInfo) -> None:
        self.form, self.zone = form, zone
        self.known: dict[datetime, str] = {}

    def __call__(self, at: datetime) -> str:
        found = self.known.get(at)
        if found is None:
            found = self.known[at] = at.astimezone(self.zone).strftime(self.form)
        return found


def drop_hours(unit: Unit, before: datetime, most: int) -> int:
    """How many cells of hours that began before that are gone now."""
    return _drop(unit, [row["_id"] for row in _before(unit, "hour", before, most, {"_id": 1})])


def take_days(unit: Unit, before: datetime, most: int) -> list[Cell]:
    """The first cells of days that began before that, which are gone now."""
    rows = list(_before(unit, "day", before, most))
    _drop(unit, [row["_id"] for row in rows])
    return [CELLS.load(row) for row in rows]


def _before(unit: Unit, period: Period, before: datetime, most: int, fields: Row | None = None) -> Iterator[Row]:
    where = {"period": period, "start": {"$lt": before}}
    yield from unit.collection("cells").find(where, fields, session=unit.session, sort=[("start", 1)], limit=most)


def _drop(unit: Unit, identifiers: list[str]) -> int:
    gone = unit.collection("cells").delete_many({"_id": {"$in": identifiers}}, session=unit.session)
    return gone.deleted_count


@of_present_form
def sum_flows(unit: Unit, place: Place, wanted: Wanted, limit: int) -> Iterator[tuple[str, str, str, str | None, int]]:
    """`(from, to, grade, mode, received kilograms)` of what left or reached the place, the largest first; the mode where
    it is to be told apart, else None."""
    where: Row = {**of_material(wanted.material), **of_mode(wanted.mode), **in_span("at", wanted.span)}
    where |= {"kg.received": {"$exists": True}}
    if wanted.as_of is not None:
        where["recorded_at"] = {"$lte": wanted.as_of}
    key = {"from": "$region", "to": "$to_region", "grade": "$grade"} | ({"mode": "$mode"} if wanted.by_mode else {})
    group = {"_id": key, "kg": {"$sum": "$kg.received"}}
    pipeline: list[Row] = [
        {"$match": {"$and": [where, {"$or": [at_place(place), at_place(place, "destination")]}]}},
        {"$group": group},
        {"$match": {"kg": {"$ne": 0}}},
        {"$sort": {"kg": -1, "_id": 1}},
        {"$limit": limit},
    ]
    for row in unit.collection("facts").aggregate(pipeline, session=unit.session):
        way = row["_id"]
        yield way["from"], way["to"], way["grade"], way.get("mode"), row["kg"]


@of_present_form
def page_of_revisions(
    unit: Unit, place: Place, material: str | None, span: Span, cursor: str | None, limit: int, whose: Row
) -> Page[Fact]:
    """What changed a day that was over, newest first; where `whose` holds."""
    ends = {"$and": [{"$or": [at_place(place), at_place(place, "destination")]}, whose]}
    where = {"revision": {"$in": ["late", "corrected"]}, **of_material(material), **in_span("at", span), **ends}
    return FACTS.page(unit, where, cursor, limit)
