"""A family's turn to be cleared: what makes it due, and what stops a clearing in progress."""

from __future__ import annotations

from services.matching.model import BookDemand, BookLot, Material
from services.matching.store import MATERIALS
from shared.mongo import Unit


def touch(unit: Unit, family: str, arrived: BookLot | BookDemand | None = None) -> None:
    """Something of the family changed that may make a new match; `arrived` may be traded at once."""
    material = MATERIALS.find(unit, family) or Material(family)
    material.changes += 1
    if arrived is not None and arrived.auto_accept and arrived.id not in material.arrived:
        material.arrived.append(arrived.id)
    MATERIALS.save(unit, material)


def interrupt(unit: Unit, family: str) -> None:
    """Something was taken off the market: a clearing that has read it already must not propose it."""
    material = MATERIALS.find(unit, family) or Material(family)
    material.interrupt()
    MATERIALS.save(unit, material)
