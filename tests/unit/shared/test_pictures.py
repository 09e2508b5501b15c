"""Pictures are known by their content, drawn anew, and carry nothing but pixels."""

from __future__ import annotations

import io
import random
import struct
import zlib

import pytest
from PIL import Image

from shared.pictures import LONGEST_PX, MAX_BYTES, THUMBNAIL_PX, File, paper, picture
from shared.problem import BodyIsTooLarge, InputIsInvalid, MediaTypeIsNotSupported, Problem

PAPER = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n" + b"%%EOF\n"


def drawn(form: str = "JPEG", size: tuple[int, int] = (800, 600), mode: str = "RGB", **options: object) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new(mode, size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    written = io.BytesIO()
    image.save(written, form, **options)
    return written.getvalue()


def opened(content: bytes | None) -> Image.Image:
    assert content is not None
    return Image.open(io.BytesIO(content))


def with_position() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its right side
    exif[0x010F] = "a phone's maker"
    exif.get_ifd(0x8825)[2] = (30.0, 35.0, 24.0)  # GPSLatitude
    return drawn(exif=exif)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_what_is_kept_is_a_jpeg_with_a_thumbnail(form: str) -> None:
    kept = picture(drawn(form))
    assert (kept.content_type, kept.width, kept.height) == ("image/jpeg", 800, 600)
    assert opened(kept.content).format == "JPEG" and opened(kept.content).size == (800, 600)
    assert opened(kept.thumbnail).size == (THUMBNAIL_PX, 240)


def test_position_and_every_other_metadata_are_gone_and_it_stands_upright() -> None:
    sent = with_position()
    assert dict(opened(sent).getexif().get_ifd(0x8825))
    kept = picture(sent)
    assert (kept.width, kept.height) == (600, 800)
    for content in (kept.content, kept.thumbnail):
        image = opened(content)
        assert dict(image.getexif()) == {} and set(image.info) <= {
            "jfif",
            "jfif_version",
            "jfif_unit",
            "jfif_density",
            "progressive",
            "progression",
        }
        assert content is not None and b"maker" not in content and b"Exif" not in content
    top = opened(kept.content).convert("RGB").getpixel((300, 50))
    assert isinstance(top, tuple) and top[0] > 200 and top[2] < 60


def test_comments_colour_profiles_and_appended_bytes_are_gone() -> None:
    sent = drawn(comment=b"position: 30.59, 114.30") + b"<script>alert(1)</script>"
    assert b"30.59" in sent
    kept = picture(sent)
    assert b"30.59" not in kept.content and b"script" not in kept.content


@pytest.mark.parametrize("size", [(4000, 3000), (3000, 4000), (6000, 300)])
def test_large_ones_are_made_smaller(size: tuple[int, int]) -> None:
    kept = picture(drawn(size=size))
    assert kept.width is not None and kept.height is not None
    assert max(kept.width, kept.height) == LONGEST_PX
    assert abs(kept.width / kept.height - size[0] / size[1]) < 0.05 * size[0] / size[1]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "L", "P", "1", "CMYK", "I;16"])
def test_other_kinds_of_pixels(mode: str) -> None:
    image = Image.new(mode if mode != "I;16" else "I;16", (64, 48))
    written = io.BytesIO()
    image.save(written, "JPEG" if mode == "CMYK" else "PNG")
    assert picture(written.getvalue()).content_type == "image/jpeg"


def test_what_is_transparent_becomes_white() -> None:
    written = io.BytesIO()
    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(written, "PNG")
    assert opened(picture(written.getvalue()).content).convert("RGB").getpixel((10, 10)) == (255, 255, 255)


def test_the_same_picture_with_other_metadata_is_the_same_file() -> None:
    assert picture(drawn(comment=b"one")).sha256 == picture(drawn(comment=b"another")).sha256
    assert picture(drawn()).sha256 != picture(drawn(size=(800, 601))).sha256


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it is so large and has next to nothing in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(8000, 5001), (12_000, 12_000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_bombs_are_refused_before_they_are_drawn(size: tuple[int, int]) -> None:
    with pytest.raises(InputIsInvalid) as refused:
        picture(bomb(*size))
    assert refused.value.faults[0][0] == "/file"


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a" + b"\0" * 100, b"<svg onload='alert(1)'/>", PAPER, b"\x00" * 1000, b"BM" + b"\0" * 100]
)
def test_other_content_is_refused_whatever_its_name(content: bytes) -> None:
    with pytest.raises(MediaTypeIsNotSupported):
        picture(content)


def test_too_many_bytes() -> None:
    for check in (picture, paper):
        with pytest.raises(BodyIsTooLarge):
            check(b"\xff\xd8" + b"\0" * MAX_BYTES)


def test_damaged_files_are_refused_and_nothing_else_happens() -> None:
    """Cut short or altered at random: a picture or a problem, never another error."""
    rng = random.Random(5)
    outcomes = set()
    for form in ("JPEG", "PNG", "WEBP"):
        whole = drawn(form, size=(300, 200))
        for _ in range(150):
            damaged = bytearray(whole[: rng.randrange(1, len(whole))] if rng.random() < 0.5 else whole)
            for _ in range(rng.randrange(0, 20)):
                damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            try:
                outcomes.add(type(picture(bytes(damaged))))
            except Problem as problem:
                outcomes.add(type(problem))
    assert outcomes == {File, MediaTypeIsNotSupported, InputIsInvalid}


def test_papers() -> None:
    kept = paper(PAPER)
    assert (kept.content_type, kept.content, kept.width, kept.thumbnail) == ("application/pdf", PAPER, None, None)
    assert paper(drawn("PNG")).content_type == "image/jpeg"
    with pytest.raises(InputIsInvalid):
        paper(PAPER[:20])
    with pytest.raises(MediaTypeIsNotSupported):
        paper(b"PK\x03\x04 a spreadsheet")
