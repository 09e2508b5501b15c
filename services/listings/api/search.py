"""Searching, and the searches one keeps."""

from __future__ import annotations

from services.listings import service, views
from services.listings.schemas import (
    FoundDemands,
    FoundLots,
    LotSearchQuery,
    SavedSearchesQuery,
    SavedSearchIn,
    SavedSearchOut,
    SavedSearchPatch,
    SearchQuery,
    SuggestionOut,
    SuggestOut,
    SuggestQuery,
)
from shared.auth import Caller
from shared.http import Answer, PageOut, Precondition, Routes, created, page_of
from shared.mongo import Unit

routes = Routes("listings")


@routes.get("/v1/search/lots", "search.read", FoundLots)
def search_lots(unit: Unit, caller: Caller, query: LotSearchQuery) -> FoundLots:
    """Search open lots."""
    to = views.destination(unit, caller, query.to_site) if query.to_site else query.to
    found = views.search(unit, caller, "lots", query.criteria(to), query.cursor, query.limit, query.explain)
    return FoundLots.of(found)


@routes.get("/v1/search/demands", "search.read", FoundDemands)
def search_demands(unit: Unit, caller: Caller, query: SearchQuery) -> FoundDemands:
    """Search open demands."""
    found = views.search(unit, caller, "demands", query.criteria(), query.cursor, query.limit, query.explain)
    return FoundDemands.of(found)


@routes.get("/v1/search/suggest", "search.read", SuggestOut)
def suggest(query: SuggestQuery) -> SuggestOut:
    """Type-ahead over materials, grades and places."""
    found = views.suggest(query.q, query.limit)
    items = [
        SuggestionOut(kind=one.kind, value=one.value, name_zh=one.name_zh, name_en=one.name_en, text=one.text) for one in found
    ]
    return SuggestOut(items=items)


@routes.post("/v1/saved-searches", "saved_searches.create", SavedSearchOut, status=201)
def create_saved_search(unit: Unit, caller: Caller, body: SavedSearchIn) -> Answer:
    """Keep a search, and say how to hear of what newly fits it."""
    saved = service.create_saved_search(unit, caller, body.kind, body.draft())
    return created(f"/v1/saved-searches/{saved.id}", SavedSearchOut.of(saved))


@routes.get("/v1/saved-searches", "saved_searches.list", PageOut[SavedSearchOut])
def list_saved_searches(unit: Unit, caller: Caller, query: SavedSearchesQuery) -> PageOut[SavedSearchOut]:
    """List one's own saved searches."""
    return page_of(views.list_saved_searches(unit, caller, query.where(), query.cursor, query.limit), SavedSearchOut.of)


@routes.get("/v1/saved-searches/<search_id>", "saved_searches.read", SavedSearchOut)
def read_saved_search(unit: Unit, caller: Caller, search_id: str) -> SavedSearchOut:
    """Read a saved search."""
    return SavedSearchOut.of(views.read_saved_search(unit, caller, search_id))


@routes.patch("/v1/saved-searches/<search_id>", "saved_searches.change", SavedSearchOut)
def change_saved_search(
    unit: Unit, caller: Caller, search_id: str, body: SavedSearchPatch, match: Precondition
) -> SavedSearchOut:
    """Change a saved search."""
    return SavedSearchOut.of(service.change_saved_search(unit, caller, search_id, match.check, body.revise))


@routes.delete("/v1/saved-searches/<search_id>", "saved_searches.delete")
def delete_saved_search(unit: Unit, caller: Caller, search_id: str) -> Answer:
    """Delete a saved search."""
    service.delete_saved_search(unit, caller, search_id)
    return Answer(None, 204)
