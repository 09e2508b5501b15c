"""Which room answers which path."""

from __future__ import annotations

import pytest

from gateway.routes import GATEWAY, JSON_LIMIT, ROUTES, UPLOAD_LIMIT, find
from shared.settings import ROOMS


@pytest.mark.parametrize(
    ("path", "room"),
    [
        ("/v1/lots/1/explanation", "matching"),
        ("/v1/demands/1/explanation", "matching"),
        ("/v1/lots/1", "listings"),
        ("/v1/lots/", "listings"),
        ("/v1/lots/1/publish", "listings"),
        ("/v1/search/lots", "listings"),
        ("/v1/clearings", "matching"),
        ("/v1/trades/1/settlement", "trading"),
        ("/v1/shipments/1/events", "logistics"),
        ("/v1/regions/420000/volumes", "regions"),
        ("/v1/market", "regions"),
        ("/v1/keys", "accounts"),
        ("/v1/api-keys/1/revoke", "accounts"),
    ],
)
def test_each_path_has_its_room(path: str, room: str) -> None:
    target = find(path)
    assert target is not None
    assert target.room == room


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v2/lots",
        "/v1/lotsandlots",
        "/admin",
        "/v1//lots",
        "/v1/lots/../trades",
        "/v1/lots/./1",
        "/v1/api-keys/exchange",
        "/v1/api-keys/exchange/",
        "/v1/api-keys//exchange",
        "/v1/organisations/1/known",
    ],
)
def test_unknown_and_internal_paths_have_none(path: str) -> None:
    assert find(path) is None


def test_only_uploads_may_be_large() -> None:
    limits = {
        path: find(path)
        for path in ("/v1/lots/imports", "/v1/lots/1/photos", "/v1/lots/1/documents", "/v1/lots", "/v1/demands/imports")
    }
    assert [target.body_limit for target in limits.values() if target] == [*[UPLOAD_LIMIT] * 3, *[JSON_LIMIT] * 2]


def test_every_room_is_reached() -> None:
    assert {room for _, room in ROUTES} == {*ROOMS, GATEWAY}
