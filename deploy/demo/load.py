"""Loading the demo market: its accounts, then its lots and demands through the public API.

What was interrupted goes on where it was: progress is kept in a file, names and idempotency keys are the same each time.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from deploy.demo import places
from deploy.demo.api import Api, in_parallel
from deploy.demo.market import ALLOWED_T, PHOSPHOGYPSUM, Market, Offer, build
from deploy.demo.places import Organisation
from shared.clock import SHANGHAI

PROGRESS = "demo-progress.json"
MARK = "demo.json"
SAVE_EVERY = 40
OPERATOR = "operator@huanliu.example"
PARK_OPERATOR = "park_operator@huanliu.example"
ALARM_RULES: tuple[dict[str, Any], ...] = (
    {"kind": "threshold", "name": "湖北挂牌量偏高 (demo)", "measure": "listed", "above_t": 300, "window_h": 24},
    {
        "kind": "threshold",
        "name": "湖北收货 (demo)",
        "measure": "received",
        "side": "destination",
        "above_t": 20,
        "window_h": 24,
    },
    {"kind": "stock", "name": "存量超许可 (demo)", "share_pct": 100},
    {"kind": "allowance", "name": "磷石膏核定量将用完 (demo)", "material": "solid_waste.phosphogypsum", "share_pct": 90},
)
"""What the demo's park operator watches in Hubei: all but the second are raised by the first market, the second by a day."""


def allowance_rule(now: datetime) -> dict[str, Any]:
    """The demo's own allowance of phosphogypsum where its producer is, beside the province's by policy."""
    terms = {"region": "420581", "material": PHOSPHOGYPSUM, "ratio_pct": 100, "initial_t": ALLOWED_T, "period": "year"}
    return {**terms, "from": f"{now.astimezone(SHANGHAI):%Y}-01-01T00:00:00+08:00", "source": "演示核定量 (demo)"}


class OpenAccounts(Protocol):
    """Makes accounts with verified organisations and their sites; those that exist already stay as they are."""

    def __call__(self, people: Sequence[Organisation], password: str) -> Mapping[str, tuple[str, str | None]]:
        """The ids of each one's organisation and site, by key."""
        ...


@dataclass
class Progress:
    """What has been loaded, by the market's own keys. `began` fixes the dates of the first load."""

    began: str
    organisations: dict[str, str] = field(default_factory=dict)
    sites: dict[str, str] = field(default_factory=dict)
    offers: dict[str, str] = field(default_factory=dict)


class ProgressFile:
    """The progress of one data folder, saved whole or not at all."""

    def __init__(self, data: Path, now: datetime) -> None:
        self._path = data / PROGRESS
        self._lock = threading.Lock()
        self._unsaved = 0
        self.resumed = self._path.exists()
        raw = json.loads(self._path.read_text("utf-8")) if self.resumed else {"began": now.isoformat()}
        self.progress = Progress(**raw)
        self.save()

    def record(self, change: Callable[[Progress], object]) -> None:
        """Applies one change; written every few of them."""
        with self._lock:
            change(self.progress)
            self._unsaved += 1
            due = self._unsaved >= SAVE_EVERY
        if due:
            self.save()

    def save(self) -> None:
        """Writes the file."""
        with self._lock:
            part = self._path.with_suffix(".part")
            part.write_text(json.dumps(asdict(self.progress)), encoding="utf-8")
            part.replace(self._path)
            self._unsaved = 0


def is_loaded(data: Path) -> bool:
    """Whether the demo market of this data folder is loaded: `demo.json` says so."""
    return (data / MARK).exists()


def mark_loaded(data: Path, now: datetime) -> None:
    """Says that it is loaded; the gateway is ready from then on."""
    part = (data / MARK).with_suffix(".part")
    part.write_text(json.dumps({"loaded": True, "at": now.isoformat()}) + "\n", encoding="utf-8")
    part.replace(data / MARK)


class Loader:
    """Loads the market step by step; each step is over before the next, so that rooms have heard of what it needs."""

    def __init__(self, api: Api, data: Path, password: str, open_accounts: OpenAccounts) -> None:
        self.api, self.data, self.password, self.open_accounts = api, data, password, open_accounts
        self.file = ProgressFile(data, datetime.now(UTC).replace(microsecond=0))
        self.progress = self.file.progress
        self.market: Market = build(datetime.fromisoformat(self.progress.began))
        self.people = {person.key: person for person in (*places.personas(), *self.market.organisations)}

    def run(self, say: Callable[[str], None]) -> None:
        """Everything that is not loaded yet. `say` hears of each step."""
        missing = [person for key, person in self.people.items() if key not in self.progress.organisations]
        say(f"{len(missing)} organisations with their sites")
        for key, (organisation_id, site_id) in self.open_accounts(missing, self.password).items():
            self.progress.organisations[key] = organisation_id
            if site_id is not None:
                self.progress.sites[key] = site_id
        self.file.save()
        rule = allowance_rule(datetime.fromisoformat(self.progress.began))
        self.api.post("/v1/allowance-rules", OPERATOR, rule, key="demo-allowance")
        offers = (*self.market.demands, *self.market.lots)
        say(f"{len(self.market.demands)} demands and {len(self.market.lots)} lots")
        in_parallel(self.offer, [offer for offer in offers if offer.key not in self.progress.offers])
        self.file.save()
        say(f"{len(ALARM_RULES)} rules of alarms for the park operator")
        for number, rule in enumerate(ALARM_RULES):
            self.api.post("/v1/alarm-rules", PARK_OPERATOR, {"region": "420000", **rule}, key=f"demo-alarm-{number}")
        mark_loaded(self.data, datetime.now(UTC))

    def offer(self, offer: Offer) -> None:
        """Publishes one lot or demand of the first market and notes it."""
        found = self.publish(offer)
        self.file.record(lambda p: p.offers.update({offer.key: found}))

    def publish(self, offer: Offer) -> str:
        """Publishes one lot or demand for its owner; answers its id."""
        path = "/v1/lots" if "grade" in offer.body else "/v1/demands"
        body = {**offer.body, "site_id": self.progress.sites[offer.organisation]}
        return str(self.api.post(path, self.people[offer.organisation].email, body, key=f"demo-{offer.key}")["id"])
