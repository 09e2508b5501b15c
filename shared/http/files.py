"""Kept files as answers."""

from __future__ import annotations

from flask import Request

from shared.files import FileContent
from shared.http.routes import Answer


def file_answer(file: FileContent, request: Request, disposition: str) -> Answer:
    """Bytes that never change under their address; 304 where the caller has them."""
    headers = {
        "ETag": f'"{file.sha256}"',
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Type": file.content_type,
        "Content-Disposition": disposition,
        "X-Content-Type-Options": "nosniff",
    }
    known = request.headers.get("If-None-Match") == headers["ETag"]
    return Answer(None if known else file.content, 304 if known else 200, headers)
