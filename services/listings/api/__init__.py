"""The routes of listings, one file for each part."""

from __future__ import annotations

from services.listings.api import (
    attachments,
    counterparties,
    demands,
    exports,
    imports,
    lots,
    materials,
    operations,
    recurrences,
    search,
)

TABLES = (
    materials.routes,
    lots.routes,
    demands.routes,
    recurrences.routes,
    attachments.routes,
    imports.routes,
    exports.routes,
    counterparties.routes,
    search.routes,
    operations.routes,
)
