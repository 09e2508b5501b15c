"""What the catalogue is made of. All of it is frozen data; nothing here reads a file."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition of the whole catalogue; lots and demands keep the `code` of the one they were listed under."""

    code: str
    published: str
    changes_zh: str
    changes_en: str


@dataclass(frozen=True, slots=True)
class ComplianceList:
    """A list of enterprises that meet a sector's conditions (规范条件)."""

    code: str
    name_zh: str
    name_en: str
    edition: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """A quality attribute; its name ends in its unit. `minimum` and `maximum` are what can be declared at all.

    `hard_stop` names the hazard for attributes whose maximum is a limit of GB/T 4223 beyond which nothing is traded.
    """

    name: str
    unit: str
    name_zh: str
    name_en: str
    minimum: float
    maximum: float
    hard_stop: str


@dataclass(frozen=True, slots=True)
class TraitValue:
    """A word that a lot may say of itself, with those that people write for it."""

    code: str
    name_zh: str
    name_en: str
    synonyms_zh: tuple[str, ...]
    synonyms_en: tuple[str, ...]
    families: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return (self.code, self.name_zh, self.name_en, *self.synonyms_zh, *self.synonyms_en)


@dataclass(frozen=True, slots=True)
class Trait:
    """What of a lot is a word and no figure. A family whose forms ask for it has at least one of its values."""

    code: str
    name_zh: str
    name_en: str
    values: tuple[TraitValue, ...]

    def of(self, family: str) -> tuple[TraitValue, ...]:
        """The values that a family's forms ask for."""
        return tuple(one for one in self.values if family in one.families)


@dataclass(frozen=True, slots=True)
class Limit:
    """A standard's limit of one attribute: `kind` is `min` or `max`."""

    attribute: str
    kind: str
    value: float


@dataclass(frozen=True, slots=True)
class Basis:
    """What an attribute's figure refers to (wet or dry mass, …). `verified` is False for an assumption."""

    attribute: str
    basis: str
    basis_zh: str
    basis_en: str
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class HardStop:
    """What makes a load be refused whatever its grade. `limits` are what is still allowed; without any the hazard is not
    allowed at all. `families` is empty where it concerns every one."""

    code: str
    name_zh: str
    name_en: str
    limits: tuple[Limit, ...]
    text_zh: str
    text_en: str
    families: tuple[str, ...]
    source: str

    def concerns(self, family: str) -> bool:
        return not self.families or family in self.families


@dataclass(frozen=True, slots=True)
class TaxRule:
    """A dated figure of a tax category, `low` to `high` in `unit`; days are inclusive, `valid_until` empty while it stands."""

    category: str
    rule: str
    low: Decimal
    high: Decimal
    unit: str
    valid_from: str
    valid_until: str
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class TaxCategory:
    """How a material's sale is taxed; its figures are `rules`, dated."""

    code: str
    name_zh: str
    name_en: str
    rules: tuple[TaxRule, ...]


@dataclass(frozen=True, slots=True)
class Standard:
    """A code of a standard that describes a grade; the edition is part of the key.

    `verified` is False for what was written down from memory: an assumption.
    """

    standard: str
    edition: str
    code: str
    name: str
    limits: tuple[Limit, ...]
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Family:
    """A family of materials; `compliance` is the code of its conditions list, empty where there is none; `tax` is the code of
    its tax category."""

    code: str
    name_zh: str
    name_en: str
    synonyms_zh: tuple[str, ...]
    synonyms_en: tuple[str, ...]
    compliance: str
    tax: str


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade, coded `<family>.<grade>`; `licence` is what a taker must hold beyond the family's list."""

    code: str
    family: str
    name_zh: str
    name_en: str
    synonyms_zh: tuple[str, ...]
    synonyms_en: tuple[str, ...]
    attributes: tuple[str, ...]
    standards: tuple[Standard, ...]
    licence: str
