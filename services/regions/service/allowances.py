"""Allowances: rules set by operators or kept by policy, and what lots and loads add under them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

from services.regions.model.allowances import (
    Allowance,
    AllowanceRule,
    AllowanceTerms,
    Counted,
    RuleBook,
    Standing,
    allowance_id,
)
from services.regions.store.allowances import (
    ALLOWANCE_RULES,
    ALLOWANCES,
    RULE_BOOKS,
    allowances_of,
    book_of,
    counted_under,
)
from shared.auth import Caller, authorise
from shared.clock import SHANGHAI
from shared.ids import new_id
from shared.mongo import Database, Unit
from shared.tables import read_table


def create_allowance_rule(unit: Unit, caller: Caller, terms: AllowanceTerms) -> AllowanceRule:
    """What was listed and used in its time before counts as well."""
    authorise(caller, "allowance_rules.create")
    rule = AllowanceRule(new_id(), 1, terms, unit.now, unit.now)
    _stand(unit, rule)
    unit.emit(*rule.told())
    return rule


def change_allowance_rule(
    unit: Unit,
    caller: Caller,
    rule_id: str,
    check: Callable[[int], None],
    revise: Callable[[AllowanceRule], tuple[AllowanceTerms, Standing]],
) -> AllowanceRule:
    """Raises NotFound, VersionIsStale, InputIsInvalid."""
    rule = ALLOWANCE_RULES.get(unit, rule_id)
    authorise(caller, "allowance_rules.change", {"visible"})
    check(rule.version)
    told = rule.change(*revise(rule), unit.now)
    if told:
        _stand(unit, rule)
        unit.emit(*told)
    return rule


def keep_policy(database: Database) -> None:
    """The timer: the rules of the data file are there; what an operator made of one since stays."""
    rows = {row["id"]: row for row in read_table("services.regions", "allowance_rules.csv")}
    if len(ALLOWANCE_RULES.many(database.read(), rows)) < len(rows):
        database.write(lambda unit: _keep_all(unit, rows))


def _keep_all(unit: Unit, rows: Mapping[str, dict[str, str]]) -> None:
    for identifier, row in rows.items():
        _keep(unit, identifier, row)


def _keep(unit: Unit, identifier: str, row: dict[str, str]) -> None:
    if ALLOWANCE_RULES.find(unit, identifier) is not None:
        return
    terms = AllowanceTerms(
        region=row["region"],
        material=row["material"],
        ratio_bp=int(row["ratio_bp"]),
        initial_kg=int(row["initial_kg"]),
        period="month" if row["period"] == "month" else "year",
        start=datetime.fromisoformat(row["start"]).replace(tzinfo=SHANGHAI),
        end=None,
        source=row["source"],
    )
    rule = AllowanceRule(identifier, 1, terms, unit.now, unit.now)
    _stand(unit, rule)
    unit.emit(*rule.told())


def _stand(unit: Unit, rule: AllowanceRule) -> None:
    """Keep it, and reckon every allowance of it anew from all that counts under it."""
    ALLOWANCE_RULES.save(unit, rule)
    book = book_of(unit)
    book.put(rule)
    RULE_BOOKS.save(unit, book)
    known = {one.id: one for one in allowances_of(unit, rule.id)}
    for allowance in known.values():
        allowance.verified_kg = allowance.used_kg = allowance.promised_kg = 0
    for counted in counted_under(unit, rule.terms):
        if (found := _allowance(unit, rule, counted)) is not None:
            known[found.id] = found
            found.add(counted, 1)
    for allowance in known.values():
        _tell(unit, rule, allowance)


def count(unit: Unit, before: Counted | None, after: Counted | None) -> None:
    """Under every rule that covers it, `after` takes the place of `before`."""
    if before == after:
        return
    book = book_of(unit)
    touched: dict[str, tuple[AllowanceRule, Allowance]] = {}
    sides: tuple[tuple[Counted | None, Literal[1, -1]], ...] = ((before, -1), (after, 1))
    for counted, times in sides:
        if counted is None:
            continue
        for rule in book.rules:
            allowance = _allowance(unit, rule, counted) if rule.covers(counted.region, counted.grade) else None
            if allowance is not None:
                allowance.add(counted, times)
                touched[allowance.id] = (rule, allowance)
    for rule, allowance in touched.values():
        _tell(unit, rule, allowance)
    _hold(unit, book)


def _hold(unit: Unit, book: RuleBook) -> None:
    """No rule may be set in the meantime that does not see what was counted here."""
    book.version += 1
    RULE_BOOKS.save(unit, book)


def _allowance(unit: Unit, rule: AllowanceRule, counted: Counted) -> Allowance | None:
    period = rule.terms.period_at(counted.at)
    if period is None:
        return None
    identifier = allowance_id(rule.id, counted.organisation_id, period.name)
    found = ALLOWANCES.find(unit, identifier)
    if found is None:
        found = Allowance.of(rule, counted.organisation_id, period, unit.now)
        ALLOWANCES.save(unit, found)
    return found


def _tell(unit: Unit, rule: AllowanceRule, allowance: Allowance) -> None:
    allowance.reckon(rule, unit.now)
    ALLOWANCES.save(unit, allowance)
    unit.emit(allowance.told())
