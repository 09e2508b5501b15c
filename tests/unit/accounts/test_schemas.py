"""Bodies: all faults at once, and nothing that is not known."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from services.accounts.schemas import OrganisationIn, SignInIn, SiteIn, SitePatch
from shared.http import Shape
from shared.problem import faults_of

GOOD: dict[str, Any] = {
    "name": "江城回收",
    "role": "collector",
    "region": "420100",
    "user": {"name": "李雷", "email": "li@b.example", "password": "long enough"},
}
SITE: dict[str, Any] = {"name": "料场", "kind": "yard", "region": "420107", "position": {"lat": 30.6, "lon": 114.3}}


def pointers(shape: type[Shape], body: dict[str, Any]) -> set[str]:
    try:
        shape.model_validate_json(orjson.dumps(body))
    except ValidationError as error:
        return {pointer for pointer, _, _ in faults_of(error.errors())}
    return set()


def test_a_good_registration_has_no_fault() -> None:
    assert pointers(OrganisationIn, GOOD) == set()
    by_phone = {**GOOD, "user": {"name": "李雷", "phone": "138 0013 8000", "password": "long enough"}}
    assert pointers(OrganisationIn, by_phone) == set()


def test_every_fault_of_a_registration_is_named() -> None:
    body = {"name": " ", "role": "operator", "region": "999999", "vip": True, "user": {"name": "李雷", "password": "short"}}
    expected = {"/name", "/role", "/region", "/vip", "/user/password", "/user/phone"}
    assert pointers(OrganisationIn, body) == expected


@pytest.mark.parametrize("role", ["park_operator", "operator", "", "Collector", 1])
def test_only_three_roles_register(role: object) -> None:
    assert pointers(OrganisationIn, {**GOOD, "role": role}) == {"/role"}


def test_a_wrong_address_is_one_fault() -> None:
    assert pointers(OrganisationIn, {**GOOD, "user": {**GOOD["user"], "email": "none"}}) == {"/user/email"}


def test_signing_in_needs_one_name() -> None:
    assert pointers(SignInIn, {"password": "x"}) == {"/email"}
    assert pointers(SignInIn, {"email": "a@b", "phone": "12345", "password": "x"}) == {"/email"}
    assert pointers(SignInIn, {"phone": "12345", "password": "x"}) == set()


def test_faults_of_a_site() -> None:
    entry = {"list": "gold", "valid_from": "2026-01-02T00:00:00Z", "valid_until": "2026-01-01T00:00:00Z"}
    body = {**SITE, "kind": "shop", "region": "420", "position": {"lat": 91, "lon": "x"}, "compliance": [entry]}
    expected = {"/kind", "/region", "/position/lat", "/position/lon", "/compliance/0/list", "/compliance/0/valid_until"}
    assert pointers(SiteIn, body) == expected


def test_a_patch_names_what_changes_and_null_clears_the_park_alone() -> None:
    change = SitePatch.model_validate_json('{"park_id": null}').to_change()
    assert change.given == {"park_id"}
    assert pointers(SitePatch, {"name": None, "region": None}) == {"/name", "/region"}
    assert pointers(SitePatch, {"organisation_id": "x"}) == {"/organisation_id"}
