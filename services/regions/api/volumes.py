"""Regions, their volumes, flows and balances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Request
from pydantic import BaseModel

from services.regions import views
from services.regions.schemas import (
    BalanceOut,
    BalanceQuery,
    EntriesQuery,
    EntryOut,
    FlowOut,
    FlowsQuery,
    RegionOut,
    RegionsQuery,
    RevisionOut,
    RevisionsQuery,
    VolumeOut,
    VolumesQuery,
    csv_of,
    regions_out,
)
from shared.auth import Caller, authorise
from shared.http import Answer, PageOut, Routes, page_of
from shared.mongo import Unit

routes = Routes("regions")


def _table(request: Request, items: Sequence[BaseModel], shape: type[BaseModel]) -> Answer:
    """The whole table as JSON, or as CSV where the caller prefers it."""
    accepted = request.accept_mimetypes
    headers: dict[str, str] = {"Vary": "Accept"}
    if accepted.best_match(["application/json", "text/csv"]) == "text/csv":
        return Answer(csv_of(items, shape), 200, headers | {"Content-Type": "text/csv; charset=utf-8"})
    return Answer(PageOut[Any](items=list(items)), 200, headers)


@routes.get("/v1/regions", "regions.read", PageOut[RegionOut])
def list_regions(unit: Unit, query: RegionsQuery) -> PageOut[RegionOut]:
    """Provinces, or what lies below `parent`; areas of policy; parks."""
    return regions_out(*views.list_regions(unit, query.parent, query.kind, query.after(), query.limit))


@routes.get("/v1/regions/<code>", "regions.read", RegionOut)
def read_region(unit: Unit, caller: Caller, code: str) -> RegionOut:
    """A region of GB/T 2260, an area of policy, or a park."""
    authorise(caller, "regions.read", {"visible"})
    return RegionOut.of(views.known_region(unit, code))


@routes.get("/v1/regions/<code>/volumes", "volumes.read", PageOut[VolumeOut])
def read_volumes(unit: Unit, caller: Caller, request: Request, query: VolumesQuery, code: str) -> Answer:
    """Volumes of a region by side, period and grade; CSV by Accept."""
    authorise(caller, "volumes.read", {"visible"})
    items = [VolumeOut.of(row) for row in views.volumes(unit, code, query.asked())]
    return _table(request, items, VolumeOut)


@routes.get("/v1/regions/<code>/flows", "volumes.read", PageOut[FlowOut])
def read_flows(unit: Unit, caller: Caller, request: Request, query: FlowsQuery, code: str) -> Answer:
    """What was received from and in a region; CSV by Accept."""
    authorise(caller, "volumes.read", {"visible"})
    items = [FlowOut.of(flow) for flow in views.flows(unit, code, query.asked())]
    return _table(request, items, FlowOut)


@routes.get("/v1/regions/<code>/balance", "volumes.read", BalanceOut)
def read_balance(unit: Unit, caller: Caller, query: BalanceQuery, code: str) -> BalanceOut:
    """The mass ledger of a region's lots, by account."""
    authorise(caller, "volumes.read", {"visible"})
    as_of = query.moment()
    return BalanceOut.of(code, views.balance(unit, code, query.material, as_of), as_of)


@routes.get("/v1/regions/<code>/entries", "ledger.read", PageOut[EntryOut])
def list_entries(unit: Unit, caller: Caller, query: EntriesQuery, code: str) -> PageOut[EntryOut]:
    """The postings behind a region's balance, newest first, with the event and the ticket behind each."""
    views.known_region(unit, code)
    authorise(caller, "ledger.read", {"visible"})
    page = views.entries(unit, code, query.where(), query.account, query.cursor, query.limit)
    return page_of(page, EntryOut.of)


@routes.get("/v1/regions/<code>/revisions", "ledger.read", PageOut[RevisionOut])
def list_revisions(unit: Unit, caller: Caller, query: RevisionsQuery, code: str) -> PageOut[RevisionOut]:
    """What changed days of the region that were over, newest first, each with its reason."""
    views.known_region(unit, code)
    authorise(caller, "ledger.read", {"visible"})
    return page_of(views.revisions(unit, code, query.asked(), query.cursor, query.limit), RevisionOut.of)
