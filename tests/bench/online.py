"""The online part of the clearing bench: what rules that decide on arrival gain, against the optimum of the day in hindsight.

A draw is a `national` day of 11,000 divisible lots × 375 demands in twelve materials, demand 80 % of supply in tonnes, and its
`day_after`: 29 lots a demand, as in the national day of 44,000. Demands stand from the morning; lots arrive at moments drawn
evenly over the day, each in ignorance of the rest. What a rule may know: yesterday's market, today's demands, what has
arrived, and the clock; not how many lots are still to come. A lot goes to the demands where it gains most over their reserve
prices; what gains nothing over any is lost, unless the rule lets it wait. Gains are milli-fen (fen per tonne × kg).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import count, repeat
from statistics import mean, median

import numpy as np

from services.matching.clearing import Market
from services.matching.clearing.candidates import Candidates, candidates
from services.matching.clearing.columns import Columns, Flags, Floats, Ints
from services.matching.clearing.foresight import relax_open
from services.matching.clearing.network import Relaxation
from tests.bench.national_market import Drift, day_after, national

DRAWS = (1, 2, 3, 4, 5)
LOTS, DEMANDS, COVER = 11_000, 375, 0.8
OURS = "re-pricing (reserve prices, 48 times a day)"
DRIFTS = (("drift", Drift(), 0.965), ("doubled drift", Drift().doubled(), 0.945))
"""Each with the least that `OURS` should reach."""
TRUST = 0.2
"""The part of a day after which today's arrivals say as much about the rest of it as yesterday's lots do."""


@dataclass(frozen=True, slots=True)
class Day:
    """A material's day. Rows of `found` and `lot_kg`: yesterday's lots at today's prices, then today's. The pairs of lot i are
    from `start[i]` to `start[i + 1]`; `today` marks lots, `at` says when they arrive (0 to 1), `arrivals` are their rows in
    that order. `yesterday`: the demands' prices in yesterday's optimum, fen per tonne."""

    found: Candidates
    start: Ints
    lot_kg: Ints
    room_kg: Ints
    today: Flags
    at: Floats
    arrivals: Ints
    yesterday: Ints


def figures() -> Iterator[tuple[str, float, float | None]]:
    """Rows of the bench: what, the day's gain ÷ its optimum, the least it should be."""
    for name, drift, target in DRIFTS:
        with ProcessPoolExecutor(2) as pool:
            draws = list(pool.map(draw, DRAWS, repeat(drift)))
        for rule in RULES:
            shares = [shares[rule] for shares in draws]
            what = f"online with {rule} ÷ that day's optimum in hindsight, {name}"
            yield f"{what}, mean of {len(DRAWS)} draws", mean(shares), target if rule == OURS else None
            if rule == OURS:
                yield f"{what}, worst", min(shares), None


def draw(seed: int, drift: Drift) -> dict[str, float]:
    """By rule: what it gains of one day in all materials, as a share of the optimum."""
    before = national(seed, "divisible", COVER, LOTS, DEMANDS)
    pairs = zip(count(seed * 100), before, day_after(seed, before, drift), strict=False)
    days = [_day(*pair) for pair in pairs]
    best = sum(_relaxed(day, np.where(day.today, day.lot_kg, 0), day.room_kg)[1].bound for day in days)
    return {name: sum(rule(day) for day in days) / best for name, rule in RULES.items()}


def _day(seed: int, before: Market, now: Market) -> Day:
    """Bids stand in the morning: by how much they moved is known then, and yesterday's asks are taken to have moved alike."""
    old = Columns.of(before.checked())
    _, relaxed = relax_open(candidates(old), old.lot_kg, old.demand_kg)
    bids = zip(before.demands, now.demands, strict=True)
    moved = median(later.bid_net_fen_per_t / earlier.bid_net_fen_per_t for earlier, later in bids)
    known = [replace(lot, ask_net_fen_per_t=round(lot.ask_net_fen_per_t * moved)) for lot in before.lots]
    columns = Columns.of(replace(now, lots=[*known, *now.lots]).checked())
    found = candidates(columns)
    rows = np.arange(columns.lot_kg.size)
    at = np.random.default_rng(seed).random(rows.size)
    return Day(
        found=found,
        start=np.searchsorted(found.lot, np.arange(rows.size + 1)),
        lot_kg=columns.lot_kg,
        room_kg=columns.demand_kg,
        today=rows >= len(known),
        at=at,
        arrivals=len(known) + np.argsort(at[len(known) :], kind="stable"),
        yesterday=relaxed.demand_price,
    )


def _relaxed(day: Day, lot_kg: Ints, room_kg: Ints) -> tuple[Flags, Relaxation]:
    return relax_open(day.found, lot_kg, room_kg)


class _Play:
    """A day as it goes: `room_kg` of the demands, `open_kg` of the lots that arrived and still wait, and what was gained."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.room_kg, self.open_kg, self.gained = day.room_kg.copy(), np.zeros_like(day.lot_kg), 0

    def offer(self, lot: int, price: Ints) -> None:
        """An open lot goes where it gains most over the demands' reserve prices, fen per tonne, as far as it gains."""
        day = self.day
        own = slice(day.start[lot], day.start[lot + 1])
        demands, weight = day.found.demand[own], day.found.weight[own]
        over = weight - price[demands]
        for k in np.argsort(-over, kind="stable"):
            kg = min(self.open_kg[lot], self.room_kg[demands[k]])
            if over[k] <= 0:
                return
            self.room_kg[demands[k]] -= kg
            self.open_kg[lot] -= kg
            self.gained += int(kg) * int(weight[k])

    def clear_open(self) -> Ints:
        """A batch clearing of what waits; the demands' prices in it, fen per tonne."""
        found = self.day.found
        kept, best = _relaxed(self.day, self.open_kg, self.room_kg)
        np.subtract.at(self.open_kg, found.lot[kept], best.kg)
        np.subtract.at(self.room_kg, found.demand[kept], best.kg)
        self.gained += int(best.kg @ found.weight[kept])
        return best.demand_price


Reprice = Callable[[_Play, float], Ints]
"""Reserve prices of the demands, fen per tonne, at a moment of the day (0 to 1)."""


def _played(day: Day, moments: int, reprice: Reprice, *, waits: bool = False) -> int:
    """What a day gains that is re-priced before the first arrival of each of `moments` equal parts of it. Lots that wait are
    offered again at every new price and cleared at the end."""
    play, part, price = _Play(day), -1, day.yesterday
    for lot in day.arrivals.tolist():
        if int(day.at[lot] * moments) > part:
            part = int(day.at[lot] * moments)
            price = reprice(play, part / moments)
            for old in np.flatnonzero(play.open_kg).tolist():
                play.offer(old, price)
        play.open_kg[lot] = day.lot_kg[lot]
        play.offer(lot, price)
        if not waits:
            play.open_kg[lot] = 0
    if waits:
        play.clear_open()
    return play.gained


def _kept(play: _Play, now: float) -> Ints:
    """`clearing.foresight`: each lot of the last 24 hours comes once more in 24 hours, and demands close when the day ends."""
    day = play.day
    recent = np.where(day.today, day.at < now, day.at >= now)
    expected = np.rint(day.lot_kg * recent * (1 - now)).astype(np.int64)
    return np.maximum(_relaxed(day, expected + play.open_kg, play.room_kg)[1].demand_price - 1, 0)


def _mixed(play: _Play, now: float) -> Ints:
    """The prices at which what waits and what is expected would share the room that is left. Expected is what yesterday brought
    in so long a time and what today's pace so far would bring, blended: the later, the more of the second."""
    day, trust = play.day, now / (now + TRUST)
    today = trust * (1 - now) / max(now, 1e-9)
    share = np.where(day.today, np.where(day.at < now, today, 0), (1 - trust) * (1 - now))
    expected = np.rint(day.lot_kg * share).astype(np.int64)
    return _relaxed(day, expected + play.open_kg, play.room_kg)[1].demand_price


def _greedy(day: Day) -> int:
    """Offline: all pairs of the day, the highest gain first."""
    pairs = np.flatnonzero(day.today[day.found.lot])
    pairs = pairs[np.argsort(-day.found.weight[pairs], kind="stable")]
    left, room, gained = day.lot_kg.tolist(), day.room_kg.tolist(), 0
    columns = (day.found.lot, day.found.demand, day.found.weight)
    for lot, demand, weight in zip(*(column[pairs].tolist() for column in columns), strict=True):
        kg = min(left[lot], room[demand])
        left[lot] -= kg
        room[demand] -= kg
        gained += kg * weight
    return gained


RULES: dict[str, Callable[[Day], int]] = {
    OURS: lambda day: _played(day, 48, _kept, waits=True),
    "reserve prices, and what gains nothing is lost": lambda day: _played(day, 48, _kept),
    "first-come": lambda day: _played(day, 1, lambda play, _: np.zeros_like(play.room_kg)),
    "offline greedy": _greedy,
    "yesterday's prices": lambda day: _played(day, 1, lambda play, _: day.yesterday),
    "a mix, 12 times": lambda day: _played(day, 12, _mixed),
    "a mix, 48 times": lambda day: _played(day, 48, _mixed),
    "prices of the open book, cleared 48 times": lambda day: _played(day, 48, lambda play, _: play.clear_open(), waits=True),
}
"""The rules by name. The first is the room's where everything accepts by itself; a mix is of yesterday's lots and today's
arrivals so far; the last is what the room's would be without reserve prices."""
