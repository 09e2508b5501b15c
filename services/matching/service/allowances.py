"""以渣定产 in the clearings: what lots under a producer's allowance may still promise.

Regions says what is allowed; what of it is promised this room counts itself, since it made the proposals: told by regions, it
would be known too late for the next clearing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.matching.model import Allowance, BookLot
from services.matching.service.turns import interrupt, touch
from services.matching.store import ALLOWANCES, allowances_of, lots_listed_by, unanswered
from shared.catalogue import family_of
from shared.events.regions import AllowanceChanged
from shared.mongo import Unit


@dataclass(frozen=True)
class Room:
    """What is left of allowances, kilograms by name, and the name by lot."""

    kg: Mapping[str, int]
    of_lot: Mapping[str, str]


def hear(unit: Unit, event: AllowanceChanged) -> None:
    """An allowance as it is now. A clearing in progress has read the old one."""
    known = ALLOWANCES.find(unit, event.id)
    if known is not None and known.version >= event.version:
        return
    standing = event.status == "standing"
    place = event.organisation_id, event.region, event.material, event.start, event.end
    ALLOWANCES.save(unit, Allowance(event.id, event.version, *place, event.allowed_kg, standing))
    family = family_of(event.material)
    interrupt(unit, family)
    touch(unit, family)


def room_of(unit: Unit, family: str, lots: Iterable[BookLot]) -> Room:
    """What is left for these lots. Where allowances overlap, all that are under any of them get the least
    that is left: less than there may be, never more."""
    lots = list(lots)
    groups = _groups(allowances_of(unit, {lot.organisation_id for lot in lots}), lots)
    if not groups:
        return Room({}, {})
    sellers = {one.organisation_id for group in groups for one in group}
    known = lots_listed_by(unit, family, sellers)
    asked: dict[str, int] = {}
    for proposal in unanswered(unit, family):
        asked[proposal.terms.lot_id] = asked.get(proposal.terms.lot_id, 0) + proposal.terms.kg
    left = {
        one.id: max(0, one.allowed_kg - sum(lot.promised_kg + asked.get(lot.id, 0) for lot in known if one.covers(lot)))
        for group in groups
        for one in group
    }
    names = {one.id: group[0].id for group in groups for one in group}
    return Room(
        {group[0].id: min(left[one.id] for one in group) for group in groups},
        {lot.id: names[one.id] for lot in lots for group in groups for one in group if one.covers(lot)},
    )


def _groups(allowances: list[Allowance], lots: list[BookLot]) -> list[list[Allowance]]:
    """Those that cover any of the lots; together where a lot is under several."""
    groups: list[list[Allowance]] = []
    for lot in lots:
        mine = [one for one in allowances if one.covers(lot)]
        touched = [group for group in groups if any(one in group for one in mine)]
        new = [one for one in mine if all(one not in group for group in touched)]
        if touched or new:
            groups = [group for group in groups if group not in touched]
            groups.append([*(one for group in touched for one in group), *new])
    return groups


def left_kg(unit: Unit, lot: BookLot) -> int | None:
    """What may still be promised of a lot by its allowance; None where it is under none."""
    room = room_of(unit, lot.family, [lot])
    return room.kg[room.of_lot[lot.id]] if lot.id in room.of_lot else None


def promise(unit: Unit, lot: BookLot) -> None:
    """Something of the lot is promised outside the clearings: two at once, or one beside a clearing, must not each
    take what is left of an allowance. They meet in the family's turn."""
    if left_kg(unit, lot) is not None:
        interrupt(unit, lot.family)
