"""What the catalogue is made of. All of it is frozen data; nothing here reads a file."""

from __future__ import annotations

from dataclasses import dataclass


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
class Limit:
    """A standard's limit of one attribute: `kind` is `min` or `max`."""

    attribute: str
    kind: str
    value: float


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
    """A family of materials; `compliance` is the code of its conditions list, empty where there is none."""

    code: str
    name_zh: str
    name_en: str
    synonyms_zh: tuple[str, ...]
    synonyms_en: tuple[str, ...]
    compliance: str


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
