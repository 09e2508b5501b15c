"""Files through the gateway: several megabytes up, the same bytes down, deletion; the limits of bodies."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest
from PIL import Image

from services.logistics import service as logistics
from shared import parties
from shared.clock import iso, utc_now
from shared.events.accounts import OrganisationVerified, SiteChanged
from shared.events.base import Point
from shared.ids import new_id
from shared.mongo import Database
from tests.contract.conftest import House
from tests.fixtures.trades import agreed, terms, verified
from tests.unit.shared.test_pictures import PAPER

pytestmark = pytest.mark.mongodb
MIB = 1_048_576


def form(content: bytes) -> dict[str, Any]:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    return {"data": head + content + b"\r\n--x--\r\n", "content_type": "multipart/form-data; boundary=x"}


def large_picture() -> bytes:
    written = io.BytesIO()
    Image.effect_noise((2400, 1600), 100).convert("RGB").save(written, "JPEG", quality=95)
    assert 2 * MIB < written.tell() < 8 * MIB
    return written.getvalue()


@pytest.fixture
def draft(house: House) -> tuple[str, dict[str, str]]:
    """The path of a new draft lot and its owner's headers."""
    headers = house.account("collector")
    organisation = house.client.get("/v1/me", headers=headers).json["organisation_id"]
    position, site_id = Point(lat=30.6, lon=114.3), new_id()
    site = SiteChanged(
        id=site_id, version=1, at=utc_now(), organisation_id=organisation, name="料场", kind="yard", region="420107",
        position=position, compliance=(),
    )  # fmt: skip
    listings = Database(house.settings, "listings")
    listings.write(lambda unit: parties.hear_site(unit, site))
    listings.close()
    begin = utc_now()
    body = {"grade": "steel.hms1", "quantity_t": "30.5吨", "ask_cny_per_t": 2450, "site_id": site_id}
    window = {"available_from": iso(begin), "available_until": iso(begin.replace(year=begin.year + 1))}
    answer = house.client.post("/v1/lots", json={**body, **window}, headers=headers)
    assert answer.status_code == 201, answer.json
    return answer.headers["Location"], headers


def test_a_photo_there_and_back(house: House, draft: tuple[str, dict[str, str]]) -> None:
    path, headers = draft
    answer = house.client.post(f"{path}/photos", headers=headers, **form(large_picture()))
    assert answer.status_code == 201, answer.json
    photo = answer.json
    read = house.client.get(photo["url"], headers=headers)
    assert (read.status_code, read.content_type, len(read.data)) == (200, "image/jpeg", photo["bytes"])
    assert photo["bytes"] > MIB  # streamed, not taken whole
    assert hashlib.sha256(read.data).hexdigest() == photo["sha256"]
    assert "immutable" in read.headers["Cache-Control"]
    assert (read.headers["Content-Disposition"], read.headers["X-Content-Type-Options"]) == ("inline", "nosniff")
    again = house.client.get(photo["url"], headers={**headers, "If-None-Match": read.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    small = house.client.get(photo["thumbnail_url"], headers=headers)
    assert (small.status_code, small.content_type) == (200, "image/jpeg")
    gone = house.client.delete(photo["url"], headers=headers)
    assert (gone.status_code, gone.data) == (204, b"")
    assert house.client.get(photo["url"], headers=headers).status_code == 404


def test_a_document_there_and_back(house: House, draft: tuple[str, dict[str, str]]) -> None:
    path, headers = draft
    large = PAPER[:-6] + b"%" * (6 * MIB) + PAPER[-6:]
    answer = house.client.post(f"{path}/documents?kind=test_report", headers=headers, **form(large))
    assert answer.status_code == 201, answer.json
    read = house.client.get(answer.json["url"], headers=headers)
    assert read.data == large and read.headers["Content-Disposition"].startswith("attachment")


@pytest.fixture
def load(house: House) -> tuple[str, dict[str, str]]:
    """The path of a load and its buyer's headers."""
    headers = house.account("buyer")
    buyer_id = house.client.get("/v1/me", headers=headers).json["organisation_id"]
    room = Database(house.settings, "logistics")
    heard = verified(buyer_id, "buyer")
    assert isinstance(heard, OrganisationVerified)
    room.write(lambda unit: parties.hear_organisation(unit, heard))
    trade = agreed(terms(kg=25_000, buyer_id=buyer_id))
    room.write(lambda unit: logistics.plan(unit, trade))
    room.close()
    [shipment] = house.client.get(f"/v1/shipments?trade_id={trade.id}", headers=headers).json["items"]
    assert shipment["photos"] == []
    return f"/v1/shipments/{shipment['id']}", headers


def test_a_ticket_there_and_back(house: House, load: tuple[str, dict[str, str]]) -> None:
    path, headers = load
    answer = house.client.post(f"{path}/photos", headers=headers, **form(large_picture()))
    assert answer.status_code == 201, answer.json
    photo = answer.json
    assert answer.headers["Location"] == photo["url"]
    assert house.client.get(path, headers=headers).json["photos"] == [photo]
    read = house.client.get(photo["url"], headers=headers)
    assert (read.status_code, read.content_type) == (200, "image/jpeg")
    assert len(read.data) > MIB  # streamed, not taken whole
    assert house.client.get(photo["url"], headers=house.headers["buyer"]).status_code == 404
    assert house.client.get(photo["thumbnail_url"], headers=headers).status_code == 200
    assert house.client.delete(photo["url"], headers=headers).status_code == 204
    assert house.client.get(path, headers=headers).json["photos"] == []


@pytest.mark.parametrize("size", [8 * MIB + 1, 10 * MIB + 1])
def test_files_over_the_limit(house: House, draft: tuple[str, dict[str, str]], size: int) -> None:
    path, headers = draft
    for resource in ("photos", "documents?kind=other"):
        answer = house.client.post(f"{path}/{resource}", headers=headers, **form(b"%PDF-" + b"x" * size))
        assert (answer.status_code, answer.json["type"]) == (413, "body-too-large")


def test_a_copy_through_the_gateway_needs_no_body(house: House, draft: tuple[str, dict[str, str]]) -> None:
    path, headers = draft
    answer = house.client.post(f"{path}/copy", headers=headers)
    assert (answer.status_code, answer.json["copied_from"]) == (201, path.rsplit("/", 1)[1])
