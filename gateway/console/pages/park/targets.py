"""Targets against outcome: a bullet with its pace for each, and the nation's, each figure with its measure and source; and the
form in which the operator sets one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Response

from gateway.console.client import Ask
from gateway.console.formats import just_before, material_name
from gateway.console.pages.park.looking import MEASURES, SIDES, as_csv, named_region
from gateway.console.pages.park.setting import Setting, set_by_hand
from gateway.console.visit import Visit
from shared.catalogue import families, grades

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
    def ends(self) -> str:
        return just_before(self.item["to"])

    @property
    def is_behind(self) -> bool:
        return bool(self.item["progress"]["reached_t"] < self.item["progress"]["due_t"])


STATUSES = ("standing", "withdrawn")
TARGET = Setting(
    "target",
    "/v1/targets",
    "/park/targets",
    "/park/targets",
    fields=("region", "material", "side", "measure", "target_t", "from", "to", "source"),
    changed=("target_t", "to", "source"),
    numbers=("target_t",),
)


def targets(visit: Visit) -> Response:
    """Those of one region, or all, that stand or were withdrawn; and the nation's."""
    args = visit.request.args
    code, status = args.get("region", ""), args.get("status", "")
    status = status if status in STATUSES else "standing"
    query = {"region": code, "status": status}
    if (table := as_csv(visit, "/v1/targets", query, "targets")) is not None:
        return table
    own, national = visit.api.all(
        Ask("/v1/targets", {**query, "cursor": args.get("cursor"), "limit": 50}),
        Ask("/v1/targets/national"),
    )
    assert own is not None
    return visit.render(
        "targets.html",
        bullets=bullets_of(own.body["items"], visit),
        cursor=own.body["next_cursor"],
        national=national,
        region=code,
        place=named_region(code, visit.t),
        chosen=status,
        statuses=STATUSES,
    )


def target(visit: Visit, target_id: str) -> Response:
    """One to set, to change, to withdraw or to bring back."""
    families_ = [(one.code, material_name(one.code, visit.t)) for one in families()]
    grades_ = [(one.code, f"{material_name(one.family, visit.t)} · {material_name(one.code, visit.t)}") for one in grades()]
    options = {
        "materials": [("", visit.t["all_materials"]), *families_, *grades_],
        "sides": [(one, visit.t[f"side_{one}"]) for one in SIDES],
        "measures": [(one, visit.t[f"measure_{one}"]) for one in MEASURES],
        "material": lambda code: material_name(code, visit.t) if code else visit.t["all_materials"],
    }
    return set_by_hand(visit, TARGET, target_id, options)


def bullets_of(items: Iterable[dict[str, Any]], visit: Visit) -> list[Bullet]:
    return [_bullet(item, visit) for item in items]


def _bullet(item: dict[str, Any], visit: Visit) -> Bullet:
    target, progress = item["target_t"], item["progress"]
    scale = 100 / MOST_PCT
    reached, due = (min(MOST_PCT, 100 * progress[name] / target) * scale for name in ("reached_t", "due_t"))
    material = material_name(item["material"], visit.t) if item["material"] else visit.t["all_materials"]
    place = named_region(item["region"], visit.t)
    return Bullet(item, material, place, round(reached, 2), round(due, 2), round(100 * scale, 2))
