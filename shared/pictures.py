"""Pictures and papers as people upload them, made safe to show: known by their content, never by their name or label.

A picture is drawn anew as JPEG: turned upright, at most `LONGEST_PX` a side, with nothing of the sent file but its pixels. A
phone writes into a file where it was taken, and what a market hides (a yard's position) must not leak by a photo.
"""

from __future__ import annotations

import hashlib
import io
import struct
import threading
import zlib
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from shared.problem import BodyIsTooLarge, InputIsInvalid, MediaTypeIsNotSupported

MAX_BYTES = 8 * 1_048_576
MAX_PIXELS = 40_000_000
LONGEST_PX = 2560
THUMBNAIL_PX = 320
JPEG = "image/jpeg"
PDF = "application/pdf"
_FORMATS = ("JPEG", "PNG", "WEBP")
_WHITE = (255, 255, 255)
_DRAWING = threading.Lock()
"""One picture at a time in a process: one of 40 megapixels takes some 300 MB while it is drawn."""


@dataclass(frozen=True, slots=True)
class File:
    """What is kept and served. `width` and `height` are a picture's, in pixels; None of a paper."""

    content_type: str
    content: bytes
    width: int | None = None
    height: int | None = None
    thumbnail: bytes | None = None

    @property
    def sha256(self) -> str:
        """Of `content`: the same picture sent twice, with other metadata even, is the same file."""
        return hashlib.sha256(self.content).hexdigest()


def picture(content: bytes) -> File:
    """A JPEG, PNG or WebP, drawn anew. Raises BodyIsTooLarge, MediaTypeIsNotSupported, InputIsInvalid."""
    _must_not_be_large(content)
    with _DRAWING:
        try:
            image = Image.open(io.BytesIO(content), formats=_FORMATS)
            if image.width * image.height > MAX_PIXELS:
                raise _too_many_pixels()
            image.draft("RGB", (LONGEST_PX, LONGEST_PX))
            return _drawn(ImageOps.exif_transpose(image))
        except UnidentifiedImageError as error:
            raise MediaTypeIsNotSupported(
                zh="文件内容不是 JPEG、PNG 或 WebP 图片", en="The content of the file is no JPEG, PNG or WebP picture"
            ) from error
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise _too_many_pixels() from error
        except (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error) as error:
            raise InputIsInvalid([("/file", "图片已损坏，无法读取", "The picture is damaged and can't be read")]) from error


def paper(content: bytes) -> File:
    """A PDF as it is, or a picture of a paper. Raises as `picture`."""
    _must_not_be_large(content)
    if not content.startswith(b"%PDF-"):
        return picture(content)
    if b"%%EOF" not in content[-2048:]:
        raise InputIsInvalid([("/file", "PDF 不完整", "The PDF is not complete: its end is missing")])
    return File(PDF, content)


def _drawn(image: Image.Image) -> File:
    if image.mode not in ("RGB", "L"):
        image = image.convert("RGBA")
    image.thumbnail((LONGEST_PX, LONGEST_PX), Image.Resampling.LANCZOS)
    flat = Image.new("RGB", image.size, _WHITE)
    flat.paste(image, mask=image if image.mode == "RGBA" else None)
    small = flat.copy()
    small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.LANCZOS)
    return File(JPEG, _jpeg(flat, 85), flat.width, flat.height, _jpeg(small, 80))


def _jpeg(image: Image.Image, quality: int) -> bytes:
    written = io.BytesIO()
    image.save(written, "JPEG", quality=quality, optimize=True, progressive=True)
    return written.getvalue()


def _must_not_be_large(content: bytes) -> None:
    if len(content) > MAX_BYTES:
        limit = MAX_BYTES // 1_048_576
        raise BodyIsTooLarge(zh=f"文件超过 {limit} MiB", en=f"The file is over {limit} MiB")


def _too_many_pixels() -> InputIsInvalid:
    limit = MAX_PIXELS // 1_000_000
    return InputIsInvalid([("/file", f"图片超过 {limit} 百万像素", f"The picture has more than {limit} megapixels")])
