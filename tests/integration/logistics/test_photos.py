"""Photos of a load over HTTP: who adds, sees and deletes them, and what is kept."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from services.logistics.store import PHOTO_FILES
from shared.auth import Role
from shared.auth.caller import ROLES
from tests.fixtures.identity import SignedIn, sign_in
from tests.fixtures.trades import verified
from tests.integration.logistics.conftest import Haul
from tests.unit.shared.test_pictures import PAPER, drawn, with_position

pytestmark = pytest.mark.mongodb


def send(haul: Haul, who: SignedIn, content: bytes) -> Any:
    """The file as the field «file»; the form is written here, because the client's own leaves temporary files open."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="ticket.jpg"\r\n\r\n'
    form = {"data": head + content + b"\r\n--x--\r\n", "content_type": "multipart/form-data; boundary=x"}
    return haul.room.client.post(f"{haul.path()}/photos", headers=who.headers, **form)


def call(haul: Haul, who: SignedIn, method: str, path: str) -> Any:
    return haul.room.client.open(path, method=method, headers=who.headers)


def shown(haul: Haul, who: SignedIn) -> Any:
    answer = call(haul, who, "GET", haul.path())
    assert answer.status_code == 200
    return answer.json


def stranger(haul: Haul, role: Role) -> SignedIn:
    who = sign_in(haul.room.settings, role)
    haul.room.hear(verified(who.caller.organisation_id, who.caller.role))
    return who


def test_a_ticket_by_photo_is_seen_by_the_parties_and_the_carrier_alone(haul: Haul) -> None:
    haul.bring("arrived")
    before = shown(haul, haul.carrier)["version"]
    answer = send(haul, haul.carrier, with_position())
    assert answer.status_code == 201, answer.text
    photo = answer.json
    assert set(photo) == {"id", "url", "thumbnail_url", "at", "by"}
    assert (photo["by"], photo["url"]) == ("carrier", f"{haul.path()}/photos/{photo['id']}")
    assert answer.headers["Location"] == photo["url"]
    for who in (haul.seller, haul.buyer, haul.carrier):
        picture = call(haul, who, "GET", photo["url"])
        assert (picture.status_code, picture.content_type) == (200, "image/jpeg")
        assert dict(Image.open(io.BytesIO(picture.data)).getexif()) == {}
        assert max(Image.open(io.BytesIO(call(haul, who, "GET", photo["thumbnail_url"]).data)).size) == 320
        known = {**who.headers, "If-None-Match": picture.headers["ETag"]}
        assert haul.room.client.get(photo["url"], headers=known).status_code == 304
        assert shown(haul, who)["photos"] == [photo]
    assert shown(haul, haul.buyer)["version"] == before + 1, "the ETag tells of it"
    for role in ROLES:
        who = stranger(haul, role)
        assert call(haul, who, "GET", photo["url"]).status_code == 404, role
        assert call(haul, who, "GET", photo["thumbnail_url"]).status_code == 404, role
        assert call(haul, who, "DELETE", photo["url"]).status_code == 404, role
        assert send(haul, who, drawn()).status_code == 404, role
    assert shown(haul, stranger(haul, "operator"))["photos"] == []


def test_a_load_on_offer_shows_no_photo_to_those_who_may_take_it(haul: Haul) -> None:
    photo = send(haul, haul.buyer, drawn()).json
    assert photo["by"] == "buyer"
    who = stranger(haul, "carrier")
    assert shown(haul, who)["photos"] == []
    assert call(haul, who, "GET", photo["url"]).status_code == 404
    assert send(haul, who, drawn()).status_code == 404


def test_the_seller_looks_and_adds_nothing(haul: Haul) -> None:
    assert send(haul, haul.seller, drawn()).status_code == 403


def test_who_added_it_deletes_it_until_the_load_is_received(haul: Haul) -> None:
    haul.bring("weighed")
    first, second = (send(haul, haul.carrier, drawn(size=(64 + n, 48))).json for n in range(2))
    assert call(haul, haul.buyer, "DELETE", first["url"]).status_code == 403
    assert call(haul, haul.seller, "DELETE", first["url"]).status_code == 403
    gone = call(haul, haul.carrier, "DELETE", first["url"])
    assert (gone.status_code, gone.data) == (204, b"")
    assert call(haul, haul.carrier, "GET", first["url"]).status_code == 404
    assert call(haul, haul.carrier, "DELETE", first["url"]).status_code == 404
    kept = {one.id for one in PHOTO_FILES.select(haul.room.database.read(), {})}
    assert kept == {second["id"], f"{second['id']}.thumbnail"}
    for body in ({"type": "inspected", "moisture_pct": 0.4}, {"type": "received"}):
        assert haul.report(body).status_code == 201
    late = call(haul, haul.carrier, "DELETE", second["url"])
    assert (late.status_code, late.json["type"]) == (409, "wrong-state")
    assert [one["id"] for one in shown(haul, haul.seller)["photos"]] == [second["id"]]


def test_twelve_of_a_load_and_the_same_picture_once(haul: Haul) -> None:
    haul.assign()
    photos = [send(haul, haul.carrier, drawn(size=(64 + n, 48))).json["id"] for n in range(12)]
    again = send(haul, haul.buyer, drawn(size=(64, 48)))
    assert (again.status_code, again.json["id"], again.json["by"]) == (201, photos[0], "carrier")
    full = send(haul, haul.buyer, drawn(size=(80, 48)))
    assert (full.status_code, full.json["type"]) == (409, "wrong-state")
    assert len(PHOTO_FILES.select(haul.room.database.read(), {})) == 24


def test_what_is_no_picture_is_refused(haul: Haul) -> None:
    haul.assign()
    assert send(haul, haul.carrier, PAPER).status_code == 415
    assert send(haul, haul.carrier, drawn()[:200]).status_code == 422
    assert shown(haul, haul.carrier)["photos"] == []


def test_a_cancelled_load_takes_no_photo(haul: Haul) -> None:
    haul.assign()
    haul.room.hear(haul.asks_to_cancel())
    assert send(haul, haul.buyer, drawn()).status_code == 409
