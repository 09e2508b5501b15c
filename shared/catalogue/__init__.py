"""The catalogue of materials: families, grades, standards and quality attributes, read from the tables in `data/`."""

from __future__ import annotations

from shared.catalogue.material import Attribute, ComplianceList, Family, Grade, Limit, Standard
from shared.catalogue.quality import Fault, attribute_faults, quality_faults
from shared.catalogue.query import matches, resolve, search_terms, tree
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
    "ComplianceList",
    "Family",
    "Fault",
    "Grade",
    "Limit",
    "Standard",
    "attribute",
    "attribute_faults",
    "attributes",
    "compliance_list",
    "compliance_lists",
    "families",
    "family",
    "family_of",
    "grade",
    "grades",
    "matches",
    "quality_faults",
    "resolve",
    "search_terms",
    "tree",
]
