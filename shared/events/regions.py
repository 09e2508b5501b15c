"""Topic `huanliu.regions`."""

from __future__ import annotations

from typing import Literal

from shared.events.base import Event, Moment


class VolumePosted(Event, type="volume.posted"):
    """What one event added to the volumes of `region` (origin) and `to_region` (destination, where there is one). `id` is the
    CloudEvents id of that event and `cause` its type; `at` is the time it counts by. Nothing is subtracted later."""

    lot_id: str
    cause: str
    grade: str
    region: str
    to_region: str | None = None
    listed_kg: int = 0
    agreed_kg: int = 0
    loaded_kg: int = 0
    received_kg: int = 0
    refused_kg: int = 0
    deducted_kg: int = 0
    withdrawn_kg: int = 0
    cancelled_kg: int = 0


class TargetChanged(Event, type="target.changed"):
    """A target as it is now; `id` is the target's. `kg` of `measure` on `side` of `region`, of one family or grade or of all,
    from `start` (inclusive) to `end`."""

    region: str
    material: str | None = None
    side: Literal["origin", "destination"]
    measure: str
    kg: int
    start: Moment
    end: Moment
    status: Literal["standing", "withdrawn"]
