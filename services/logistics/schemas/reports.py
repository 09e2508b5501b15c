"""Shapes of what is reported of a load: one per type of step, told apart by `type`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, RootModel, StringConstraints, ValidationError, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails

from services.logistics.model import Changes, Report, Reported
from shared import catalogue
from shared.events.base import Point
from shared.http import Shape
from shared.http.shapes import Time, cut_to_ms
from shared.problem import Fault
from shared.units import Tonnes

MAX_SCALE_KG = 10_000_000
"""More than any scale or draught survey of one load shows: a slip of the keyboard."""


def _known_grade(code: str) -> str:
    if catalogue.grade(code) is None:
        raise Fault(f"没有这个品种：{code[:40]}", f"There is no grade {code[:40]}; see /v1/materials")
    return code


def _on_a_scale(kg: int) -> int:
    if kg > MAX_SCALE_KG:
        raise Fault("不能大于 10000 吨", "This must be at most 10000 t")
    return kg


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Pct = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Scale = Annotated[Tonnes, AfterValidator(_on_a_scale)]
Grade = Annotated[str, AfterValidator(_known_grade)]


class _Step(Shape):
    at: Time

    def _plain(self, kind: Reported, **details: Any) -> Report:
        """As the model takes it."""
        return Report(kind, cut_to_ms(self.at), **details)


class BareIn(_Step):
    """The steps that say no more than when."""

    type: Literal["booked", "loaded", "arrived", "received", "returned"]

    def report(self) -> Report:
        return self._plain(self.type)


class PositionIn(_Step):
    """Where the vehicle is (WGS 84)."""

    type: Literal["position"]
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]

    def report(self) -> Report:
        return self._plain("position", position=Point(lat=self.lat, lon=self.lon))


class WeighedIn(_Step):
    """A ticket of the buyer's weighbridge."""

    type: Literal["weighed"]
    gross_t: Scale
    tare_t: Scale
    ticket: Number

    @model_validator(mode="after")
    def heavier_than_empty(self) -> Self:
        if self.gross_t <= self.tare_t:
            raise Fault("毛重应大于皮重", "The gross must be greater than the tare", "/gross_t")
        return self

    def report(self) -> Report:
        return self._plain("weighed", gross_kg=self.gross_t, tare_kg=self.tare_t, ticket=self.ticket)


class InspectedIn(_Step):
    """What the inspection found; what it did not measure deducts nothing."""

    type: Literal["inspected"]
    moisture_pct: Pct | None = None
    impurity_pct: Pct | None = None
    grade: Grade | None = None

    def report(self) -> Report:
        return self._plain("inspected", moisture_pct=self.moisture_pct, impurity_pct=self.impurity_pct, found_grade=self.grade)


class RefusedIn(_Step):
    type: Literal["refused"]
    reason: Text

    def report(self) -> Report:
        return self._plain("refused", reason=self.reason)


_Any = Annotated[BareIn | PositionIn | WeighedIn | InspectedIn | RefusedIn, Field(discriminator="type")]


class EventIn(RootModel[_Any]):
    """One step of a load."""

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """As usual, but pointers say `/gross_t`, not `/weighed/gross_t`."""
        try:
            return super().model_validate_json(json_data, **options)
        except ValidationError as error:
            raise ValidationError.from_exception_data(cls.__name__, [_untagged(one) for one in error.errors()]) from error

    def report(self) -> Report:
        return self.root.report()


class CorrectionIn(Shape):
    """What is put right of a received load, and why: what is left out stands. `received_at` is when it was received."""

    reason: Text
    received_at: Time | None = None
    gross_t: Scale | None = None
    tare_t: Scale | None = None
    ticket: Number | None = None
    moisture_pct: Pct | None = None
    impurity_pct: Pct | None = None

    def changes(self) -> Changes:
        at = cut_to_ms(self.received_at) if self.received_at is not None else None
        figures = self.gross_t, self.tare_t, self.ticket, self.moisture_pct, self.impurity_pct
        return Changes(self.reason, at, *figures)


def _untagged(error: ErrorDetails) -> InitErrorDetails:
    """A fault without the union's tag in its place; of an unknown tag, at `/type`."""
    kind, context, place = error["type"], error.get("ctx", {}), error["loc"][1:]
    if kind == "union_tag_not_found":
        kind, context, place = "missing", {}, ("type",)
    if kind == "union_tag_invalid":
        kind, context, place = "literal_error", {"expected": context["expected_tags"]}, ("type",)
    return InitErrorDetails(type=kind, loc=place, input=error["input"], ctx=context)
