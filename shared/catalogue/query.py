"""Asking the catalogue: what a `material` selects, what a typed name means, what goes into the index, the public tree."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from shared.catalogue.material import Family, Grade, HardStop, Limit, Standard, TaxCategory, Trait
from shared.catalogue.rules import bases, edition, hard_stops, names_of_several, tax_categories, tax_category, traits
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
    codes += [name for name, meant in names_of_several().items() if grade_code in meant]
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


def common() -> dict[str, Any]:
    """What the grades of the tree refer to, as JSON: the edition, hard stops, tax categories and traits by code, each once."""
    return {
        "edition": edition(),
        "hard_stops": [_hard_stop_json(stop) for stop in hard_stops()],
        "tax_categories": [_tax_json(category) for category in tax_categories()],
        "traits": [_trait_json(one) for one in traits()],
    }


def _family_json(kin: Family) -> dict[str, Any]:
    return {
        "code": kin.code,
        "name_zh": kin.name_zh,
        "name_en": kin.name_en,
        "synonyms": {"zh": list(kin.synonyms_zh), "en": list(kin.synonyms_en)},
        "compliance": _compliance_json(kin),
        "tax_category": kin.tax,
        "traits": {one.code: [value.code for value in found] for one in traits() if (found := one.of(kin.code))},
        "grades": [_grade_json(found) for found in grades() if found.family == kin.code],
    }


def _compliance_json(kin: Family) -> dict[str, Any] | None:
    listed = compliance_list(kin.compliance)
    if listed is None:
        return None
    names = {"code": listed.code, "name_zh": listed.name_zh, "name_en": listed.name_en}
    return {**names, "edition": listed.edition or None}


def _hard_stop_json(stop: HardStop) -> dict[str, Any]:
    return {
        "code": stop.code,
        "name_zh": stop.name_zh,
        "name_en": stop.name_en,
        "limits": _limits_json(stop.limits),
        "text_zh": stop.text_zh,
        "text_en": stop.text_en,
        "families": list(stop.families) or None,
        "source": stop.source,
    }


def _trait_json(one: Trait) -> dict[str, Any]:
    values = [{"code": value.code, "name_zh": value.name_zh, "name_en": value.name_en} for value in one.values]
    return {"code": one.code, "name_zh": one.name_zh, "name_en": one.name_en, "values": values}


def _tax_json(category: TaxCategory) -> dict[str, Any]:
    """Figures are numbers in per cent or CNY; their days are inclusive, null while the rule stands."""
    return {
        "code": category.code,
        "name_zh": category.name_zh,
        "name_en": category.name_en,
        "rules": [
            {
                "rule": one.rule,
                "low": float(one.low),
                "high": float(one.high),
                "unit": one.unit,
                "valid_from": one.valid_from,
                "valid_until": one.valid_until or None,
                "source": one.source,
                "verified": one.verified,
            }
            for one in category.rules
        ],
    }


def _grade_json(found: Grade) -> dict[str, Any]:
    kin = family(found.family)
    if kin is None or tax_category(kin.tax) is None:
        raise LookupError(f"the catalogue lacks the family or the tax category of {found.code}")
    return {
        "code": found.code,
        "family": found.family,
        "name_zh": found.name_zh,
        "name_en": found.name_en,
        "synonyms": {"zh": list(found.synonyms_zh), "en": list(found.synonyms_en)},
        "licence": found.licence or None,
        "compliance": _compliance_json(kin),
        "tax_category": kin.tax,
        "hard_stops": [stop.code for stop in hard_stops(found.family)],
        "standards": [_standard_json(standard) for standard in found.standards],
        "quality": [_attribute_json(name) for name in found.attributes],
    }


def _limits_json(limits: Iterable[Limit]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for limit in limits:
        found.setdefault(limit.attribute, {})[limit.kind] = limit.value
    return found


def _standard_json(standard: Standard) -> dict[str, Any]:
    return {
        "standard": standard.standard,
        "edition": standard.edition or None,
        "code": standard.code,
        "name": standard.name,
        "limits": _limits_json(standard.limits),
        "source": standard.source,
        "verified": standard.verified,
    }


def _attribute_json(name: str) -> dict[str, Any]:
    found = attribute(name)
    if found is None:
        raise LookupError(f"the catalogue's grades name an attribute that it lacks: {name}")
    stated = bases().get(name)
    return {
        "name": found.name,
        "unit": found.unit,
        "name_zh": found.name_zh,
        "name_en": found.name_en,
        "min": found.minimum,
        "max": found.maximum,
        "basis": stated and {"code": stated.basis, "zh": stated.basis_zh, "en": stated.basis_en},
    }
