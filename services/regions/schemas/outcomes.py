"""Circulation, radius of supply, modes and avoided CO2e, each figure with its measure and its source."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PlainSerializer, WithJsonSchema

from services.regions.ledger import Avoided, Outcomes, Span
from services.regions.model import Quality
from services.regions.views import emission_source
from shared.http import Shape
from shared.http.shapes import Time
from shared.units import TonnesOut, div_half_up

Km = Annotated[
    int, PlainSerializer(lambda metres: div_half_up(metres, 100) / 10, return_type=float), WithJsonSchema({"type": "number"})
]
"""Out: metres shown as kilometres, to 0.1."""
Pct = Annotated[int, PlainSerializer(lambda bp: bp / 100, return_type=float), WithJsonSchema({"type": "number"})]
"""Out: basis points shown as per cent."""


class ModeOut(Shape):
    """`co2e_source` is where the mode's emission factor comes from."""

    mode: str
    received_t: TonnesOut
    share_pct: Pct
    co2e_source: str


class AvoidedOut(Shape):
    """`avoided_t` = `received_t` × `factor_kg_per_t` ÷ 1000, in tonnes of CO2e."""

    material: str
    received_t: TonnesOut
    avoided_t: TonnesOut
    factor_kg_per_t: int
    basis_zh: str
    basis_en: str
    quality: Quality
    source: str
    note: str

    @classmethod
    def of(cls, one: Avoided) -> AvoidedOut:
        factor = one.factor
        return cls(
            material=factor.material,
            received_t=one.kg,
            avoided_t=one.avoided_kg,
            factor_kg_per_t=factor.kg_per_t,
            basis_zh=factor.basis_zh,
            basis_en=factor.basis_en,
            quality=factor.quality,
            source=factor.source,
            note=factor.note,
        )


class WithoutFactorOut(Shape):
    material: str
    received_t: TonnesOut


class OutcomesOut(Shape):
    """Of the loads received in a region: measure `received`, net tonnes by the scale, counted where they were received. A share
    is null where nothing was received. Factors of different materials have different sources and bases: they are not summed.
    `withheld`: these are the caller's own loads alone."""

    region: str
    material: str | None
    from_: Annotated[Time | None, Field(serialization_alias="from", validation_alias="from")]
    to: Time | None
    measure: Literal["received"] = "received"
    withheld: bool
    loads: int
    received_t: TonnesOut
    arose_inside_t: TonnesOut
    circulation_pct: Pct | None
    radius_km: Km | None
    modes: list[ModeOut]
    freight_co2e_t: TonnesOut
    avoided: list[AvoidedOut]
    without_factor: list[WithoutFactorOut]

    @classmethod
    def of(cls, code: str, material: str | None, span: Span, found: Outcomes, withheld: bool) -> OutcomesOut:
        modes = [
            ModeOut(
                mode=mode,
                received_t=kg,
                share_pct=div_half_up(kg * 10_000, found.received_kg),
                co2e_source=emission_source(mode),
            )
            for mode, kg in found.by_mode.items()
            if kg
        ]
        return cls.model_validate(
            {
                "region": code,
                "material": material,
                "from": span.start,
                "to": span.end,
                "withheld": withheld,
                "loads": found.loads,
                "received_t": found.received_kg,
                "arose_inside_t": found.inside_kg,
                "circulation_pct": found.circulation_bp,
                "radius_km": found.radius_m,
                "modes": modes,
                "freight_co2e_t": found.freight_kg,
                "avoided": [AvoidedOut.of(one) for one in found.avoided],
                "without_factor": [WithoutFactorOut(material=one, received_t=kg) for one, kg in found.unfactored_kg.items()],
            }
        )
