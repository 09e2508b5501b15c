"""Targets against outcome: a bullet with its pace for each, and the nation's, each figure with its measure and source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Response

from gateway.console.client import Ask
from gateway.console.formats import material_name
from gateway.console.visit import Visit
from shared.geo import region

MOST_PCT = 125.0
"""How far a bullet is drawn."""


@dataclass(frozen=True)
class Bullet:
    """A target with its progress; `reached`, `due` and `whole` are where it is drawn, 0 to 100."""

    item: dict[str, Any]
    material: str
    place: str
    reached: float
    due: float
    whole: float

    @property
    def is_behind(self) -> bool:
        return bool(self.item["progress"]["reached_t"] < self.item["progress"]["due_t"])


def targets(visit: Visit) -> Response:
    """Those of one region, or all; and the nation's."""
    code = visit.request.args.get("region", "")
    own, national = visit.api.all(
        Ask("/v1/targets", {"region": code, "status": "standing", "cursor": visit.request.args.get("cursor"), "limit": 50}),
        Ask("/v1/targets/national"),
    )
    assert own is not None
    return visit.render(
        "targets.html",
        bullets=bullets_of(own.body["items"], visit),
        cursor=own.body["next_cursor"],
        national=national,
        region=code,
    )


def bullets_of(items: Iterable[dict[str, Any]], visit: Visit) -> list[Bullet]:
    return [_bullet(item, visit) for item in items]


def _bullet(item: dict[str, Any], visit: Visit) -> Bullet:
    target, progress = item["target_t"], item["progress"]
    scale = 100 / MOST_PCT
    reached, due = (min(MOST_PCT, 100 * progress[name] / target) * scale for name in ("reached_t", "due_t"))
    material = material_name(item["material"], visit.t) if item["material"] else visit.t["all_materials"]
    found = region(item["region"])
    place = (found.name_zh if visit.t.code == "zh" else found.name_en) if found else item["region"]
    return Bullet(item, material, place, round(reached, 2), round(due, 2), round(100 * scale, 2))
