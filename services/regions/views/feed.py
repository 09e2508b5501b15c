"""Everything of a region in flat rows, for programs that refresh by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from services.regions.model import MEASURES, Measure, Named, Side
from services.regions.views.names import material_name, place_name
from services.regions.views.published import Seen, volumes_seen
from services.regions.views.sight import Sight
from services.regions.views.volumes import Asked, VolumeRow
from shared.mongo import Unit

SIDES: tuple[Side, ...] = ("origin", "destination")


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One measure of one material on one side in one period."""

    region: str
    place: Named
    period: str
    side: Side
    material: str
    name: Named
    measure: Measure
    kg: int
    own_kg: int | None
    withheld: bool


def feed(unit: Unit, code: str, sight: Sight, asked: Asked) -> Seen[FeedRow]:
    """Both sides of a region's volumes, a row for each measure that is not zero. Raises NotFound."""
    name = place_name(unit, code)
    seen = {side: volumes_seen(unit, code, sight, replace(asked, side=side)) for side in SIDES}
    rows = [row for side in SIDES for one in seen[side].rows for row in _rows(code, name, side, one)]
    return Seen(rows, any(one.withheld for one in seen.values()))


def _rows(code: str, name: Named, side: Side, one: VolumeRow) -> Iterator[FeedRow]:
    material = material_name(one.material)
    for measure in MEASURES:
        if one.kg[measure]:
            own = None if one.own is None else one.own[measure]
            yield FeedRow(code, name, one.period, side, one.material, material, measure, one.kg[measure], own, one.withheld)
