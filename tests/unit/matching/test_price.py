"""The index rule: five independent firms, one vote each, else the last price carried."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from services.matching.model.price import FIRMS, Price

NOW = datetime(2026, 11, 24, tzinfo=UTC)
VOTES = st.dictionaries(st.sampled_from([f"firm-{n}" for n in range(9)]), st.integers(1, 10**6), max_size=9)


def a_day(day: str = "2026-11-24") -> Price:
    return Price(f"{day}:420100:steel.hms1", 0, "steel.hms1", "420100", day)


@given(st.lists(VOTES, max_size=4))
def test_the_price_is_the_median_of_the_firms_last_votes_or_none(clearings: list[dict[str, int]]) -> None:
    price, last = a_day(), dict[str, int]()
    for votes in clearings:
        before = price.median_fen_per_t, price.low_fen_per_t, price.high_fen_per_t, price.priced_firms
        events = price.observe(votes, NOW)
        last |= votes
        if len(last) < FIRMS:
            assert price.median_fen_per_t is None and events == []
        else:
            assert price.median_fen_per_t == round(statistics.median(last.values()))
            after = price.median_fen_per_t, price.low_fen_per_t, price.high_fen_per_t, price.priced_firms
            assert len(events) == (before != after) and not price.carried
    assert price.version == len(clearings)


def test_a_day_with_too_few_firms_carries_the_last_price_and_says_so() -> None:
    first, second, third = a_day(), a_day("2026-11-25"), a_day("2026-11-26")
    first.observe({f"firm-{n}": 100 + n for n in range(5)}, NOW)
    second.carry(first)
    assert second.observe({"firm-1": 900}, NOW) == []
    third.carry(second)
    assert (third.median_fen_per_t, third.priced_day, third.carried) == (102, "2026-11-24", True)
    assert third.observe({f"firm-{n}": 200 for n in range(5)}, NOW) and not third.carried
