"""Targets of regions and of the nation."""

from __future__ import annotations

from flask import Request

from services.regions import service, views
from services.regions.api.tables import listed
from services.regions.model import Progress, Target
from services.regions.schemas import (
    NationalTargetOut,
    TargetIn,
    TargetOut,
    TargetPatch,
    TargetsQuery,
    national_out,
)
from shared.auth import Caller, authorise
from shared.http import Answer, PageOut, Precondition, Routes, created
from shared.mongo import Page, Unit

routes = Routes("regions")


@routes.get("/v1/targets/national", "targets.list", PageOut[NationalTargetOut])
def read_national_targets() -> PageOut[NationalTargetOut]:
    """National targets and outcomes, each with its measure and source."""
    return national_out(views.national())


@routes.get("/v1/targets", "targets.list", PageOut[TargetOut])
def list_targets(unit: Unit, caller: Caller, request: Request, query: TargetsQuery) -> Answer:
    """Targets of regions, newest first, with their progress; CSV by Accept."""

    def page(cursor: str | None) -> Page[tuple[Target, Progress, bool]]:
        return views.list_targets(unit, caller, query.where(), cursor, query.limit)

    return listed(request, TargetOut, lambda one: TargetOut.of(*one), query.cursor, page)


@routes.post("/v1/targets", "targets.create", TargetOut, status=201)
def create_target(unit: Unit, caller: Caller, body: TargetIn) -> Answer:
    """Set what a region is to reach."""
    views.sight_of_body(unit, caller, body.region)
    target = service.create_target(unit, caller, body.terms())
    return created(f"/v1/targets/{target.id}", TargetOut.of(target, *views.progress_seen(unit, caller, target)))


@routes.get("/v1/targets/<target_id>", "targets.read", TargetOut)
def read_target(unit: Unit, caller: Caller, target_id: str) -> TargetOut:
    """A target and how far it is."""
    found = views.read_target(unit, caller, target_id)
    authorise(caller, "targets.read", {"visible"})
    return TargetOut.of(*found)


@routes.patch("/v1/targets/<target_id>", "targets.change", TargetOut)
def change_target(unit: Unit, caller: Caller, target_id: str, body: TargetPatch, match: Precondition) -> TargetOut:
    """Change a target, or withdraw it."""
    target = service.change_target(unit, caller, target_id, match.check, body.revise)
    return TargetOut.of(target, *views.progress_seen(unit, caller, target))
