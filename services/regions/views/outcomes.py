"""What became of the material that a region received."""

from __future__ import annotations

from functools import cache
from typing import cast

from services.regions import store
from services.regions.ledger import Outcomes, outcomes_of
from services.regions.model import Factor, Quality
from services.regions.views.sight import Sight
from services.regions.views.volumes import Asked, place
from shared.mongo import Unit
from shared.tables import read_table


def outcomes(unit: Unit, code: str, sight: Sight, asked: Asked) -> Outcomes:
    """Of the loads received in the region; a firm's own alone where the caller does not see the region in full. Raises
    NotFound."""
    received = list(store.sum_received(unit, place(unit, code), sight.own(), asked.material, asked.span))
    return outcomes_of(received, factor_of)


@cache
def factors() -> dict[str, Factor]:
    """What a tonne of recycled material avoids, by family or grade."""
    return {
        row["material"]: Factor(
            row["material"],
            int(row["kg_per_t"]),
            row["basis_zh"],
            row["basis_en"],
            cast(Quality, row["quality"]),
            row["source"],
            row["note"],
        )
        for row in read_table("services.regions", "avoided.csv")
    }


@cache
def emission_source(mode: str) -> str:
    """Where the freight table's emission factor of a mode comes from; empty for a mode without one."""
    rows = read_table("shared.catalogue", "freight.csv")
    return next((row["source"] for row in rows if row["mode"] == mode and row["item"] == "co2e"), "")


def factor_of(grade: str) -> Factor | None:
    """The grade's own factor, else its family's; None where no source gives one."""
    return factors().get(grade) or factors().get(grade.split(".")[0])
