"""The demo's accounts, made as `huanliu users create` makes them: by accounts' own service, on the operator's machine.

One password hash serves them all, and the demo's own process signs them in without the password: some hundred hashes would be
half of the load. Lots and demands go through the public API like anybody's.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

from deploy.demo.api import Tokens
from deploy.demo.places import Organisation
from services.accounts import credentials, service
from services.accounts.app import ROOM
from services.accounts.model import SiteTerms
from services.accounts.store import DOCUMENTS
from shared.bus.documents import BUS_DOCUMENTS
from shared.mongo import Database, Unit
from shared.settings import Settings

IN_ONE_TRANSACTION = 50


class Opened(NamedTuple):
    """The ids of an organisation and of its site."""

    organisation_id: str
    site_id: str | None


class Accounts:
    """Accounts of the instance with these settings."""

    def __init__(self, settings: Settings) -> None:
        self.database = Database(settings, ROOM)

    def open(self, people: Sequence[Organisation], password: str) -> dict[str, Opened]:
        """Every one of `people` with a verified organisation and its site, by key; those that exist stay as they are."""
        self.database.prepare([*BUS_DOCUMENTS, *DOCUMENTS])
        password_hash = credentials.hash_password(password)
        found: dict[str, Opened] = {}
        for start in range(0, len(people), IN_ONE_TRANSACTION):
            part = people[start : start + IN_ONE_TRANSACTION]

            def work(unit: Unit, part: Sequence[Organisation] = part) -> dict[str, Opened]:
                return {one.key: self._open(unit, one, password_hash) for one in part}

            found |= self.database.write(work)
        return found

    @staticmethod
    def _open(unit: Unit, person: Organisation, password_hash: str) -> Opened:
        site = person.site
        limit_kg = site.stock_limit_t * 1000 if site and site.stock_limit_t else None
        terms = SiteTerms(site.name, site.kind, site.region, site.position, None, (), limit_kg) if site else None
        ids = service.ensure_account(unit, person.role, person.email, person.name, person.region, password_hash, terms)
        return Opened(*ids)

    def sign_in(self, email: str) -> Tokens:
        """An access token for one of them."""
        issued = self.database.write(lambda unit: service.token_for(unit, email))
        return Tokens(issued.access_token, "", time.monotonic() + issued.expires_in / 2)

    def close(self) -> None:
        self.database.close()
