"""The day's actors: the demo's organisations, found by their names, with their ids and sites."""

from __future__ import annotations

from deploy.demo import places
from deploy.demo.api import Api
from deploy.demo.load import OPERATOR
from deploy.demo.market import Market

CARRIER = "carrier@huanliu.example"


class Cast:
    """Who can be played. Organisations that are not of the demo have no `email` here and are left alone."""

    def __init__(self, api: Api, market: Market) -> None:
        self.api, self.market = api, market
        people = (*places.personas(), *self.market.organisations)
        self.people = {person.key: person for person in people}
        by_name = {person.name: person for person in people}
        self._emails: dict[str, str] = {}
        for found in api.items("/v1/organisations", OPERATOR, limit=200):
            person = by_name.get(found["name"])
            if person:
                self._emails[found["id"]] = person.email
        self.carrier_id = api.organisation_id(CARRIER)
        self._sites: dict[str, str] = {}
        self._sellers: dict[str, str] = {}
        self._buyers: dict[str, str] = {}

    def email(self, key: str) -> str:
        """The address of an actor."""
        return self.people[key].email

    def site(self, key: str) -> str:
        """The id of an actor's site."""
        if key not in self._sites:
            found = next(iter(self.api.items("/v1/sites", self.email(key), 1, limit=1)), None)
            if found is None:
                raise LookupError(f"{key} has no site; is the demo market loaded?")
            self._sites[key] = found["id"]
        return self._sites[key]

    def seller_of(self, lot_id: str) -> str:
        """The address of the lot's seller; empty if it is no actor."""
        if lot_id not in self._sellers:
            lot = self.api.get(f"/v1/lots/{lot_id}", OPERATOR)
            self._sellers[lot_id] = self._emails.get(lot["seller_id"], "")
        return self._sellers[lot_id]

    def buyer_of(self, demand_id: str) -> str:
        """The address of the demand's buyer; empty if it is no actor."""
        if demand_id not in self._buyers:
            demand = self.api.get(f"/v1/demands/{demand_id}", OPERATOR)
            self._buyers[demand_id] = self._emails.get(demand["buyer_id"], "")
        return self._buyers[demand_id]
