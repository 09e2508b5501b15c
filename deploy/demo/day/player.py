"""Playing a day: offers on time, both sides' decisions on what is proposed, every trade to its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from random import Random

from deploy.demo.api import ApiRefused
from deploy.demo.day.book import Book, Json, LotTrack
from deploy.demo.day.haul import Hauler
from deploy.demo.day.script import Script
from deploy.demo.load import OPERATOR
from deploy.demo.market import Offer

REJECTED_SHARE = 0.05
WITHDRAWN_SHARE = 0.02
POLL_S = 0.75
PAGE = 50
QUIET_S = 25
"""With all offered and no job left, nothing new for this long ends the day: several clearing intervals."""
SAMPLES = 100
SEARCHABLE_WITHIN_S = 30
SEARCH_EVERY_S = 0.2
NEWEST = 100
"""The most that search is asked for; as a rule only for what came since the oldest sample, and a few from others."""
FROM_OTHERS = 10


class Player:
    """One day. `tick` is called from the playing thread with the book, to show progress."""

    def __init__(self, hauler: Hauler, script: Script, seconds: float) -> None:
        self.hauler, self.script, self.seconds = hauler, script, seconds
        self.api, self.cast, self.book = hauler.api, hauler.cast, hauler.book
        self.run, self.seed, self.mishaps = hauler.run, hauler.seed, hauler.mishaps
        self._jobs: list[Future[None]] = []
        self._samples: list[LotTrack] = []
        self._offered_all = threading.Event()

    def play(self, tick: Callable[[Book], None], most_s: float) -> Book:
        """Plays to the end, or for `most_s` seconds."""
        until = time.monotonic() + most_s
        with (
            ThreadPoolExecutor(6, "offer") as offers,
            ThreadPoolExecutor(8, "decide") as decide,
            ThreadPoolExecutor(16, "haul") as haul,
            ThreadPoolExecutor(2, "watch") as watch,
        ):
            offering = watch.submit(self._offer_all, offers)
            sampling = watch.submit(self._watch_search)
            while time.monotonic() < until and not self._over(offering):
                self._look(decide, haul)
                tick(self.book)
                time.sleep(POLL_S)
            self._look(decide, haul)
            self._offered_all.set()
            for job in (offering, sampling):
                job.result()
        tick(self.book)
        return self.book

    def _over(self, offering: Future[None]) -> bool:
        self._jobs = [job for job in self._jobs if not job.done()]
        return offering.done() and not self._jobs and self.book.still_s() > QUIET_S

    def _guarded(self, work: Callable[[], None], what: str) -> Callable[[], None]:
        def run() -> None:
            try:
                work()
            except ApiRefused as refusal:
                self.book.fault(f"{what}: {refusal}")

        return run

    # offering

    def _offer_all(self, pool: ThreadPoolExecutor) -> None:
        began, count = time.monotonic(), len(self.script.lots)
        posted: list[Future[None]] = []
        for number, lot in enumerate(self.script.lots):
            due = began + self.seconds * number / count
            if self.api.stopped.wait(max(0.0, due - time.monotonic())):
                break
            before = self.script.demands_before.get(number, [])
            posted.append(pool.submit(self._guarded(partial(self._offer, lot, before), lot.key)))
        for future in posted:
            future.result()
        self._offered_all.set()

    def _offer(self, lot: Offer, before: list[Offer]) -> None:
        for demand in before:
            self.book.demanded(self._post("/v1/demands", demand))
        lot_id = self._post("/v1/lots", lot)
        body = lot.body
        track = LotTrack(lot_id, lot.organisation, body["grade"], body["quantity_t"], time.monotonic())
        self.book.offered(track)
        if Random(f"{self.seed}-{lot.key}").random() < WITHDRAWN_SHARE * self.mishaps:
            self._act(f"/v1/lots/{lot_id}/withdraw", self.cast.email(lot.organisation), "lots withdrawn")
        if len(self.book.lots) % max(1, len(self.script.lots) // SAMPLES) == 0:
            self._samples.append(track)

    def _post(self, path: str, offer: Offer) -> str:
        body = {**offer.body, "site_id": self.cast.site(offer.organisation)}
        return str(self.api.post(path, self.cast.email(offer.organisation), body, key=f"{self.run}-{offer.key}")["id"])

    # deciding

    def _look(self, decide: ThreadPoolExecutor, haul: ThreadPoolExecutor) -> None:
        for proposal in self._fresh("/v1/proposals", "proposed", self.book.proposals):
            if self.book.concerns(proposal) and self.book.new_proposal(proposal):
                work = self._guarded(partial(self._decide, proposal), f"proposal {proposal['id']}")
                self._jobs.append(decide.submit(work))
        for trade in self._fresh("/v1/trades", "agreed", self.book.trades):
            if self.book.concerns(trade) and self.book.new_trade(trade):
                track = self.book.trades[trade["id"]]
                work = self._guarded(partial(self.hauler.play, track), f"trade {trade['id']}")
                self._jobs.append(haul.submit(work))

    def _fresh(self, path: str, status: str, known: Mapping[str, object]) -> Iterator[Json]:
        """What is in that state, newest first, as far as there is news on a page."""
        cursor: str | None = None
        while True:
            more = {"cursor": cursor} if cursor else {}
            answer = self.api.get(path, OPERATOR, status=status, limit=PAGE, **more)
            fresh = [item for item in answer["items"] if item["id"] not in known]
            yield from fresh
            cursor = answer.get("next_cursor")
            if cursor is None or not any(self.book.concerns(item) for item in fresh):
                return

    def _decide(self, proposal: Json) -> None:
        sides = {
            "seller_accepted_at": self.cast.seller_of(proposal["lot_id"]),
            "buyer_accepted_at": self.cast.buyer_of(proposal["demand_id"]),
        }
        if not all(sides.values()):
            self.book.count("proposals with others")
        rng = Random(f"{self.seed}-{proposal['id']}")
        path = f"/v1/proposals/{proposal['id']}"
        actors = [email for field, email in sides.items() if email and not proposal.get(field)]
        if actors and rng.random() < REJECTED_SHARE * self.mishaps:
            self._act(f"{path}/reject", rng.choice(actors), "proposals rejected")
            return
        for email in actors:
            if not self._act(f"{path}/accept", email, ""):
                return
        self.book.count("proposals accepted")

    def _act(self, path: str, email: str, count: str) -> bool:
        """Whether it was done; what the state of things allows no more is no fault."""
        try:
            self.api.post(path, email, key=f"{self.run}-{path[-40:]}-{email}")
        except ApiRefused as refusal:
            if refusal.status != 409:
                raise
            self.book.count("answers that came too late")
            return False
        if count:
            self.book.count(count)
        return True

    # watching the index

    def _watch_search(self) -> None:
        while not (self._offered_all.is_set() and not self._samples):
            if self.api.stopped.is_set():
                return
            found = self._newest() if self._samples else set()
            for track in list(self._samples):
                waited_s = time.monotonic() - track.posted
                if track.lot_id in found or waited_s > SEARCHABLE_WITHIN_S:
                    track.searchable_s = waited_s
                    self._samples.remove(track)
            time.sleep(SEARCH_EVERY_S)

    def _newest(self) -> set[str]:
        """The ids of the newest lots that search finds."""
        oldest = min(track.posted for track in self._samples)
        since = sum(track.posted >= oldest for track in list(self.book.lots.values()))
        try:
            answer = self.api.get("/v1/search/lots", OPERATOR, sort="newest", limit=min(NEWEST, since + FROM_OTHERS))
        except ApiRefused as refusal:
            self.book.fault(f"search for the newest lots: {refusal}")
            return set()
        return {item["id"] for item in answer["items"]}
