"""Secrets are kept so that reading the database gives none of them away."""

from __future__ import annotations

import pytest
from argon2 import extract_parameters
from joserfc.errors import JoseError

from services.accounts import credentials


def test_passwords_are_hashed_as_owasp_asks_at_least() -> None:
    stored = credentials.hash_password("correct horse")
    parameters = extract_parameters(stored)
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (19_456, 2, 1)
    assert parameters.type.name == "ID"
    assert credentials.password_fits(stored, "correct horse")
    assert not credentials.password_fits(stored, "correct horsf")
    assert not credentials.password_fits(None, "correct horse")
    assert not credentials.password_fits("no hash", "correct horse")


def test_nobody_takes_as_long_as_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    class Spy:
        def verify(self, stored: str, password: str) -> bool:
            seen.append(stored)
            return True

    nobody = credentials._nobody()
    monkeypatch.setattr(credentials, "_HASHER", Spy())
    assert not credentials.password_fits(None, "x")
    assert seen == [nobody]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Li@Example.COM ", "li@example.com"),
        ("no address", None),
        ("a@b@c", None),
        ("@b", None),
    ],
)
def test_addresses_have_one_form(text: str, kept: str | None) -> None:
    assert credentials.normal_email(text) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [("138 0013-8000", "13800138000"), ("+8613800138000", "13800138000"), ("+4930123456", "+4930123456"), ("12", None)],
)
def test_numbers_have_one_form(text: str, kept: str | None) -> None:
    assert credentials.normal_phone(text) == kept


def test_the_signing_key_at_rest_needs_the_secret() -> None:
    key = credentials.new_signing_key()
    sealed = credentials.seal_key(key, "one secret")
    assert credentials.open_key(sealed, "one secret").as_dict(private=True) == key.as_dict(private=True)
    with pytest.raises(JoseError):
        credentials.open_key(sealed, "another secret")
    assert str(key.as_dict(private=True)["d"]) not in sealed


def test_published_keys_are_public() -> None:
    (published,) = credentials.public_keys(credentials.new_signing_key())["keys"]
    assert "d" not in published
    assert published["crv"] == "Ed25519"
    assert published["kid"]


def test_random_tokens_are_recognisable_and_kept_as_digests() -> None:
    key = credentials.new_api_key()
    assert key.startswith("hlk_")
    assert len(key) > 40
    assert key not in credentials.digest(key)
    assert credentials.new_refresh_token() != credentials.new_refresh_token()
