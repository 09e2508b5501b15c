"""What becomes of the material: loads received, where they arose, how far and by what they came, what that avoids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Quality = Literal["published", "secondary", "weak"]


@dataclass(frozen=True)
class Factor:
    """Kilograms of CO2e avoided per tonne received of a family or grade, and how far that can be leaned on."""

    material: str
    kg_per_t: int
    basis_zh: str
    basis_en: str
    quality: Quality
    source: str
    note: str


@dataclass(frozen=True)
class Received:
    """Loads of one grade by one mode, summed: `kg` net; `hauled_kg` of those whose way is known, and `metre_kg` their sum of
    distance × kg. `inside` says that they arose in the same region."""

    grade: str
    mode: str
    inside: bool
    loads: int
    kg: int
    hauled_kg: int
    metre_kg: int
