"""What the browser is sent beside pages: our own files and those that `npm ci` brought, each under an address that names
its content, so that a browser may keep it for ever.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Request, Response

from shared.problem import NotFound

HERE = Path(__file__).parent
PREFIX = "/console/assets"
OTHERS = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "echarts.js": ".bundled/echarts.js",
    "noto-sans-sc.css": "@fontsource-variable/noto-sans-sc/index.css",
}
"""Files of others by the name that pages give them."""
FONTS = HERE / "node_modules" / "@fontsource-variable" / "noto-sans-sc" / "files"
FOR_EVER = "public, max-age=31536000, immutable"
SQUEEZED = (".js", ".css", ".svg", ".json", ".webmanifest")


@dataclass(frozen=True)
class Asset:
    """A file as it is sent; `squeezed` is empty where that would gain nothing."""

    kind: str
    content: bytes
    squeezed: bytes
    digest: str


def asset(name: str) -> Asset | None:
    """The file that pages call `name`; None where there is none."""
    path = _path(name)
    return _read(path) if path is not None and path.is_file() else None


@cache
def _read(path: Path) -> Asset:
    content = path.read_bytes()
    squeezed = gzip.compress(content, 9, mtime=0) if path.suffix in SQUEEZED else b""
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    kind = {".js": "text/javascript", ".woff2": "font/woff2"}.get(path.suffix, kind)
    return Asset(kind, content, squeezed, hashlib.sha256(content).hexdigest()[:12])


def address(name: str) -> str:
    """Where a page finds the file `name`."""
    found = asset(name)
    if found is None:
        raise FileNotFoundError(f"{name}: no such file of the console; run make setup")
    return f"{PREFIX}/{found.digest}/{name}"


def serve(request: Request, digest: str, name: str) -> Response:
    """The file; for ever where the address names what it holds now. Raises NotFound."""
    found = asset(name)
    if found is None:
        raise NotFound
    take = bool(found.squeezed) and "gzip" in request.headers.get("Accept-Encoding", "")
    response = Response(found.squeezed if take else found.content, content_type=found.kind)
    # fonts are named by their style sheet, whose address they stand below, and their names hold their content's number
    current = digest == found.digest or name.startswith("files/")
    response.headers["Cache-Control"] = FOR_EVER if current else "public, max-age=60"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if take:
        response.headers["Content-Encoding"] = "gzip"
    return response


def _path(name: str) -> Path | None:
    if name in OTHERS:
        return HERE / "node_modules" / OTHERS[name]
    folder, file = (FONTS, name.removeprefix("files/")) if name.startswith("files/") else (HERE / "static", name)
    plain = "/" not in file and "\\" not in file and not file.startswith(".")
    return folder / file if plain else None
