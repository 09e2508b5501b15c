"""Rules of allowances, what they allow whom, and the loads that count as use."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from services.regions.model.allowances import Allowance, AllowanceRule, AllowanceTerms, Counted, RuleBook, Use
from services.regions.store.watched import WATCHED_LOTS
from shared import geo
from shared.mongo import Repository, Row, Sealed, Unit


class AllowanceRuleDocument(Sealed):
    meta = {"collection": "allowance_rules", "indexes": [("terms.region", "id")]}  # noqa: RUF012


class RuleBookDocument(Sealed):
    meta = {"collection": "rule_books", "indexes": []}  # noqa: RUF012


class AllowanceDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "allowances",
        "indexes": [("organisation_id", "id"), ("region", "id"), ("rule_id", "id")],
    }


class UseDocument(Sealed):
    meta = {"collection": "uses", "indexes": [("grade", "at")]}  # noqa: RUF012


ALLOWANCE_RULES = Repository(AllowanceRuleDocument, AllowanceRule)
RULE_BOOKS = Repository(RuleBookDocument, RuleBook)
ALLOWANCES = Repository(AllowanceDocument, Allowance)
USES = Repository(UseDocument, Use)


def book_of(unit: Unit) -> RuleBook:
    """The rules that stand. Whoever counts by them saves it too."""
    return RULE_BOOKS.find(unit, RuleBook.id) or RuleBook()


def counted_under(unit: Unit, terms: AllowanceTerms) -> Iterator[Counted]:
    """Everything that counts under a rule with these terms: loads received and lots listed in its time."""
    where: Row = {"grade": terms.material, "region": {"$regex": f"^{geo.prefix(terms.region)}"}}
    for use in _each(unit, USES.name, {**where, "at": _within(terms)}):
        yield USES.load(use).counted()
    for row in _each(unit, WATCHED_LOTS.name, {**where, "new": True, "published_at": _within(terms)}):
        counted = WATCHED_LOTS.load(row).counted()
        if counted is not None:
            yield counted


def _within(terms: AllowanceTerms) -> dict[str, datetime]:
    return {"$gte": terms.start} | ({} if terms.end is None else {"$lt": terms.end})


def _each(unit: Unit, collection: str, where: Row) -> Iterator[Row]:
    yield from unit.collection(collection).find(where, session=unit.session, batch_size=1000)


def allowances_of(unit: Unit, rule_id: str) -> list[Allowance]:
    return ALLOWANCES.select(unit, {"rule_id": rule_id})


def standing_allowances(unit: Unit, region: str, material: str | None, now: datetime) -> list[Allowance]:
    """Those of the periods in which `now` lies, of rules for the region, what lies in it, and what it lies in."""
    related = [{"region": {"$regex": f"^{geo.prefix(region)}"}}, {"region": {"$in": list(geo.ancestors(region))}}]
    where: dict[str, Any] = {"$or": related, "status": "standing"}
    where |= {"start": {"$lte": now}, "end": {"$gt": now}}
    return ALLOWANCES.select(unit, where | ({"material": material} if material else {}))


DOCUMENTS: tuple[type[Sealed], ...] = (AllowanceRuleDocument, RuleBookDocument, AllowanceDocument, UseDocument)
