"""A page follows its stream through the end of the process that holds it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from deploy.instance import Member, running
from tests.browser.conftest import Window
from tests.fixtures.live import Live, Market

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]
WITHIN_MS = 40_000


def test_a_page_says_that_its_stream_is_gone_and_takes_it_up_again(
    live: Live, people: Market, signed_in: Callable[..., Window]
) -> None:
    window = signed_in(people.collector)
    page = window.open("/collector/proposals")
    page.wait_for_selector('[data-stream-state="live"]', state="attached", timeout=WITHIN_MS)
    before = streams_of(live)
    os.kill(before.pid, signal.SIGKILL)
    page.wait_for_selector('[data-stream-state="stale"]', state="attached", timeout=WITHIN_MS)
    page.wait_for_selector('[data-stream-state="live"]', state="attached", timeout=WITHIN_MS)
    after = streams_of(live)
    assert (after.pid != before.pid, after.restarts) == (True, before.restarts + 1)
    assert page.locator('[data-stream-state="stale"]').count() == 0


def streams_of(live: Live) -> Member:
    """The process of streams, as the supervisor knows it now."""
    (found,) = [one for one in running(live.data).members if one.name == "gateway-streams"]
    return found
