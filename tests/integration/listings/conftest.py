"""The market of a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.settings import Settings
from tests.integration.listings.market import Market


@pytest.fixture
def market(settings: Settings) -> Iterator[Market]:
    """A listings room with nothing in it."""
    market = Market(settings)
    yield market
    market.close()
