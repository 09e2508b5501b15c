"""An audit that goes on all day: each round names what differs since the last, having read only what was written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from deploy.audit.evidence import MARKS
from deploy.audit.rounds import IN_ROUNDS, WHOLE_ONLY, Rounds
from deploy.audit.run import CHECKS
from deploy.commands.audit import audit as command
from services.listings.views import KINDS, expected
from shared.mongo import ChangesAreLost, Database, sealed
from shared.settings import ROOMS
from tests.fixtures.market import Market, until
from tests.integration.audit.test_audit import FORGED, REBUILT, altered, collections

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]
FOR_THE_WHOLE = {"regions.published", "regions.published_days", "regions.site_activities"}
"""Places whose forged documents only a whole audit finds."""


@pytest.fixture(scope="module")
def rounds(market: Market) -> Iterator[Rounds]:
    rounds = Rounds(market.settings)
    verdict = rounds.whole(patience_s=30)
    assert verdict.differences == []
    yield rounds
    rounds.close()


def named(rounds: Rounds) -> set[tuple[str, str]]:
    """Place and id of what the next round names, at its first look."""
    return {(one.place, one.id) for one in rounds.round(patience_s=0).differences}


def test_a_round_in_which_nothing_was_written_reads_nothing(rounds: Rounds) -> None:
    rounds.round(patience_s=10)
    verdict = rounds.round(patience_s=10)
    assert (verdict.differences, verdict.events, verdict.documents) == ([], 0, 0)
    assert verdict.processor_seconds < 1


@pytest.mark.parametrize("room", ROOMS)
def test_a_document_altered_between_rounds_is_named_by_the_next(market: Market, rounds: Rounds, room: str) -> None:
    touched: set[tuple[str, str]] = set()
    with ExitStack() as stack:
        for collection, rows in collections(market, room).items():
            row = rows[len(rows) // 2]
            other = {"data": row["data"] + " "} if collection == "outbox" else {"version": row.get("version", 1) + 7}
            stack.enter_context(altered(market, room, collection, row, row | other))
            touched.add((f"{room}.{collection}", str(row["_id"])))
        assert touched - named(rounds) == set()
        assert touched - named(rounds) == set(), "it stands as long as it differs"
    assert named(rounds) == set()


@pytest.mark.parametrize("place", FORGED)
def test_a_document_forged_between_rounds_with_a_good_seal_is_named_by_the_next(
    market: Market, rounds: Rounds, place: str
) -> None:
    room, collection = place.split(".")
    row = collections(market, room)[collection][0]
    forged = {name: value for name, value in (row | FORGED[place]).items() if name != "seal"}
    with altered(market, room, collection, row, sealed(forged, market.settings.secret_key)):
        found = {where for where, _ in named(rounds)}  # what was put back before is over
        assert (place in found) == (place not in FOR_THE_WHOLE)


@pytest.mark.parametrize("room", ROOMS)
def test_a_document_that_went_between_rounds_is_named_by_the_next(market: Market, rounds: Rounds, room: str) -> None:
    """One of each collection, not those of the same lot or organisation: what is gone altogether is missed by nobody."""
    gone: set[str] = set()
    with ExitStack() as stack:
        for number, (collection, rows) in enumerate(collections(market, room).items()):
            if collection in REBUILT.get(room, set()) or (collection in MARKS and collection != "inbox"):
                continue
            if f"{room}.{collection}" not in FOR_THE_WHOLE:
                stack.enter_context(altered(market, room, collection, rows[(len(rows) // 2 + number) % len(rows)], None))
                gone.add(f"{room}.{collection}")
        assert gone - {place for place, _ in named(rounds)} == set()
    assert named(rounds) == set()


def test_what_happens_between_rounds_is_read_alone(market: Market, rounds: Rounds) -> None:
    market.lot("seller", _yard(market), 11, grade="steel.light", ask_cny_per_t=9000)
    verdict = rounds.round(patience_s=30)
    assert verdict.differences == []
    assert 0 < verdict.events < 20
    assert 0 < verdict.documents < 200
    assert verdict.checks.keys() == IN_ROUNDS


def test_the_index_is_held_against_what_was_written(market: Market, rounds: Rounds) -> None:
    lot = market.lot("seller", _yard(market), 12, grade="steel.light", ask_cny_per_t=9000)
    there = KINDS["lots"].index(market.settings)
    [(_, version, source)] = until(lambda: list(there.some([lot])), "the lot in the index")
    rounds.round(patience_s=30)
    place = f"index {there.alias}"
    try:
        newer = {"version": version + 50, "version_type": "external", "refresh": True}
        there.client.index(index=there.alias, id=lot, document=source | {"available_kg": 1}, **newer)
        assert (place, lot) not in named(rounds), "its lot was not written"
        market.call("seller", "PATCH", f"/v1/lots/{lot}", {"title": "改了标题"})
        assert (place, lot) in {(one.place, one.id) for one in rounds.round(patience_s=5).differences}
    finally:
        database = Database(market.settings, "listings")
        there.rebuild(expected(database.read(), KINDS["lots"]))
        database.close()
    assert named(rounds) == set()


def _yard(market: Market) -> str:
    found: str = market.listed("seller", "/v1/lots")[0]["site_id"]
    return found


def test_what_can_not_be_followed_is_said(market: Market, rounds: Rounds) -> None:
    database = Database(market.settings, "regions")
    database.mongo["passing"].insert_one({"_id": "one"})
    database.mongo["passing"].drop()
    database.close()
    with pytest.raises(ChangesAreLost):
        rounds.round()
    assert rounds.whole(patience_s=30).differences == []
    assert named(rounds) == set()


def test_a_difference_that_a_whole_audit_named_is_over_once_it_is_mended(market: Market, rounds: Rounds) -> None:
    rows = collections(market, "regions")
    one, other = rows["cells"][0], rows["published_days"][0]
    with (
        altered(market, "regions", "cells", one, one | {"kg": {}}),
        altered(market, "regions", "published_days", other, other | {"facts": -1}),
    ):
        touched = {("regions.cells", one["_id"]), ("regions.published_days", other["_id"])}
        assert touched <= {(found.place, found.id) for found in rounds.whole(patience_s=0).differences}
        assert touched <= named(rounds)
    assert named(rounds) == set()


def test_every_check_is_made_in_rounds_or_said_to_be_the_wholes() -> None:
    assert {"published", "sites' activity"} == WHOLE_ONLY
    assert CHECKS.keys() >= IN_ROUNDS
    assert "published" in str(command.__doc__) and "activity" in str(command.__doc__)
