from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.settings import Settings
from tests.integration.matching.room import Room


@pytest.fixture
def room(settings: Settings) -> Iterator[Room]:
    made = Room(settings)
    yield made
    made.database.client.drop_database(made.database.mongo.name)
