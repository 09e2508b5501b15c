"""What is published to all, and the kilograms of a day or of a firm from which that is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from services.regions.ledger import SHANGHAI, Place, Span
from services.regions.ledger.publishing import DAY, days_within
from services.regions.model import MEASURES, ORIGIN_ONLY, SHOWN_TO_ALL, Fact, Grain, Published, PublishedDay, Side, day_of
from services.regions.store.conditions import at_place, in_span, of_firm, of_material, of_mode
from services.regions.store.state import of_present_form
from services.regions.store.volumes import FACTS, Wanted
from shared.mongo import Repository, Row, Sealed, Unit


class PublishedDocument(Sealed):
    meta = {"collection": "published", "indexes": [("from_place", "day"), ("to_place", "day")]}  # noqa: RUF012


class PublishedDayDocument(Sealed):
    meta = {"collection": "published_days", "indexes": ["recorded"]}  # noqa: RUF012


PUBLISHED = Repository(PublishedDocument, Published)
PUBLISHED_DAYS = Repository(PublishedDayDocument, PublishedDay)


def last_published(unit: Unit) -> PublishedDay | None:
    """The last day of telling that is published."""
    found = PUBLISHED_DAYS.select(unit, {}, [("recorded", -1)], 1)
    return found[0] if found else None


@of_present_form
def first_told(unit: Unit, since: datetime | None) -> datetime | None:
    """When the first fact was told, since then; None where there is none."""
    where = {} if since is None else {"recorded_at": {"$gte": since}}
    for one in FACTS.select(unit, where, [("recorded_at", 1)], 1):
        return one.recorded_at
    return None


@of_present_form
def grains_told(unit: Unit, day: datetime) -> tuple[list[Grain], int]:
    """What was told on the day in China that begins at `day`, and by how many facts."""
    group = {name: f"${name}" for name in ("grade", "region", "to_region", "seller_id", "buyer_id")}
    group["day"] = {"$dateTrunc": {"date": "$at", "unit": "day", "timezone": SHANGHAI}}  # type: ignore[assignment]
    sums: Row = {measure: {"$sum": f"$kg.{measure}"} for measure in SHOWN_TO_ALL}
    where = {**in_span("recorded_at", Span(day, day + DAY)), "waiting": False}
    pipeline: list[Row] = [{"$match": where}, {"$group": {"_id": group, "facts": {"$sum": 1}, **sums}}]
    found: list[Grain] = []
    facts = 0
    for row in unit.collection("facts").aggregate(pipeline, session=unit.session):
        key = row["_id"]
        ends = key["region"], key.get("to_region"), key.get("seller_id"), key.get("buyer_id")
        found.append(Grain(day, key["day"], key["grade"], *ends, {one: row[one] for one in SHOWN_TO_ALL if row[one]}))
        facts += row["facts"]
    return found, facts


def pieces(unit: Unit, places: Sequence[Place], side: Side | None, wanted: Wanted) -> list[Published]:
    """What is published of whole days of the span, with that end in one of the places (`side` None: either end), as of then."""
    first, last = days_within(wanted.span.start, wanted.span.end)
    where: Row = {**of_material(wanted.material), **in_span("day", Span(first, last))}
    if wanted.as_of is not None:
        where["recorded"] = {"$lte": wanted.as_of - DAY}
    fields = {"origin": ["from_place"], "destination": ["to_place"], None: ["from_place", "to_place"]}[side]
    ends = [{field: {"$regex": f"^{one}"}} for field in fields for place in places for one in place.within]
    names = ("version", "level", "recorded", "day", "grade", "from_place", "to_place", "kg", "withheld")
    rows = unit.collection("published").find({**where, "$or": ends}, session=unit.session)
    return [Published(row["_id"], *(row[name] for name in names)) for row in rows]


@of_present_form
def own_facts(
    unit: Unit, places: Sequence[Place], side: Side | None, wanted: Wanted, firm: str
) -> Iterator[tuple[Fact, Grain]]:
    """What a firm itself did there, as seller or buyer, each with its grain; of several places it may be more."""
    sides: tuple[Side, ...] = ("origin", "destination") if side is None else (side,)
    where: Row = {**of_material(wanted.material), **of_mode(wanted.mode), **in_span("at", wanted.span), "waiting": False}
    if wanted.as_of is not None:
        where["recorded_at"] = {"$lte": wanted.as_of}
    ends = [at_place(place, one) for place in places for one in sides]
    where["$and"] = [of_firm(firm), *([{"$or": ends}] if len(places) == 1 else [])]
    shown = [one for one in MEASURES if side != "destination" or one not in ORIGIN_ONLY]
    for one in FACTS.select(unit, where):
        assert one.region is not None and one.grade is not None  # they do not wait
        days = day_of(one.recorded_at), day_of(one.at)
        firms = one.to_region, one.seller_id, one.buyer_id
        yield (
            one,
            Grain(*days, one.grade, one.region, *firms, {measure: one.kg[measure] for measure in shown if one.kg.get(measure)}),
        )
