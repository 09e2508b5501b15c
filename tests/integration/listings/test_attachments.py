"""Photos and papers of a lot over HTTP."""

from __future__ import annotations

import hashlib
import io
import threading
from typing import Any

import pytest
from PIL import Image

from services.listings import service
from services.listings.store import ATTACHMENT_FILES
from shared import parties
from shared.clock import utc_now
from shared.events.accounts import OrganisationSuspended
from shared.events.trading import TradeAgreed
from shared.ids import new_id
from tests.integration.listings.market import Market, Party, lot_body
from tests.unit.shared.test_pictures import PAPER, drawn, with_position

pytestmark = pytest.mark.mongodb


def send(market: Market, who: Party, path: str, content: bytes, name: str = "a.jpg", **headers: str) -> Any:
    """The file as the field «file»; the form is written here, because the client's own leaves temporary files open."""
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    form = head.encode() + content + b"\r\n--x--\r\n"
    headers = {**who.headers, "Accept-Language": "en", **headers}
    return market.client.post(path, data=form, content_type="multipart/form-data; boundary=x", headers=headers)


def delete(market: Market, who: Party, path: str) -> Any:
    return market.client.delete(path, headers=who.headers)


def photo_of(number: int) -> bytes:
    return drawn(size=(64 + number, 48))


def test_a_photo_from_upload_to_deletion(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    path = f"/v1/lots/{market.lot(seller)}"
    answer = send(market, seller, f"{path}/photos", with_position())
    assert answer.status_code == 201, answer.text
    photo = answer.json
    assert set(photo) == {*("id", "content_type", "bytes", "width", "height", "sha256", "created_at", "url", "thumbnail_url")}
    assert answer.headers["Location"] == photo["url"] == f"{path}/photos/{photo['id']}"
    assert (photo["content_type"], photo["width"], photo["height"]) == ("image/jpeg", 600, 800)
    for who in (seller, buyer):
        picture = market.get(who, photo["url"])
        assert (picture.status_code, picture.content_type, len(picture.data)) == (200, "image/jpeg", photo["bytes"])
        assert hashlib.sha256(picture.data).hexdigest() == photo["sha256"]
        assert dict(Image.open(io.BytesIO(picture.data)).getexif()) == {}
        assert "immutable" in picture.headers["Cache-Control"] and "private" in picture.headers["Cache-Control"]
        assert picture.headers["Content-Disposition"] == "inline"
        assert picture.headers["X-Content-Type-Options"] == "nosniff"
        again = market.client.get(photo["url"], headers={**who.headers, "If-None-Match": picture.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        small = market.get(who, photo["thumbnail_url"])
        assert max(Image.open(io.BytesIO(small.data)).size) == 320
        assert market.get(who, f"{path}/photos").json == {"items": [photo], "next_cursor": None}
        shown = {name: photo[name] for name in ("id", "url", "thumbnail_url", "width", "height")}
        assert market.get(who, path).json["photos"] == [shown]
    assert delete(market, buyer, photo["url"]).status_code == 403
    gone = delete(market, seller, photo["url"])
    assert (gone.status_code, gone.data) == (204, b"")
    for call in (
        market.get(seller, photo["url"]),
        market.get(seller, photo["thumbnail_url"]),
        delete(market, seller, photo["url"]),
    ):
        assert call.status_code == 404
    assert market.get(seller, path).json["photos"] == []
    assert ATTACHMENT_FILES.select(market.database.read(), {}) == []


def test_a_photo_is_a_new_version_of_the_lot_with_its_terms_as_they_were(market: Market) -> None:
    seller = market.party("collector")
    lot_id = market.lot(seller)
    before = market.get(seller, f"/v1/lots/{lot_id}")
    send(market, seller, f"/v1/lots/{lot_id}/photos", photo_of(1))
    after = market.get(seller, f"/v1/lots/{lot_id}")
    assert before.headers["ETag"] != after.headers["ETag"]
    assert before.json["terms_version"] == after.json["terms_version"]
    [changed] = market.emitted("lot.changed")
    assert (changed["version"], changed["previous_quantity_kg"], changed["quantity_kg"]) == (
        after.json["version"],
        30500,
        30500,
    )
    draft = market.post(seller, "/v1/lots", lot_body(seller, publish=False)).json["id"]
    assert send(market, seller, f"/v1/lots/{draft}/photos", photo_of(1)).status_code == 201
    assert len(market.emitted("lot.changed")) == 1


def test_the_same_picture_twice_is_the_same_photo(market: Market) -> None:
    seller = market.party("collector")
    path = f"/v1/lots/{market.lot(seller)}/photos"
    first, second = (send(market, seller, path, drawn(comment=text)) for text in (b"one", b"two"))
    assert first.json == second.json
    assert len(market.get(seller, path).json["items"]) == 1


def test_an_idempotency_key_holds_for_uploads(market: Market) -> None:
    seller = market.party("collector")
    path = f"/v1/lots/{market.lot(seller)}/photos"
    first, second = (send(market, seller, path, drawn(), **{"Idempotency-Key": "k"}) for _ in range(2))
    assert first.status_code == 201 and first.json == second.json
    other = send(market, seller, path, photo_of(1), **{"Idempotency-Key": "k"})
    assert (other.status_code, other.json["type"]) == (422, "idempotency-key-reused")


def test_at_most_twelve(market: Market) -> None:
    seller = market.party("collector")
    path = f"/v1/lots/{market.lot(seller)}/photos"
    ids = [send(market, seller, path, photo_of(number)).json["id"] for number in range(12)]
    full = send(market, seller, path, photo_of(12))
    assert (full.status_code, full.json["type"]) == (409, "wrong-state")
    assert "12" in full.json["detail"]
    assert send(market, seller, path, photo_of(3)).json["id"] == ids[3]
    first = market.get(seller, path, limit=5).json
    rest = market.get(seller, path, cursor=first["next_cursor"]).json
    assert [one["id"] for one in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next_cursor"] is None
    delete(market, seller, f"{path}/{ids[0]}")
    assert send(market, seller, path, photo_of(12)).status_code == 201


def test_photos_that_come_at_once_are_all_kept(market: Market) -> None:
    seller = market.party("collector")
    path = f"/v1/lots/{market.lot(seller)}/photos"
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda n=n: statuses.append(send(market, seller, path, photo_of(n)).status_code))  # type: ignore[misc]
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [201] * 6
    assert len({one["id"] for one in market.get(seller, path).json["items"]}) == 6


def test_what_is_no_picture_is_refused_whatever_it_is_called(market: Market) -> None:
    seller = market.party("collector")
    path = f"/v1/lots/{market.lot(seller)}/photos"
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
    for content, status in ((svg, 415), (PAPER, 415), (b"", 415), (drawn()[:200], 422), (b"\xff\xd8" + b"\0" * (8 << 20), 413)):
        answer = send(market, seller, path, content, "photo.jpg")
        assert answer.status_code == status, answer.text
    assert send(market, seller, path, b"\xff\xd8" + b"\0" * (11 << 20)).status_code == 413
    empty = market.client.post(path, data={}, content_type="multipart/form-data", headers=seller.headers)
    assert empty.json["errors"][0]["pointer"] == "/file"
    assert market.get(seller, path).json["items"] == []


def test_a_photo_of_several_megabytes_passes(market: Market) -> None:
    """The limit of JSON bodies is not that of files."""
    seller = market.party("collector")
    noise = Image.effect_noise((2600, 1300), 100).convert("RGB")
    written = io.BytesIO()
    noise.save(written, "JPEG", quality=95)
    assert written.tell() > 2_000_000
    answer = send(market, seller, f"/v1/lots/{market.lot(seller)}/photos", written.getvalue())
    assert answer.status_code == 201, answer.text
    assert len(market.get(seller, answer.json["url"]).data) == answer.json["bytes"]


def test_who_sees_and_changes_photos(market: Market) -> None:
    seller, rival, carrier, operator = (market.party(role) for role in ("collector", "collector", "carrier", "operator"))
    draft = market.post(seller, "/v1/lots", lot_body(seller, publish=False)).json["id"]
    path = f"/v1/lots/{draft}/photos"
    photo = send(market, seller, path, photo_of(0)).json
    for who in (rival, carrier):
        assert market.get(who, path).status_code == market.get(who, photo["url"]).status_code == 404
        assert market.get(who, photo["thumbnail_url"]).status_code == delete(market, who, photo["url"]).status_code == 404
        assert send(market, who, path, photo_of(1)).status_code == 404
    market.post(seller, f"/v1/lots/{draft}/publish")
    for who in (rival, carrier, operator):
        assert market.get(who, photo["url"]).status_code == 200
        assert send(market, who, path, photo_of(1)).status_code == 403
        assert delete(market, who, photo["url"]).status_code == 403
    assert market.client.get(photo["url"]).status_code == 401
    other = market.lot(rival)
    assert market.get(seller, f"/v1/lots/{other}/photos/{photo['id']}").status_code == 404


def test_closed_lots_keep_what_they_were_sold_by(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    path = f"/v1/lots/{market.lot(seller)}"
    photo = send(market, seller, f"{path}/photos", photo_of(0)).json
    market.post(seller, f"{path}/withdraw")
    assert send(market, seller, f"{path}/photos", photo_of(1)).status_code == 409
    assert delete(market, seller, photo["url"]).status_code == 409
    assert market.get(seller, photo["url"]).status_code == 200
    assert market.get(buyer, photo["url"]).status_code == 404


def test_suspended_organisations_attach_nothing(market: Market) -> None:
    seller = market.party("collector")
    path = f"/v1/lots/{market.lot(seller)}/photos"
    market.tell(
        parties.hear_organisation,
        OrganisationSuspended(
            id=seller.id, version=3, at=utc_now(), name="x", role="collector", region="420100", status="suspended", contact="x"
        ),
    )
    assert send(market, seller, path, photo_of(0)).json["type"] == "organisation-suspended"


def test_papers_are_listed_for_all_and_opened_by_those_who_trade(market: Market) -> None:
    seller, buyer, rival, operator = (market.party(role) for role in ("collector", "buyer", "buyer", "operator"))
    lot_id, demand_id = market.lot(seller), market.demand(buyer)
    path = f"/v1/lots/{lot_id}/documents"
    answer = send(market, seller, f"{path}?kind=test_report", PAPER, "东西湖检测.pdf")
    assert answer.status_code == 201, answer.text
    paper = answer.json
    assert set(paper) == {"id", "kind", "content_type", "bytes", "sha256", "created_at", "url"}
    assert (paper["kind"], paper["content_type"], paper["bytes"]) == ("test_report", "application/pdf", len(PAPER))
    for who in (seller, operator):
        read = market.get(who, paper["url"])
        assert (read.status_code, read.data, read.content_type) == (200, PAPER, "application/pdf")
        assert read.headers["Content-Disposition"] == f'attachment; filename="test_report-{paper["id"]}.pdf"'
        assert read.headers["X-Content-Type-Options"] == "nosniff"
    for who in (buyer, rival):
        assert market.get(who, path).json["items"] == [paper]
        shown = market.get(who, f"/v1/lots/{lot_id}").json
        assert shown["documents"] == [{name: paper[name] for name in ("id", "kind", "url")}] and shown["photos"] == []
        assert market.get(who, paper["url"]).status_code == 403
    proposal = market.reserve(lot_id, demand_id, 30_500)
    trade = TradeAgreed(id=new_id(), version=1, at=utc_now(), proposal_id=proposal.id, terms=proposal.terms, status="agreed")
    market.tell(service.on_trade_agreed, trade)
    market.post(seller, f"/v1/lots/{lot_id}/withdraw")
    assert market.get(buyer, paper["url"]).status_code == 200
    assert market.get(rival, paper["url"]).status_code == 404


def test_papers_of_every_kind(market: Market) -> None:
    seller = market.party("collector")
    lot_id = market.lot(seller)
    path = f"/v1/lots/{lot_id}/documents"
    for kind in ("test_report", "ticket", "import_standard", "other"):
        assert send(market, seller, f"{path}?kind={kind}", PAPER).json["kind"] == kind
    scan = send(market, seller, f"{path}?kind=ticket", with_position()).json
    read = market.get(seller, scan["url"])
    assert read.content_type == "image/jpeg" and b"Exif" not in read.data
    assert "attachment" in read.headers["Content-Disposition"]
    photos = f"/v1/lots/{lot_id}/photos/{scan['id']}"
    assert market.get(seller, photos).status_code == 404
    assert market.get(seller, f"{photos}/thumbnail").status_code == 404
    assert send(market, seller, path, PAPER).json["errors"][0]["pointer"] == "/kind"
    assert send(market, seller, f"{path}?kind=menu", PAPER).status_code == 422
    assert send(market, seller, f"{path}?kind=other", b"MZ an executable", "report.pdf").status_code == 415
    assert delete(market, seller, scan["url"]).status_code == 204
    assert len(market.get(seller, path).json["items"]) == 4
    assert len(ATTACHMENT_FILES.select(market.database.read(), {})) == 4
