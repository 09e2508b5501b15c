"""Targets of regions and of the nation."""

from __future__ import annotations

from services.regions import service, views
from services.regions.schemas import (
    NationalTargetOut,
    TargetIn,
    TargetOut,
    TargetPatch,
    TargetsQuery,
    national_out,
)
from shared.auth import Caller, authorise
from shared.http import Answer, PageOut, Precondition, Routes, created, page_of
from shared.mongo import Unit

routes = Routes("regions")


@routes.get("/v1/targets/national", "targets.list", PageOut[NationalTargetOut])
def read_national_targets() -> PageOut[NationalTargetOut]:
    """National targets and outcomes, each with its measure and source."""
    return national_out(views.national())


@routes.get("/v1/targets", "targets.list", PageOut[TargetOut])
def list_targets(unit: Unit, query: TargetsQuery) -> PageOut[TargetOut]:
    """Targets of regions, newest first, with their progress."""
    return page_of(views.list_targets(unit, query.where(), query.cursor, query.limit), lambda one: TargetOut.of(*one))


@routes.post("/v1/targets", "targets.create", TargetOut, status=201)
def create_target(unit: Unit, caller: Caller, body: TargetIn) -> Answer:
    """Set what a region is to reach."""
    target = service.create_target(unit, caller, body.terms())
    return created(f"/v1/targets/{target.id}", TargetOut.of(target, views.progress(unit, target)))


@routes.get("/v1/targets/<target_id>", "targets.read", TargetOut)
def read_target(unit: Unit, caller: Caller, target_id: str) -> TargetOut:
    """A target and how far it is."""
    found = views.read_target(unit, target_id)
    authorise(caller, "targets.read", {"visible"})
    return TargetOut.of(*found)


@routes.patch("/v1/targets/<target_id>", "targets.change", TargetOut)
def change_target(unit: Unit, caller: Caller, target_id: str, body: TargetPatch, match: Precondition) -> TargetOut:
    """Change a target, or withdraw it."""
    target = service.change_target(unit, caller, target_id, match.check, body.revise)
    return TargetOut.of(target, views.progress(unit, target))
