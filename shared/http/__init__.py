"""HTTP for every room: a table of routes, each with its action in the authorisation table, and one way through it.

A request is one transaction (`shared.mongo.Unit`). The way: trace, token, role, body and query with all faults at once,
idempotency, the room's service, ETag, or a problem in the caller's language.
"""

from shared.http.app import create_app
from shared.http.files import file_answer
from shared.http.routes import Answer, Routes, created
from shared.http.shapes import ListQuery, PageOut, Position, Precondition, Query, Shape, Upload, page_of

__all__ = [
    "Answer",
    "ListQuery",
    "PageOut",
    "Position",
    "Precondition",
    "Query",
    "Routes",
    "Shape",
    "Upload",
    "create_app",
    "created",
    "file_answer",
    "page_of",
]
