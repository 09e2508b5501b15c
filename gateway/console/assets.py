"""What the browser is sent beside pages: our own files and those that `npm ci` brought, each under an address that names
its content, so that a browser may keep it for ever.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Request, Response

from shared.problem import NotFound

HERE = Path(__file__).parent
PREFIX = "/console/assets"
BUNDLED = HERE / "node_modules" / ".bundled"
"""Files of others by the name that pages give them, each with the same in Brotli beside it; `bundle.mjs` makes them."""
FONTS = HERE / "node_modules" / "@fontsource-variable" / "noto-sans-sc" / "files"
FOR_EVER = "public, max-age=31536000, immutable"
SQUEEZED = (".js", ".css", ".svg", ".json", ".webmanifest")


@dataclass(frozen=True)
class Asset:
    """A file as it is sent; `squeezed` by its encoding, the smallest first, empty where that would gain nothing."""

    kind: str
    content: bytes
    squeezed: Mapping[str, bytes]
    digest: str


def asset(name: str) -> Asset | None:
    """The file that pages call `name`; None where there is none."""
    path = _path(name)
    return _read(path) if path is not None and path.is_file() else None


@cache
def _read(path: Path) -> Asset:
    content = path.read_bytes()
    prepared = path.with_name(f"{path.name}.br")
    squeezed = {"br": prepared.read_bytes()} if prepared.is_file() else {}
    if path.suffix in SQUEEZED:
        squeezed["gzip"] = gzip.compress(content, 9, mtime=0)
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
    encoding = request.accept_encodings.best_match(found.squeezed)
    response = Response(found.squeezed[encoding] if encoding else found.content, content_type=found.kind)
    # fonts are named by their style sheet, whose address they stand below, and their names hold their content's number
    current = digest == found.digest or name.startswith("files/")
    response.headers["Cache-Control"] = FOR_EVER if current else "public, max-age=60"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if encoding:
        response.headers["Content-Encoding"] = encoding
    return response


def _path(name: str) -> Path | None:
    folder, file = (FONTS, name.removeprefix("files/")) if name.startswith("files/") else (HERE / "static", name)
    if "/" in file or "\\" in file or file.startswith("."):
        return None
    ours = folder / file
    return ours if ours.is_file() else BUNDLED / file
