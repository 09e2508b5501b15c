"""The audit agrees with a market in which everything happened, and names each document that was altered (`protocol.md` 13)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import typer

import deploy.commands.audit as command
from deploy.audit.evidence import MARKS, UNSEALED, WORKERS
from deploy.audit.run import Verdict, audit, compare
from services.listings.views import KINDS, expected
from shared.mongo import Database, sealed
from shared.settings import ROOMS
from tests.fixtures.market import Market

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]
Row = dict[str, Any]

REBUILT = {
    # What comes and goes by itself or says nothing of goods and money, and prices of fewer firms than one is published of;
    # altering one breaks its seal all the same.
    "accounts": {"sessions", "refresh_tokens", "api_keys", "signing_keys"},
    "listings": {"saved_searches", "revisions", "allowance_turns"},
    "regions": {"watches"},
    "matching": {"materials", "reserves", "refused_pairs", "prices"},
}


def named(market: Market) -> set[tuple[str, str]]:
    """Place and id of what one pass names."""
    return {(one.place, one.id) for one in compare(market.settings, Verdict())}


@contextmanager
def altered(market: Market, room: str, collection: str, row: Row, instead: Row | None) -> Iterator[None]:
    """`row` is `instead`, or gone, while the block runs."""
    database = Database(market.settings, room)
    rows = database.mongo[collection]
    try:
        if instead is None:
            rows.delete_one({"_id": row["_id"]})
        else:
            rows.replace_one({"_id": row["_id"]}, instead)
        yield
    finally:
        rows.replace_one({"_id": row["_id"]}, row, upsert=True)
        database.close()


def collections(market: Market, room: str) -> dict[str, list[Row]]:
    """The documents of each collection that has any; but drafts, of which nothing outside the room tells."""
    database = Database(market.settings, room)
    names = sorted(set(database.mongo.list_collection_names()) - WORKERS)
    found = {name: list(database.mongo[name].find({"status": {"$ne": "draft"}})) for name in names}
    database.close()
    return {name: rows for name, rows in found.items() if rows}


def test_a_market_in_which_everything_happened_agrees(market: Market) -> None:
    verdict = audit(market.settings, lambda _: None, patience_s=30)
    assert verdict.differences == []
    assert verdict.in_flight == {}
    assert verdict.events > 100
    assert verdict.documents > verdict.events


@pytest.mark.parametrize("room", ROOMS)
def test_an_altered_document_of_any_collection_is_named(market: Market, room: str) -> None:
    """One in each collection; a seal is its document's own, so that each would be named alone."""
    touched: set[tuple[str, str]] = set()
    with ExitStack() as stack:
        for collection, rows in collections(market, room).items():
            row = rows[len(rows) // 2]
            other = {"data": row["data"] + " "} if collection == "outbox" else {"version": row.get("version", 1) + 7}
            stack.enter_context(altered(market, room, collection, row, row | other))
            touched.add((f"{room}.{collection}", str(row["_id"])))
        assert touched - named(market) == set()


@pytest.mark.parametrize("room", ROOMS)
def test_one_document_that_is_gone_is_named(market: Market, room: str) -> None:
    for collection, rows in collections(market, room).items():
        if collection in REBUILT.get(room, set()) or (collection in MARKS and collection != "inbox"):
            continue
        row = rows[len(rows) // 2]
        with altered(market, room, collection, row, None):
            places = {place for place, _ in named(market)}
            assert f"{room}.{collection}" in places, (collection, row)


FORGED = {
    "accounts.organisations": {"name": "someone else"},
    "accounts.sites": {"region": "110000"},
    "listings.lots": {"available_kg": 1},
    "listings.demands": {"consumed_kg": 1},
    "listings.reservations": {"remaining_kg": 1},
    "listings.attachment_files": {"sha256": "another"},
    "listings.recurrences": {"made": 7},
    "listings.counterparties": {"standing": "blocked"},
    "listings.known_allowance_rules": {"initial_kg": 1},
    "listings.known_allowances": {"allowed_kg": 1},
    "matching.blocks": {"blocked": True},
    "listings.known_parties": {"status": "suspended"},
    "listings.known_sites": {"name": "elsewhere"},
    "matching.book_lots": {"available_kg": 77},
    "matching.book_demands": {"open": None},
    "matching.proposals": {"surplus_fen": 1},
    "matching.tenders": {"price_fen_per_t": 1},
    "matching.agreements": {"month_kg": 1},
    "matching.call_offs": {"called_kg": 1},
    "matching.clearings": {"objective_fen": 1},
    "trading.trades": {"proposal_id": "another"},
    "logistics.shipments": {"net_kg": 1},
    "logistics.photo_files": {"sha256": "another"},
    "logistics.haulages": {"shipment_ids": []},
    "logistics.tickets": {"shipment_id": "another"},
    "regions.postings": {"entries": {"on_offer": -1, "reserved": 1}},
    "regions.lot_accounts": {"balance": {"published": -5, "on_offer": 5}},
    "regions.facts": {"kg": {"listed": 1}},
    "regions.cells": {"kg": {"listed": 1}},
    "regions.published": {"kg": {"received": 1}},
    "regions.published_days": {"facts": -1},
    "regions.reports": {"month": "2026-01"},
    "regions.report_files": {"sha256": "another"},
    "regions.known_listings": {"available_kg": 12345},
    "regions.known_trades": {"kg": 1},
    "regions.allowances": {"left_kg": 1},
    "regions.allowance_rules": {"status": "withdrawn"},
    "regions.rule_books": {"rules": []},
    "regions.forms": {"form": 0},
    "regions.watched_lots": {"on_site_kg": 1},
    "regions.demand_sites": {"site_id": "elsewhere"},
    "regions.site_activities": {"last_at": None},
    "regions.alarms": {"status": "cleared", "value": 1},
    "regions.alarm_rules": {"status": "paused"},
    "regions.known_clearings": {"bound_fen": 1},
}
"""Fields that whoever has the instance's secret could forge, seal and all: the other rooms and the topics still tell."""


@pytest.mark.parametrize("place", FORGED)
def test_a_forged_document_with_a_good_seal_is_named(market: Market, place: str) -> None:
    room, collection = place.split(".")
    row = collections(market, room)[collection][0]
    forged = sealed(
        {name: value for name, value in (row | FORGED[place]).items() if name != "seal"}, market.settings.secret_key
    )
    with altered(market, room, collection, row, forged):
        assert place in {where for where, _ in named(market)}


def test_a_document_made_behind_the_rooms_back_is_named(market: Market) -> None:
    for place in ("listings.lots", "trading.trades", "logistics.shipments", "regions.postings", "matching.proposals"):
        room, collection = place.split(".")
        row = collections(market, room)[collection][0]
        made = {name: value for name, value in row.items() if name != "seal"} | {"_id": "made-up", "proposal_id": "made-up"}
        database = Database(market.settings, room)
        database.mongo[collection].insert_one(sealed(made, market.settings.secret_key))
        try:
            assert (place, "made-up") in named(market)
        finally:
            database.mongo[collection].delete_one({"_id": "made-up"})
            database.close()


@pytest.mark.parametrize("kind", KINDS)
def test_the_index_is_held_against_listings(market: Market, kind: str) -> None:
    there = KINDS[kind].index(market.settings)
    there.refresh()
    identifier, version, source = next(iter(there.all()))
    place = f"index {there.alias}"
    write: dict[str, Any] = {"index": there.alias, "version_type": "external_gte", "refresh": True}
    try:
        for document, at in ((source | {"available_kg": 1}, version), (source, version + 1)):
            there.client.index(id=identifier, document=document, version=at, **write)
            assert (place, identifier) in named(market)
        there.client.index(id="made-up", document=source, version=1, **write)
        assert (place, "made-up") in named(market)
        there.client.delete(index=there.alias, id=identifier, refresh=True)
        assert (place, identifier) in named(market)
    finally:
        database = Database(market.settings, "listings")
        there.rebuild(expected(database.read(), KINDS[kind]))
        database.close()


def test_the_command_exits_with_1_and_names_it(
    market: Market, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "settings_of", lambda _: market.settings)
    row = collections(market, "listings")["lots"][0]
    with altered(market, "listings", "lots", row, row | {"quantity_kg": 1}), pytest.raises(typer.Exit) as refused:
        command.audit()
    assert refused.value.exit_code == 1
    assert row["_id"] in capsys.readouterr().out


def test_every_collection_is_sealed_but_two(market: Market) -> None:
    for room in ROOMS:
        for collection, rows in collections(market, room).items():
            assert collection in UNSEALED or all("seal" in row for row in rows)
