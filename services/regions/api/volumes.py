"""Regions, their volumes, flows and balances."""

from __future__ import annotations

from flask import Request

from services.regions import views
from services.regions.api.tables import VARY, csv_answer, listed, wants_csv
from services.regions.model import Fact, Posting
from services.regions.schemas import (
    BalanceOut,
    BalanceQuery,
    EntriesQuery,
    EntryOut,
    FlowOut,
    FlowsOut,
    FlowsQuery,
    MaterialAccountsOut,
    PartOut,
    PartsQuery,
    RegionOut,
    RegionsQuery,
    RevisionOut,
    RevisionsQuery,
    VolumeOut,
    VolumesOut,
    VolumesQuery,
    regions_out,
    volumes_out,
)
from shared.auth import Caller, authorise
from shared.http import Answer, PageOut, Routes
from shared.mongo import Page, Unit

routes = Routes("regions")


@routes.get("/v1/regions", "regions.read", PageOut[RegionOut])
def list_regions(unit: Unit, query: RegionsQuery) -> PageOut[RegionOut]:
    """Provinces, or what lies below `parent`; areas of policy; parks."""
    return regions_out(*views.list_regions(unit, query.parent, query.kind, query.after(), query.limit))


@routes.get("/v1/regions/parts", "volumes.read", PageOut[PartOut])
def read_parts(unit: Unit, caller: Caller, request: Request, query: PartsQuery) -> Answer:
    """What each province, or each part of `parent`, counted in the whole of a time; CSV by Accept."""
    items = [PartOut.of(*part) for part in views.parts_seen(unit, caller, query.parent, query.kind, query.asked())]
    if wants_csv(request):
        return csv_answer(items, PartOut, any(one.withheld for one in items))
    return Answer(PageOut[PartOut](items=items), 200, VARY)


@routes.get("/v1/regions/<code>", "regions.read", RegionOut)
def read_region(unit: Unit, caller: Caller, code: str) -> RegionOut:
    """A region of GB/T 2260, an area of policy, or a park."""
    authorise(caller, "regions.read", {"visible"})
    return RegionOut.of(views.known_region(unit, code))


@routes.get("/v1/regions/<code>/volumes", "volumes.read", VolumesOut)
def read_volumes(unit: Unit, caller: Caller, request: Request, query: VolumesQuery, code: str) -> Answer:
    """Volumes of a region by side, period and grade; CSV by Accept."""
    authorise(caller, "volumes.read", {"visible"})
    views.check_kept(unit, query.asked())
    seen = views.volumes_seen(unit, code, views.sight_of(unit, caller, code), query.asked())
    if wants_csv(request):
        return csv_answer([VolumeOut.of(row) for row in seen.rows], VolumeOut, seen.withheld)
    return Answer(volumes_out(seen.rows, seen.withheld), 200, VARY)


@routes.get("/v1/regions/<code>/flows", "volumes.read", FlowsOut)
def read_flows(unit: Unit, caller: Caller, request: Request, query: FlowsQuery, code: str) -> Answer:
    """What was received from and in a region; CSV by Accept."""
    authorise(caller, "volumes.read", {"visible"})
    seen = views.flows_seen(unit, code, views.sight_of(unit, caller, code), query.asked())
    items = [FlowOut.of(flow) for flow in seen.rows]
    if wants_csv(request):
        return csv_answer(items, FlowOut, seen.withheld)
    return Answer(FlowsOut(items=items, withheld=seen.withheld), 200, VARY)


@routes.get("/v1/regions/<code>/balance", "volumes.read", BalanceOut)
def read_balance(unit: Unit, caller: Caller, request: Request, query: BalanceQuery, code: str) -> Answer:
    """The mass ledger of a region's lots, by account; CSV by Accept."""
    authorise(caller, "volumes.read", {"visible"})
    as_of, sight = query.moment(), views.sight_of(unit, caller, code)
    rows = views.balance(unit, code, query.material, as_of, None if sight.whole else sight.firm)
    found = BalanceOut.of(code, rows, as_of, not sight.whole)
    if wants_csv(request):
        return csv_answer(found.items, MaterialAccountsOut, found.withheld)
    return Answer(found, 200, VARY)


@routes.get("/v1/regions/<code>/entries", "ledger.read", PageOut[EntryOut])
def list_entries(unit: Unit, caller: Caller, request: Request, query: EntriesQuery, code: str) -> Answer:
    """The postings behind a region's balance, newest first, with the event and the ticket behind each; CSV by Accept."""
    whose = views.sight_of(unit, caller, code).lots()
    authorise(caller, "ledger.read", {"visible"})

    def page(cursor: str | None) -> Page[Posting]:
        return views.entries(unit, code, query.where(), query.account, cursor, query.limit, whose)

    return listed(request, EntryOut, EntryOut.of, query.cursor, page)


@routes.get("/v1/regions/<code>/revisions", "ledger.read", PageOut[RevisionOut])
def list_revisions(unit: Unit, caller: Caller, request: Request, query: RevisionsQuery, code: str) -> Answer:
    """What changed days of the region that were over, newest first, each with its reason; CSV by Accept."""
    whose = views.sight_of(unit, caller, code).own()
    authorise(caller, "ledger.read", {"visible"})

    def page(cursor: str | None) -> Page[Fact]:
        return views.revisions(unit, code, query.asked(), cursor, query.limit, whose)

    return listed(request, RevisionOut, RevisionOut.of, query.cursor, page)
