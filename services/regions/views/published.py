"""What a reader sees of a region: everything, or what is published and its own firm's; and whether something is kept back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from services.regions import store
from services.regions.ledger import SHANGHAI, Place, city_of
from services.regions.ledger.periods import FORMATS
from services.regions.ledger.publishing import DAY, Own, PeriodOf, contained_in, shown_of
from services.regions.model import MEASURES, ORIGIN_ONLY, Fact, Grain, Level, Measure, Published
from services.regions.views.sight import Sight, sight_of_found
from services.regions.views.volumes import (
    Asked,
    Flow,
    Found,
    Kind,
    VolumeRow,
    code_of,
    flows,
    list_regions,
    place,
    places,
    volumes_of,
)
from shared.auth import Caller
from shared.mongo import Unit

R = TypeVar("R")
MOST_PARTS = 200


@dataclass(frozen=True)
class Seen(Generic[R]):
    """Rows, and whether more stands behind them than the reader may see."""

    rows: Sequence[R]
    withheld: bool


def volumes_seen(unit: Unit, code: str, sight: Sight, asked: Asked) -> Seen[VolumeRow]:
    """The volumes of a region as a reader may see them. Raises NotFound."""
    return _volumes_seen(unit, [place(unit, code)], sight, asked)[0]


def parts_seen(
    unit: Unit, caller: Caller, parent: str | None, kind: Kind | None, asked: Asked
) -> list[tuple[Found, dict[str, int], bool]]:
    """Each part with its kilograms by measure, as `volumes_seen` shows them to the caller, and whether there may be more."""
    found, _ = list_regions(unit, parent, kind, None, MOST_PARTS)
    seen: dict[str, Seen[VolumeRow]] = {}
    of_sight: defaultdict[Sight, list[Place]] = defaultdict(list)
    for one, there in zip(found, places(unit, found), strict=True):
        of_sight[sight_of_found(caller, one)].append(there)
    for sight, some in of_sight.items():
        seen |= zip((there.code for there in some), _volumes_seen(unit, some, sight, asked), strict=True)
    return [(one, _summed(seen[code_of(one)].rows), seen[code_of(one)].withheld) for one in found]


def _volumes_seen(unit: Unit, there: Sequence[Place], sight: Sight, asked: Asked) -> list[Seen[VolumeRow]]:
    if sight.whole:
        return [Seen(rows, False) for rows in volumes_of(unit, there, asked)]
    public = [one for one in there if _is_public(one, asked)]
    until = _published_until(unit) if public else None
    pieces = store.pieces(unit, public, asked.side, asked.wanted()) if until is not None else []
    own = list(store.own_facts(unit, there, asked.side, asked.wanted(), sight.firm))
    name = _namer(asked)
    return [_shown(one, asked, name, pieces, own, until if one in public else None) for one in there]


def _shown(
    there: Place,
    asked: Asked,
    name: PeriodOf,
    pieces: Sequence[Published],
    own: Sequence[tuple[Fact, Grain]],
    until: datetime | None,
) -> Seen[VolumeRow]:
    """Of a place: which of the pieces and of the firm's own facts lie in it. `until` None: nothing is published of it."""
    at_origin = asked.side == "origin"
    within = [one for one in pieces if there.holds(one.from_place if at_origin else one.to_place)] if until else []
    mine = [
        Own(name(fact.at), grain)
        for fact, grain in own
        if (there.holds(fact.region, fact.site_id) if at_origin else there.holds(fact.to_region, fact.to_site_id))
    ]
    measures: list[Measure] = [one for one in MEASURES if at_origin or one not in ORIGIN_ONLY]
    shown = shown_of(within, mine, name, measures, _level(there))
    rows = []
    for (period, grade), one in sorted(shown.items()):
        one.withheld |= until is None or period >= name(until)
        if one.kg or one.own:
            none = dict.fromkeys(MEASURES, 0)
            rows.append(VolumeRow(period, grade, {**none, **one.kg}, {**none, **one.own}, one.withheld))
    kept_back = until is None or asked.span.end is None or asked.span.end > until
    return Seen(rows, kept_back or any(one.withheld for one in shown.values()))


def _summed(rows: Iterable[VolumeRow]) -> dict[str, int]:
    sums: dict[str, int] = dict.fromkeys(MEASURES, 0)
    for row in rows:
        for measure in MEASURES:
            sums[measure] += row.kg.get(measure, 0)
    return sums


def flows_seen(unit: Unit, code: str, sight: Sight, asked: Asked) -> Seen[Flow]:
    """The flows of a region as a reader may see them, the largest first: published ones from city to city or province to
    province, its own beside them from county to county. Raises NotFound."""
    if sight.whole:
        return Seen(flows(unit, code, asked), False)
    there, wanted = place(unit, code), asked.wanted()
    until = _published_until(unit) if _is_public(there, asked) and not asked.by_mode else None
    pieces = store.pieces(unit, [there], None, wanted) if until is not None else []
    known = {one.id: one for one in pieces if "received" in one.kg}
    sums: defaultdict[tuple[str, str, str, str | None], list[int]] = defaultdict(lambda: [0, 0])
    for piece in known.values():
        sums[piece.from_place, str(piece.to_place), piece.grade, None][0] += piece.kg["received"]
    for fact, grain in store.own_facts(unit, [there], None, wanted, sight.firm):
        kg = grain.kg.get("received", 0)
        within = contained_in(grain, "received", known)
        if within is not None:
            sums[known[within].from_place, str(known[within].to_place), grain.grade, None][1] += kg
        elif kg:
            way = sums[grain.region, str(grain.to_region), grain.grade, fact.mode if asked.by_mode else None]
            way[0], way[1] = way[0] + kg, way[1] + kg
    rows = [Flow(here, to, grade, kg, mode, own) for (here, to, grade, mode), (kg, own) in sums.items() if kg]
    kept_back = until is None or asked.span.end is None or asked.span.end > until
    withheld = kept_back or any("received" in one.withheld for one in pieces if one.level == _level(there))
    return Seen(sorted(rows, key=lambda one: (-one.received_kg, one.from_region, one.to_region, one.material)), withheld)


def _is_public(there: Place, asked: Asked) -> bool:
    """Whether what is published can answer: days in China, of all modes, of nothing less than a city."""
    if there.sites is not None or asked.mode is not None or asked.granularity == "hour" or asked.zone != SHANGHAI:
        return False
    return all(len(one) < 6 or city_of(one) == one for one in there.within)


def _level(there: Place) -> Level:
    return "province" if all(len(one) == 2 for one in there.within) else "city"


def _published_until(unit: Unit) -> datetime | None:
    """When the first day begins of which nothing is published yet; None where nothing ever was."""
    last = store.last_published(unit)
    return None if last is None else last.recorded + DAY


def _namer(asked: Asked) -> PeriodOf:
    zone, form = ZoneInfo(asked.zone), FORMATS[asked.granularity]

    @cache
    def name(at: datetime) -> str:
        return at.astimezone(zone).strftime(form)

    return name
