"""Topic `huanliu.regions`."""

from __future__ import annotations

from shared.events.base import Event


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
