"""Shapes that every room shares: strict bodies, queries, pages, positions, preconditions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

from shared.clock import cut_to_ms, iso
from shared.mongo import Page
from shared.problem import Fault, VersionIsStale

S = TypeVar("S")
T = TypeVar("T")


class Shape(BaseModel):
    """A body, in or out. JSON types are taken strictly and unknown fields are faults."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Query(BaseModel):
    """Query parameters: texts, converted. Unknown ones are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ListQuery(Query):
    """Of every list."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: str | None = None


class Position(Shape):
    """WGS 84."""

    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


def _in_utc(at: datetime) -> datetime:
    """In year 1 and 9999 an offset can lead out of the calendar."""
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise Fault("时间超出范围", "The time is out of range") from error


Time = Annotated[AwareDatetime, AfterValidator(_in_utc), PlainSerializer(iso, return_type=str, when_used="json")]
"""RFC 3339 with an offset; answered in UTC."""


class PageOut(Shape, Generic[S]):
    """`{"items": […], "next_cursor": …}`."""

    items: list[S]
    next_cursor: str | None = None


def page_of(page: Page[T], render: Callable[[T], S]) -> PageOut[S]:
    return PageOut(items=[render(one) for one in page.items], next_cursor=page.next_cursor)


@dataclass(frozen=True, slots=True)
class Precondition:
    """The If-Match of a PATCH: the version the caller read."""

    etag: str

    def check(self, version: int) -> None:
        """Raises VersionIsStale (412)."""
        if self.etag != "*" and etag_of(version) not in [tag.strip() for tag in self.etag.split(",")]:
            raise VersionIsStale(
                zh=f"当前版本是 {version}，请重新读取后再修改",
                en=f"It is at version {version} now; read it again, then change it",
            )


class Upload:
    """The multipart field «file». A transaction may run again, a file can be read but once: so it is here as a whole."""

    def __init__(self, name: str, content: bytes) -> None:
        self.name, self.content = name, content
        self._made: Any = None

    def once(self, make: Callable[[bytes], T]) -> Callable[[], T]:
        """`make` of the content, done when first asked for and never again: not even where the transaction is run again."""

        def made() -> T:
            if self._made is None:
                self._made = make(self.content)
            found: T = self._made
            return found

        return made


def etag_of(version: int) -> str:
    return f'"{version}"'


__all__ = [
    "ListQuery",
    "PageOut",
    "Position",
    "Precondition",
    "Query",
    "Shape",
    "Time",
    "Upload",
    "cut_to_ms",
    "etag_of",
    "page_of",
]
