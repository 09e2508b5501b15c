"""The room on a database of the test's own, and an operator who asks it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from services.regions.app import create_app
from services.regions.store import DOCUMENTS
from shared.mongo import Database
from shared.settings import Settings
from tests.fixtures.identity import SignedIn, sign_in
from tests.fixtures.lives import fresh


@pytest.fixture
def database(settings: Settings) -> Database:
    return fresh(settings, "regions", DOCUMENTS)


@pytest.fixture
def client(settings: Settings, database: Database) -> FlaskClient:
    return create_app(settings).test_client()


@pytest.fixture
def operator(settings: Settings) -> SignedIn:
    return sign_in(settings, "operator")
