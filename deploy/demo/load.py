"""Loading the demo market through the public API. What was interrupted goes on where it was: progress is kept in a file,
names and idempotency keys are the same each time."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from deploy.demo import places
from deploy.demo.api import Api, ApiRefused, in_parallel
from deploy.demo.market import Market, Offer, build
from deploy.demo.places import Organisation, Role

PROGRESS = "demo-progress.json"
MARK = "demo.json"
SAVE_EVERY = 40
OPERATOR = "operator@huanliu.example"


class CreateAccount(Protocol):
    """Makes an account with a verified organisation of its own; an account that exists already is answered as it is."""

    def __call__(self, role: Role, email: str, name: str, region: str, password: str) -> dict[str, str]:
        """`{"user_id", "organisation_id", "email"}`."""
        ...


@dataclass
class Progress:
    """What has been loaded, by the market's own keys. `began` fixes the dates of the first load."""

    began: str
    organisations: dict[str, str] = field(default_factory=dict)
    verified: list[str] = field(default_factory=list)
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

    def __init__(self, api: Api, data: Path, password: str, create_account: CreateAccount) -> None:
        self.api, self.data, self.password, self.create_account = api, data, password, create_account
        self.file = ProgressFile(data, datetime.now(UTC).replace(microsecond=0))
        self.progress = self.file.progress
        self.market: Market = build(datetime.fromisoformat(self.progress.began))
        self.people = {person.key: person for person in (*places.personas(), *self.market.organisations)}

    def run(self, say: Callable[[str], None]) -> None:
        """Everything that is not loaded yet. `say` hears of each step."""
        say("accounts of the five roles")
        for person in places.personas():
            self._persona(person)
        say(f"{len(self.market.organisations)} organisations")
        in_parallel(self._register, self._missing(self.market.organisations, self.progress.organisations))
        in_parallel(self._verify, self._missing(self.market.organisations, self.progress.verified))
        self.file.save()
        say("sites")
        owners = [person for person in self.people.values() if person.site]
        in_parallel(self._site, self._missing(owners, self.progress.sites))
        self.file.save()
        offers = (*self.market.demands, *self.market.lots)
        say(f"{len(self.market.demands)} demands and {len(self.market.lots)} lots")
        in_parallel(self.offer, [offer for offer in offers if offer.key not in self.progress.offers])
        self.file.save()
        mark_loaded(self.data, datetime.now(UTC))

    @staticmethod
    def _missing(members: tuple[Organisation, ...] | list[Organisation], done: object) -> list[Organisation]:
        kept = set(done) if isinstance(done, (list, dict)) else set()
        return [member for member in members if member.key not in kept]

    def _persona(self, person: Organisation) -> None:
        if person.key in self.progress.organisations:
            return
        ids = self.create_account(person.role, person.email, person.name, person.region, self.password)
        self.file.record(lambda p: p.organisations.update({person.key: ids["organisation_id"]}))

    def _register(self, member: Organisation) -> None:
        user = {"name": member.key, "email": member.email, "password": self.password}
        body = {"name": member.name, "role": member.role, "region": member.region, "user": user}
        try:
            found = str(self.api.post("/v1/organisations", body=body, key=f"demo-register-{member.key}")["id"])
        except ApiRefused as refusal:
            if not self.file.resumed or refusal.status not in (409, 422):
                raise
            found = self.api.organisation_id(member.email)
        self.file.record(lambda p: p.organisations.update({member.key: found}))

    def _verify(self, member: Organisation) -> None:
        organisation_id = self.progress.organisations[member.key]
        try:
            self.api.post(f"/v1/organisations/{organisation_id}/verify", OPERATOR, key=f"demo-verify-{member.key}")
        except ApiRefused as refusal:
            if refusal.kind != "wrong-state":  # verified before the load was interrupted
                raise
        self.file.record(lambda p: p.verified.append(member.key))

    def _site(self, member: Organisation) -> None:
        found = self._site_before(member) or self._new_site(member)
        self.file.record(lambda p: p.sites.update({member.key: found}))

    def _site_before(self, member: Organisation) -> str:
        if not self.file.resumed:
            return ""
        return next((str(site["id"]) for site in self.api.items("/v1/sites", member.email, pages=1)), "")

    def _new_site(self, member: Organisation) -> str:
        site = member.site
        if site is None:
            raise LookupError(f"{member.key} has no site")
        position = {"lat": site.position.lat, "lon": site.position.lon}
        body = {"name": site.name, "kind": site.kind, "region": site.region, "position": position}
        return str(self.api.post("/v1/sites", member.email, body, key=f"demo-site-{member.key}")["id"])

    def offer(self, offer: Offer) -> None:
        """Publishes one lot or demand of the first market and notes it."""
        found = self.publish(offer)
        self.file.record(lambda p: p.offers.update({offer.key: found}))

    def publish(self, offer: Offer) -> str:
        """Publishes one lot or demand for its owner; answers its id."""
        path = "/v1/lots" if "grade" in offer.body else "/v1/demands"
        body = {**offer.body, "site_id": self.progress.sites[offer.organisation]}
        return str(self.api.post(path, self.people[offer.organisation].email, body, key=f"demo-{offer.key}")["id"])
