"""The catalogue of materials: families, grades, standards and quality attributes, read from the tables in `data/`."""

from __future__ import annotations

from shared.catalogue.material import (
    Attribute,
    Basis,
    ComplianceList,
    Edition,
    Family,
    Grade,
    HardStop,
    Limit,
    Standard,
    TaxCategory,
    TaxRule,
)
from shared.catalogue.quality import Fault, attribute_faults, quality_faults
from shared.catalogue.query import common, matches, resolve, search_terms, tree
from shared.catalogue.rules import bases, edition, editions, hard_stop, hard_stops, names_of_several, tax_categories, tax_rules
from shared.catalogue.tables import (
    attribute,
    attributes,
    compliance_list,
    compliance_lists,
    families,
    family,
    family_of,
    grade,
    grades,
)

__all__ = [
    "Attribute",
    "Basis",
    "ComplianceList",
    "Edition",
    "Family",
    "Fault",
    "Grade",
    "HardStop",
    "Limit",
    "Standard",
    "TaxCategory",
    "TaxRule",
    "attribute",
    "attribute_faults",
    "attributes",
    "bases",
    "common",
    "compliance_list",
    "compliance_lists",
    "edition",
    "editions",
    "families",
    "family",
    "family_of",
    "grade",
    "grades",
    "hard_stop",
    "hard_stops",
    "matches",
    "names_of_several",
    "quality_faults",
    "resolve",
    "search_terms",
    "tax_categories",
    "tax_rules",
    "tree",
]
