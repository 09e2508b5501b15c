"""The audit agrees with a market in which everything happened, and names each document that was altered (`protocol.md` 13)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from deploy.audit.run import Verdict, audit, compare
from services.listings.views import KINDS
from shared.mongo import Database, seal_of
from tests.fixtures.market import Market

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]
Row = dict[str, Any]


def named(market: Market) -> dict[str, str]:
    """What one pass names: places by id."""
    return {one.id: one.place for one in compare(market.settings, Verdict())}


def test_a_market_in_which_everything_happened_agrees(market: Market) -> None:
    verdict = audit(market.settings, lambda _: None, patience_s=30)
    assert verdict.differences == []
    assert verdict.in_flight == {}
    assert verdict.events > 100
    assert verdict.documents > verdict.events
