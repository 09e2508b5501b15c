"""Keeping the demo market alive: enough open lots of every grade, demand that does not run out, dates that roll."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

from deploy.demo import market as demo_market
from deploy.demo.api import ApiRefused, in_parallel
from deploy.demo.load import OPERATOR, Loader
from deploy.demo.market import CONTRACT_GRADES, Offer

LEAST_OPEN = 10
FILL_TO = 12
EVERY_S = 60.0


class Keeper:
    """Tops the market up; everything it posts belongs to organisations of the demo."""

    def __init__(self, loader: Loader) -> None:
        self.loader, self.api = loader, loader.api
        self.rng = Random()

    def round(self) -> int:
        """One look at the market; answers how many lots and demands were added."""
        now = datetime.now(UTC).replace(microsecond=0)
        added = [*self._lots(now), *self._demands(now)]
        in_parallel(self.loader.publish, added)
        return len(added)

    def keep(self, say: Callable[[str], None]) -> None:
        """Rounds until the API's `stopped` is set."""
        while not self.api.stopped.wait(EVERY_S):
            try:
                added = self.round()
            except ApiRefused as refusal:
                say(f"not topped up this time: {refusal}")
                continue
            if added:
                say(f"added {added} lots and demands")

    def _lots(self, now: datetime) -> list[Offer]:
        added: list[Offer] = []
        for grade in CONTRACT_GRADES:
            found = sum(1 for _ in self.api.items("/v1/lots", OPERATOR, 1, grade=grade, status="open", limit=FILL_TO))
            for number in range(FILL_TO - found if found < FILL_TO - 1 else 0):
                key = f"lot-{grade}-{now:%Y%m%d%H%M%S}-{number}"
                whole = self.rng.random() < 1 / 3
                added.append(demo_market.lot(self.rng, self.loader.market, grade, key, now, indivisible=whole))
        return added

    def _demands(self, now: datetime) -> list[Offer]:
        """The market's demands whose buyer has fewer open ones than at first: filled or over, so posted anew."""
        keys = {org_id: key for key, org_id in self.loader.progress.organisations.items()}
        items = self.api.items("/v1/demands", OPERATOR, status="open", limit=200)
        held = Counter((keys.get(item["buyer_id"], ""), tuple(sorted(item["grades"]))) for item in items)
        fresh = demo_market.build(now).demands
        missing = [o for o in fresh if not held[o.organisation, tuple(sorted(o.body["grades"]))]]
        return [replace(offer, key=f"{offer.key}-{now:%Y%m%d%H%M%S}") for offer in missing]
