"""Everything one owns, read a batch at a time while it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from services.listings.model import Demand, Import, Lot, RejectedRow
from services.listings.store import DEMANDS, LOTS, declared, each, rejected
from services.listings.views.listed import own, read_import
from shared import catalogue, parties
from shared.auth import Caller
from shared.mongo import Unit
from shared.problem import WrongState


@dataclass(frozen=True)
class LotsExport:
    """`attributes` are those that any of the lots declares, in the catalogue's order; `reader_id` is whose export it is."""

    reader_id: str
    attributes: list[str]
    lots: Iterator[Lot]
    site_name: Callable[[str], str | None]


@dataclass(frozen=True)
class DemandsExport:
    """Demands and the names of their sites."""

    demands: Iterator[Demand]
    site_name: Callable[[str], str | None]


def export_lots(unit: Unit, caller: Caller, where: dict[str, Any]) -> LotsExport:
    """The caller's own, newest first; an operator's are everybody's."""
    mine = own(caller, "seller_id", where)
    found = declared(unit, mine)
    attributes = [one.name for one in catalogue.attributes() if one.name in found]
    return LotsExport(caller.organisation_id, attributes, each(unit, LOTS, mine), _site_names(unit))


def export_demands(unit: Unit, caller: Caller, where: dict[str, Any]) -> DemandsExport:
    """The caller's own, newest first; an operator's are everybody's."""
    return DemandsExport(each(unit, DEMANDS, own(caller, "buyer_id", where)), _site_names(unit))


def export_rejected(unit: Unit, caller: Caller, import_id: str) -> tuple[Import, Iterator[RejectedRow]]:
    """The rows rejected so far. Raises NotFound; WrongState where the file has not been read, or could not be."""
    imported = read_import(unit, caller, import_id)
    if imported.rows_total is None:
        raise WrongState(
            zh="文件尚未读完，或无法读取，没有被拒绝的行",
            en="The file is not read yet, or could not be; it has no rejected rows",
        )
    return imported, rejected(unit, import_id)


def _site_names(unit: Unit) -> Callable[[str], str | None]:
    @cache
    def name(site_id: str) -> str | None:
        site = parties.SITES.find(unit, site_id)
        return site.name if site else None

    return name
