"""A day of the demo on which much goes wrong, through a whole instance; then its topics told again, twice and out of order.

What regions says by HTTP equals a recount from the raw records that shares nothing with it, as of three moments, and a rebuild
comes to the same state.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from random import Random
from typing import Any

import pytest
from rich.console import Console

from deploy.audit.run import wait_until_quiet
from deploy.demo import day, places
from deploy.demo.accounts import Accounts
from deploy.demo.day import player
from deploy.demo.day.report import Report
from deploy.demo.load import OPERATOR
from deploy.demo.market import Market, organisations
from services.regions.handlers import consumer
from services.regions.store import DOCUMENTS, state
from shared.bus.documents import BUS_DOCUMENTS
from shared.bus.envelope import Record
from shared.bus.producer import make_producer
from shared.bus.reading import read_all
from shared.bus.replay import Replay
from shared.catalogue import families
from shared.clock import iso, utc_now
from shared.mongo import Database
from shared.settings import ROOMS
from tests.fixtures import recount
from tests.fixtures.live import PASSWORD, Live, Person, huanliu
from tests.fixtures.recount import Raw

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]
LOTS, SEED, MISHAPS = 26, 40, 5
EXPECTED = ("loads told of late", "loads put right", "loads refused", "loads short", "loads over", "trades cancelled")


@dataclass
class Played:
    """What came of the day, the moments in its middle, and all that the topics then held."""

    report: Report
    moments: tuple[str | None, ...]
    records: list[Record]

    @property
    def raw(self) -> list[Raw]:
        found = []
        for one in self.records:
            headers = {name: value.decode() for name, value in one.headers}
            found.append(Raw(headers["ce_id"], headers["ce_type"], headers["ce_time"], json.loads(one.value or b"")))
        return found


def few() -> Market:
    """Of every family one seller and the buyers of its city; of steel the mills nearest to it."""
    found: list[places.Organisation] = []
    whole = Market(organisations(), (), ())
    for kin in families():
        seller, buyers = whole.sellers(kin.code)[0], whole.buyers(kin.code)
        assert seller.site is not None
        near = sorted(buyers, key=lambda one: _away(one, seller))[:2]
        stainless = [one for one in buyers if "不锈" in one.name][:1]
        found += [seller, *near, *(one for one in stainless if one not in near)]
    return Market(tuple(found), (), ())


def _away(one: places.Organisation, other: places.Organisation) -> float:
    assert one.site is not None and other.site is not None
    here, there = one.site.position, other.site.position
    return (here.lat - there.lat) ** 2 + (here.lon - there.lon) ** 2


@pytest.fixture(scope="module")
def played(live: Live) -> Iterator[Played]:
    """Everything that was open is taken back at the end, so that no other test meets it."""
    market = few()
    people = [*places.personas(), *market.organisations]
    accounts = Accounts(live.settings)
    accounts.open(people, PASSWORD)
    accounts.close()
    quiet, player.QUIET_S = player.QUIET_S, 8
    begun = utc_now()
    try:
        wanted = day.Day(lots=LOTS, seed=SEED, mishaps=MISHAPS)
        report = day.play(live.address, PASSWORD, wanted, Console(file=StringIO()), market)
    finally:
        player.QUIET_S = quiet
    _leave(live, people)
    until_quiet(live)
    ended = utc_now()
    settings = live.settings
    records = list(read_all(settings, [settings.topic(room) for room in ROOMS]))
    moments = (iso(begun + (ended - begun) / 3), iso(begun + 2 * (ended - begun) / 3), None)
    yield Played(report, moments, records)


def _leave(live: Live, people: list[places.Organisation]) -> None:
    operator = live.sign_in(OPERATOR, "operator")
    mine = {one.name: one for one in people}
    emails = {one["id"]: mine[one["name"]].email for one in _all(operator, "/v1/organisations") if one["name"] in mine}
    for kind, owner, end in (("lots", "seller_id", "withdraw"), ("demands", "buyer_id", "close")):
        for left in _all(operator, f"/v1/{kind}?status=open"):
            if left[owner] in emails:
                live.sign_in(emails[left[owner]], "member").call("POST", f"/v1/{kind}/{left['id']}/{end}")


def _all(who: Person, path: str) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        page = who.ok("GET", f"{path}{'&' if '?' in path else '?'}limit=200{cursor}")
        yield from page["items"]
        if page["next_cursor"] is None:
            return
        cursor = f"&cursor={page['next_cursor']}"


def until_quiet(live: Live) -> None:
    assert wait_until_quiet(live.settings, time.monotonic() + 60, lambda _: None) == {}


def test_a_day_with_mishaps_equals_a_recount_however_it_is_told(live: Live, played: Played) -> None:
    assert played.report.faults == [] and played.report.complete
    assert all(played.report.counts.get(kind, 0) > 0 for kind in EXPECTED), played.report.counts
    operator = live.sign_in(OPERATOR, "operator")
    _figures_agree(operator, played)
    before = _hash(live)

    _tell_again(live, played.records)
    until_quiet(live)
    assert _hash(live) == before, "what was told twice and out of order changes nothing"
    _figures_agree(operator, played)
    done = huanliu("regions", "rebuild", "--json", data=live.data)
    assert done.returncode == 0, done.stdout + done.stderr
    rebuilt = json.loads(done.stdout)
    assert (rebuilt["same"], rebuilt["hash_rebuilt"], rebuilt["failed"]) == (True, before, {})
    assert _hash_of(live, Random(SEED).sample(played.records, len(played.records))) == before
    done = huanliu("audit", "--json", data=live.data)
    assert done.returncode == 0, done.stdout[-3000:]


def _hash(live: Live) -> str:
    database = Database(live.settings, "regions")
    try:
        return state.state_hash(database)
    finally:
        database.close()


def _hash_of(live: Live, records: list[Record]) -> str:
    """Of the state that these records make, in this order, in a database of their own."""
    settings = live.settings
    room, scratch = Database(settings, "regions"), Database(settings, "regions_shuffled")
    scratch.prepare([*BUS_DOCUMENTS, *DOCUMENTS])
    try:
        replay = Replay(consumer(room), scratch)
        for start in range(0, len(records), 200):
            replay.handle(records[start : start + 200])
        assert replay.failed == {}
        return state.state_hash(scratch)
    finally:
        scratch.client.drop_database(scratch.mongo.name)
        room.close()
        scratch.close()


def _tell_again(live: Live, records: list[Record]) -> None:
    """All of it once more, shuffled within fifty, every tenth twice."""
    rng = Random(SEED)
    parts = [records[start : start + 50] for start in range(0, len(records), 50)]
    again = [one for part in parts for one in rng.sample(part, len(part))]
    producer = make_producer(live.settings)
    for one in again:
        for _ in range(2 if rng.random() < 0.1 else 1):
            producer.send(one.topic, value=one.value, key=one.key, headers=list(one.headers))
    producer.flush()
    producer.close()


def _figures_agree(operator: Person, played: Played) -> None:
    events = played.raw
    busy = {one.region for one in recount.counted(events)} | {one.to_region for one in recount.counted(events)} - {None}
    provinces = sorted({f"{code[:2]}0000" for code in busy if code})
    counties = sorted(code for code in busy if code and not code.endswith("00"))[:4]
    found_any = False
    for code in (*provinces, *counties):
        inside = _inside(code)
        for as_of in played.moments:
            asked = f"&as_of={as_of}" if as_of else ""
            for side in ("origin", "destination"):
                found = _volumes(operator, f"/v1/regions/{code}/volumes?side={side}{asked}")
                assert found == recount.volumes(events, side, inside, as_of), (code, side, as_of)
                found_any |= bool(found)
            assert _balance(operator, f"/v1/regions/{code}/balance?{asked}") == recount.balance(events, inside, as_of)
    assert found_any
    every = recount.volumes(events, "origin", lambda _: True, None)
    assert recount.volumes(events, "origin", lambda _: True, played.moments[0]) != every, "the moments differ"


def _inside(code: str) -> Callable[[str], bool]:
    start = code[:2] if code.endswith("0000") else code
    return lambda region: region.startswith(start)


def _volumes(operator: Person, path: str) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for row in operator.ok("GET", path)["items"]:
        for name, tonnes in row.items():
            measure = name.removesuffix("_t")
            if name.endswith("_t") and measure != "used" and tonnes:
                found[row["period"], row["material"], measure] = round(tonnes * 1000)
    return found


def _balance(operator: Person, path: str) -> dict[Any, int]:
    return {
        (row["material"], name.removesuffix("_t")): round(tonnes * 1000)
        for row in operator.ok("GET", path)["items"]
        for name, tonnes in row.items()
        if name.endswith("_t") and tonnes
    }
