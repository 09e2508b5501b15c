"""Asking the catalogue: what a `material` selects, what a typed name means, what goes into the index, the public tree."""

from __future__ import annotations

from functools import cache
from typing import Any

from shared.catalogue.material import Family, Grade, Standard
from shared.catalogue.tables import attribute, compliance_list, families, family, family_of, grade, grades
from shared.text import plain


def matches(material: str, grade_code: str) -> bool:
    """Whether `material`, a family or a grade, selects the grade."""
    return material in (grade_code, family_of(grade_code))


def search_terms(grade_code: str) -> tuple[list[str], list[str]]:
    """Chinese and English words under which a grade is looked for: names, synonyms, family, codes of standards."""
    found = grade(grade_code)
    kin = family(family_of(grade_code))
    if found is None or kin is None:
        return [], []
    codes = [grade_code, *(standard.code for standard in found.standards)]
    zh = [found.name_zh, *found.synonyms_zh, kin.name_zh, *kin.synonyms_zh]
    en = [found.name_en, *found.synonyms_en, kin.name_en, *kin.synonyms_en, *codes]
    return list(dict.fromkeys(zh)), list(dict.fromkeys(en))


def resolve(text: str) -> Grade | None:
    """The grade that a person names in either language, by code, name, synonym or a national standard's code."""
    return _names().get(_key(text))


def _key(text: str) -> str:
    return "".join(plain(text).casefold().split())


@cache
def _names() -> dict[str, Grade]:
    names: dict[str, Grade] = {}
    for found in grades():
        codes = [s.code for s in found.standards if s.standard in ("GB/T 4223", "GB/T 39733") and s.limits]
        for name in (found.code, found.name_zh, found.name_en, *found.synonyms_zh, *found.synonyms_en, *codes):
            names.setdefault(_key(name), found)
    return names


def tree() -> dict[str, Any]:
    """The whole catalogue as JSON: families with their grades, each with standards and quality attributes."""
    return {"items": [_family_json(kin) for kin in families()]}


def _family_json(kin: Family) -> dict[str, Any]:
    listed = compliance_list(kin.compliance)
    return {
        "code": kin.code,
        "name_zh": kin.name_zh,
        "name_en": kin.name_en,
        "synonyms": {"zh": list(kin.synonyms_zh), "en": list(kin.synonyms_en)},
        "compliance": listed and {"code": listed.code, "name_zh": listed.name_zh, "name_en": listed.name_en},
        "grades": [_grade_json(found) for found in grades() if found.family == kin.code],
    }


def _grade_json(found: Grade) -> dict[str, Any]:
    return {
        "code": found.code,
        "family": found.family,
        "name_zh": found.name_zh,
        "name_en": found.name_en,
        "synonyms": {"zh": list(found.synonyms_zh), "en": list(found.synonyms_en)},
        "licence": found.licence or None,
        "standards": [_standard_json(standard) for standard in found.standards],
        "quality": [_attribute_json(name) for name in found.attributes],
    }


def _standard_json(standard: Standard) -> dict[str, Any]:
    limits: dict[str, dict[str, float]] = {}
    for limit in standard.limits:
        limits.setdefault(limit.attribute, {})[limit.kind] = limit.value
    return {
        "standard": standard.standard,
        "edition": standard.edition or None,
        "code": standard.code,
        "name": standard.name,
        "limits": limits,
        "source": standard.source,
        "verified": standard.verified,
    }


def _attribute_json(name: str) -> dict[str, Any]:
    found = attribute(name)
    if found is None:
        raise LookupError(f"the catalogue's grades name an attribute that it lacks: {name}")
    return {
        "name": found.name,
        "unit": found.unit,
        "name_zh": found.name_zh,
        "name_en": found.name_en,
        "min": found.minimum,
        "max": found.maximum,
    }
