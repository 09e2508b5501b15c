"""The catalogue."""

from __future__ import annotations

import hashlib

import orjson
from flask import Request

from services.listings.schemas import (
    MaterialsOut,
    MaterialsQuery,
)
from shared import catalogue
from shared.http import Answer, Routes

routes = Routes("listings")


@routes.get("/v1/materials", "materials.read", MaterialsOut)
def read_materials(query: MaterialsQuery, request: Request) -> Answer:
    """The catalogue of materials and grades."""
    families = catalogue.tree()["items"]
    items = [grade for family in families for grade in family["grades"]] if query.flat else families
    body = {**catalogue.common(), "items": items}
    etag = f'"{catalogue.edition()}-{hashlib.sha256(orjson.dumps(body)).hexdigest()[:16]}"'
    known = request.headers.get("If-None-Match") == etag
    return Answer(None if known else body, 304 if known else 200, {"ETag": etag})
