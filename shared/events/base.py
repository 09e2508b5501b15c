"""What every event has, and the registry by type name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, PlainSerializer

from shared.clock import iso

Moment = Annotated[AwareDatetime, PlainSerializer(iso, return_type=str, when_used="json")]

REGISTRY: dict[str, type[Event]] = {}


class Value(BaseModel):
    """A frozen part of an event. Unknown fields are passed over, so that a reader survives a newer writer."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


def ids_in(value: Value) -> Iterator[str]:
    """Every id that a part of an event names: fields `id` and `…_id`, of its parts as well."""
    for name in type(value).model_fields:
        field = getattr(value, name)
        if isinstance(field, Value):
            yield from ids_in(field)
        elif isinstance(field, str) and (name == "id" or name.endswith("_id")):
            yield field


class Event(Value):
    """One fact. `id` is the aggregate's id and the Kafka key; `version` orders the aggregate's events; `at` says when."""

    TYPE: ClassVar[str]
    ROOM: ClassVar[str]

    id: str
    version: int
    at: Moment

    def __init_subclass__(cls, type: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if type is not None:
            cls.TYPE = f"huanliu.{type}.v1"
            cls.ROOM = cls.__module__.rsplit(".", 1)[-1]
            if cls.TYPE in REGISTRY:
                raise ValueError(f"{cls.TYPE} is defined twice")
            REGISTRY[cls.TYPE] = cls


class Point(Value):
    """WGS 84."""

    lat: float
    lon: float


class ComplianceEntry(Value):
    """An entry of a compliance list (规范条件): the list is a material family; `valid_until` is exclusive."""

    list: str
    category: str | None = None
    valid_from: Moment
    valid_until: Moment


def valid_at(entries: tuple[ComplianceEntry, ...], family: str, at: datetime) -> bool:
    """Whether one of `entries` covers `family` at that moment."""
    return any(entry.list == family and entry.valid_from <= at < entry.valid_until for entry in entries)
