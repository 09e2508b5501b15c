"""The console bench: how long each page takes while a demo day is played and while none is, and what open streams weigh.

A real instance with the demo market, as `huanliu up` starts it. A day of a few minutes first gives the pages something to show.
Then each role's demo account opens every page of the console, one after the other, round after round: first with no day, then
while one is played at the pace of 2,000 lots in 15 minutes. A page's time is that of its HTML, compressed, over HTTP on
loopback; ids in its address are of things that the role has.
"""

from __future__ import annotations

import math
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from deploy.commands.status import read
from deploy.instance import running
from gateway.console.registry import Page
from tests.bench.servers import servers
from tests.fixtures.live import Live, Market, Person, demand_of, huanliu, lot_of, moment, start
from tests.fixtures.pages import pages

Row = dict[str, Any]
ROLES = ("collector", "buyer", "carrier", "park_operator", "operator")
ROUNDS = 40
MOST_MS = 300
LOTS_PER_MIN = 2000 / 15
BEFORE_MIN = 2.0
"""Of a day before anything is measured."""
LONGEST_MIN = 30
"""Of the day beside the pages; it is ended with the last round."""
STREAMS, OF_ONE = 1000, 10
MOST_MB = 300
DEMO_PASSWORD = "huanliu-demo"
ASKED: Mapping[str, Sequence[str]] = {
    "/collector/sell": ("", "?grade=steel.hms1"),
    "/collector/grades": ("?q=花料",),
    "/collector/worth": ("?grade=steel.hms1&grade=steel.medium&grade=steel.light&grade=nonferrous.copper",),
    "/buyer/search": ("?all=1", "?q=重废&region=420000"),
    "/buyer/demands/new": ("", "?family=steel"),
    "/operator/follow": ("?id={lot}",),
    "/park/regions/<code>/entries": ("", "?account=on_offer"),
    "/park/flows": ("", "?way=in"),
}
"""Addresses of pages that answer by what they are asked; of all others the bare one."""
OWN: Mapping[tuple[str, str], tuple[str, str]] = {
    ("collector", "lot_id"): ("collector", "/v1/lots?status=open"),
    ("collector", "proposal_id"): ("collector", "/v1/proposals"),
    ("collector", "shipment_id"): ("collector", "/v1/shipments?status=received"),
    ("collector", "trade_id"): ("collector", "/v1/trades?status=settled"),
    ("collector", "import_id"): ("collector", "/v1/lots/imports"),
    ("buyer", "proposal_id"): ("buyer", "/v1/proposals"),
    ("buyer", "load_id"): ("buyer", "/v1/shipments?status=received"),
    ("buyer", "demand_id"): ("buyer", "/v1/demands?status=open"),
    ("buyer", "trade_id"): ("buyer", "/v1/trades?status=settled"),
    ("buyer", "lot_id"): ("buyer", "/v1/search/lots"),
    ("carrier", "load_id"): ("carrier", "/v1/shipments?carrier_id={organisation}"),
    ("operator", "organisation_id"): ("operator", "/v1/organisations"),
    ("operator", "clearing_id"): ("operator", "/v1/clearings"),
    ("park", "code"): ("park_operator", "420000"),
    ("park", "rule_id"): ("park_operator", "new"),
    ("park", "lot_id"): ("park_operator", "/v1/regions/420000/entries"),
    ("deals", "tender_id"): ("collector", "/v1/tenders?mine=true"),
    ("deals", "lot_id"): ("collector", "/v1/trades?status=settled"),
    ("deals", "agreement_id"): ("collector", "/v1/agreements"),
}
"""By area and part of an address: whose it is, and itself or a list of which it is the newest. A market in order has no dead
letter, so the page of one is left out."""


def rows() -> list[Row]:
    """The rows of `bench/results/console.json`."""
    with servers() as addresses, _instance(addresses) as live:
        people = {role: _signed_in(live, role) for role in ROLES}
        _give_life(live, people)
        return [*_pages(live, people), *_streams(live)]


def _row(what: str, ours: float, reference: float | None = None, target: float | None = None) -> Row:
    """`target`: the most that ours may be."""
    ratio = None if reference is None else ours / reference
    holds = target is None or ours <= target
    return {"what": what, "ours": ours, "reference": reference, "ratio": ratio, "target": target, "holds": holds}


@contextmanager
def _instance(addresses: dict[str, str]) -> Iterator[Live]:
    with tempfile.TemporaryDirectory(prefix="huanliu-bench-") as folder:
        live = start(addresses, Path(folder), demo=True, HUANLIU_CLEARING_INTERVAL_S="5")
        try:
            yield live
        finally:
            huanliu("down", data=live.data)


@contextmanager
def _day(live: Live, minutes: float, seed: int) -> Iterator[subprocess.Popen[bytes]]:
    """A day that is played meanwhile, and ended if it still goes on."""
    much = ("--lots", str(round(LOTS_PER_MIN * minutes)), "--minutes", str(minutes), "--seed", str(seed))
    command = [sys.executable, "-m", "deploy.cli", "demo", "day", *much, "--data", str(live.data)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as day:
        try:
            yield day
        finally:
            day.terminate()


def _give_life(live: Live, people: Mapping[str, Person]) -> None:
    """A day, and one of each thing that it leaves out: it is other firms that trade in it."""
    with _day(live, BEFORE_MIN, 1) as day:
        day.wait()
    collector = people["collector"]
    _trade(people)
    sheet = "品种,数量,单价(元/吨),可提货日期,截止日期,场站\n重费,abc,2400,2030-01-01,2030-01-05,演示场站\n".encode()
    signed = {"Authorization": f"Bearer {collector.token}"}
    sent = collector.client.post(f"{live.address}/v1/lots/imports", files={"file": ("lots.csv", sheet)}, headers=signed)
    assert sent.status_code == 202, sent.text
    lot = collector.ok("POST", "/v1/lots", lot_of(collector, grade="ship.plate", quality={}))
    collector.ok("POST", "/v1/tenders", {"lot_id": lot["id"], "closes_at": moment(1)})
    month = moment(40)[:7]
    terms = {"grade": "steel.hms1", "first_month": month, "last_month": month, "month_t": 60, "region": "420000"}
    other = collector.ok("GET", "/v1/trades?limit=1")["items"][0]["buyer"]["id"]
    collector.ok("POST", "/v1/agreements", {**terms, "counterparty_id": other})


def _trade(people: Mapping[str, Person]) -> None:
    """A trade between the demo's own collector and buyer, hauled to its statement."""
    collector, buyer = people["collector"], people["buyer"]
    wanted = {"grades": ["ship.plate"], "quantity_t": 40, "bid_cny_per_t": 4500, "auto_accept": True}
    buyer.ok("POST", "/v1/demands", demand_of(buyer, **wanted))
    lot = collector.ok("POST", "/v1/lots", lot_of(collector, grade="ship.plate", quality={}, auto_accept=True))
    load = buyer.until(f"/v1/shipments?lot_id={lot['id']}", lambda found: bool(found["items"]))["items"][0]
    market = Market(people["operator"], collector, buyer, people["carrier"])
    market.haul(load["id"], 46.0, 15.5, "DEMO-BENCH", grade="ship.plate", impurity_pct=1.5)
    collector.until(f"/v1/trades/{load['trade_id']}", lambda trade: trade["status"] == "settled")


def _signed_in(live: Live, role: str) -> Person:
    """The role's demo account, with its first site."""
    person = live.sign_in(f"{role}@huanliu.example", role, password=DEMO_PASSWORD)
    person.organisation_id = person.ok("GET", "/v1/me")["organisation_id"]
    sites = person.ok("GET", f"/v1/sites?organisation_id={person.organisation_id}")["items"]
    person.site_id = sites[0]["id"] if sites else ""
    return person


# pages


class Reader:
    """One role's demo account at the console: its pages by what they are called, and how long each took."""

    def __init__(self, live: Live, person: Person | None, paths: Sequence[tuple[str, str]]) -> None:
        self.paths, self.broken = paths, 0
        self.client = httpx.Client(base_url=live.address, timeout=60, headers={"Origin": live.address})
        if person is not None:
            answer = self.client.post("/sign-in", data={"account": person.email, "password": DEMO_PASSWORD})
            assert answer.status_code == 303, answer.text

    def read(self, took: Mapping[str, list[float]]) -> None:
        """Every page once."""
        for name, path in self.paths:
            begun = time.perf_counter()
            try:
                answer = self.client.get(path)
                assert answer.status_code == 200, f"{path}: {answer.status_code}"
            except httpx.TransportError:
                self.broken += 1
            took[name].append(1000 * (time.perf_counter() - begun))


def _pages(live: Live, people: Mapping[str, Person]) -> Iterator[Row]:
    readers = [Reader(live, people.get(role), _paths(people, role)) for role in (*ROLES, "")]
    _rounds(readers, 2)  # templates compiled, connections open
    load = os.getloadavg()[0]
    alone = _rounds(readers, ROUNDS)
    loads = [load, os.getloadavg()[0]]
    with _day(live, LONGEST_MIN, 2) as day:
        time.sleep(30)  # trades and loads are under way
        beside = _rounds(readers, ROUNDS)
        assert day.poll() is None, "the day ended before the last round"
        loads.append(os.getloadavg()[0])
    before, during = ({name: _p95(times) for name, times in took.items()} for took in (alone, beside))
    what = f"p95 of {ROUNDS}, ms"
    slowest, slowest_alone = max(during, key=during.__getitem__), max(before, key=before.__getitem__)
    yield _row(f"slowest page beside a demo day ({slowest}): {what}", during[slowest], None, MOST_MS)
    yield _row(f"slowest page with no day ({slowest_alone}): {what}", before[slowest_alone], None, MOST_MS)
    yield _row("answers that broke off", sum(reader.broken for reader in readers), None, 0)
    yield _row(f"pages beside a demo day above {MOST_MS} ms p95", sum(one > MOST_MS for one in during.values()), None, 0)
    ratios = {name: during[name] / before[name] for name in during}
    name = sorted(ratios, key=ratios.__getitem__)[len(ratios) // 2]
    yield _row(f"p95 beside a demo day ÷ with none, the median of pages ({name})", during[name], before[name])
    whole = [statistics.median(chain.from_iterable(took.values())) for took in (beside, alone)]
    yield _row("all pages' answers, median ms, beside a demo day ÷ with none", *whole)
    for word, at in zip(("before", "after the pages alone", "after the pages beside a day"), loads, strict=True):
        yield _row(f"load of the machine {word}", at)
    for name in during:
        yield _row(f"{name}: {what}, beside a demo day and with none", during[name], before[name], MOST_MS)


def _rounds(readers: Sequence[Reader], count: int) -> dict[str, list[float]]:
    took: dict[str, list[float]] = defaultdict(list)
    for _ in range(count):
        for reader in readers:
            reader.read(took)
    return took


def _p95(values: Sequence[float]) -> float:
    """The nearest rank: of 40, the third longest."""
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]


def _paths(people: Mapping[str, Person], role: str) -> list[tuple[str, str]]:
    """`(name, address)` of the pages of which this is the first role; of everybody's where there is none."""

    def find(area: str, part: str) -> str | None:
        whose, path = OWN.get((area, part), ("", ""))
        if whose != role or not path.startswith("/"):
            return path if whose == role else None
        person = people[role]
        items = person.ok("GET", path.format(organisation=person.organisation_id))["items"]
        assert items, f"{role} has nothing of {path}"
        return str(items[0].get(part) or items[0]["id"])

    found = [(page, path) for page, path in pages(find) if (page.roles[0] if page.roles else "") == role]
    return [(page.path + more, path + more) for page, path in found for more in _asked(page, people)]


def _asked(page: Page, people: Mapping[str, Person]) -> Sequence[str]:
    asked = ASKED.get(page.path, ("",))
    if any("{lot}" in one for one in asked):
        lot = people["collector"].ok("GET", "/v1/trades?status=settled&limit=1")["items"][0]["lot_id"]
        return [one.replace("{lot}", lot) for one in asked]
    return asked


# streams


class Listener:
    """A stream held open by a bare socket, so that a thousand of them cost this process little."""

    def __init__(self, address: str, token: str) -> None:
        parts = urlsplit(address)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=60)
        asked = ("GET /v1/stream HTTP/1.1", f"Host: {parts.netloc}", f"Authorization: Bearer {token}", "", "")
        self.socket.sendall("\r\n".join(asked).encode())
        self.said = b""

    def until(self, words: bytes) -> None:
        """Reads on until it said this."""
        while words not in self.said:
            piece = self.socket.recv(65_536)
            assert piece, f"the stream ended: {self.said[-500:]!r}"
            self.said += piece


def _streams(live: Live) -> Iterator[Row]:
    """Resident memory, as `huanliu status` shows it; the gateway's is its two processes' and their master's."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4 * STREAMS)), hard))
    with ThreadPoolExecutor(4) as pool:
        tokens = list(pool.map(lambda _: live.register("carrier", None).token, range(STREAMS // OF_ONE - 1)))
    owner = _signed_in(live, "collector")
    tokens.append(owner.token)
    time.sleep(20)  # what signing in cost is given back
    before = {name: _memory_mb(live, name) for name in ("gateway", "gateway-streams")}
    listeners = []
    try:
        for token in tokens:
            listeners += [Listener(live.address, token) for _ in range(OF_ONE)]
        for one in listeners:
            one.until(b"retry: ")
        time.sleep(30)
        open_mb = _memory_mb(live, "gateway-streams")
        yield _row(
            f"{STREAMS} open streams: memory of their process, ÷ before them, MB", open_mb, before["gateway-streams"], MOST_MB
        )
        yield _row("… the gateway's memory, ÷ before them, MB", _memory_mb(live, "gateway"), before["gateway"])
        lot = owner.ok("POST", "/v1/lots", lot_of(owner, grade="ship.plate", quality={}))
        begun = time.perf_counter()
        for one in listeners[-OF_ONE:]:
            one.until(lot["id"].encode())
        yield _row("… a lot's publication is answered → its owner's ten streams show it, s", time.perf_counter() - begun)
    finally:
        for one in listeners:
            one.socket.close()


def _memory_mb(live: Live, name: str) -> float:
    (found,) = [one for one in read(running(live.data))["processes"] if one["name"] == name]
    return float(found["memory_mb"])
