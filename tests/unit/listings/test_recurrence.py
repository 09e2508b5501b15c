"""When periods begin, and that none is named twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.listings.model import Recurrence
from services.listings.model.recurrence import Every, first_after, occurrence, period_of
from shared.problem import InputIsInvalid
from tests.unit.listings.builders import NOW, lot_draft, open_lot

EVERY: list[Every] = ["day", "week", "month"]


def recurrence(every: Every = "week", begin: datetime = NOW) -> Recurrence:
    return Recurrence(
        id="lot-1",
        side="lot",
        organisation_id="o",
        every=every,
        quantity_kg=5000,
        begin=begin,
        until=None,
        created_at=NOW,
        updated_at=NOW,
    )


def test_months_keep_their_day_or_have_their_last_in_shanghai() -> None:
    begin = datetime(2026, 1, 30, 17, tzinfo=UTC)  # 31 January, 01:00 in Shanghai
    days = [period_of(occurrence(begin, "month", number)) for number in range(5)]
    assert days == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]
    assert occurrence(begin, "month", 1) == datetime(2026, 2, 27, 17, tzinfo=UTC)
    assert period_of(occurrence(begin, "month", 12)) == "2027-01-31"


@given(
    every=st.sampled_from(EVERY),
    begin=st.timedeltas(timedelta(0), timedelta(days=18_000)).map(lambda past: datetime(2001, 1, 1, tzinfo=UTC) + past),
    later=st.timedeltas(timedelta(days=-800), timedelta(days=9000)),
)
def test_the_first_period_after_a_moment_is_the_first(every: Every, begin: datetime, later: timedelta) -> None:
    now = begin + later
    number = first_after(begin, every, now)
    assert number >= 1 and occurrence(begin, every, number) > now
    assert number == 1 or occurrence(begin, every, number - 1) <= now
    assert period_of(occurrence(begin, every, number)) < period_of(occurrence(begin, every, number + 1))


def test_it_goes_from_period_to_period_and_ends() -> None:
    one = recurrence()
    one.start("week", 5000, NOW, NOW + timedelta(days=14), NOW)
    assert (one.status, one.next_at) == ("running", NOW + timedelta(days=7))
    assert not one.is_due(NOW + timedelta(days=6)) and one.is_due(NOW + timedelta(days=7))
    one.done(NOW + timedelta(days=7), "copy-1")
    assert (one.next_at, one.made, one.last_id) == (NOW + timedelta(days=14), 1, "copy-1")
    one.done(NOW + timedelta(days=14), "copy-2")
    assert (one.status, one.reason, one.next_at, one.made) == ("ended", "over", None, 2)
    assert not one.is_due(NOW + timedelta(days=99))


def test_started_again_it_makes_no_period_twice() -> None:
    one = recurrence("day")
    one.start("day", 5000, NOW, None, NOW)
    made_at = NOW + timedelta(days=1)
    one.done(made_at, "copy-1")
    one.remove(made_at)
    later_that_day = NOW + timedelta(hours=9)
    one.start("day", 7000, later_that_day, None, made_at)
    assert one.next_at is not None and one.last_period is not None
    assert period_of(one.next_at) > one.last_period
    assert (one.status, one.reason, one.quantity_kg) == ("running", None, 7000)


def test_an_end_before_the_next_period_is_refused() -> None:
    with pytest.raises(InputIsInvalid):
        recurrence().start("week", 5000, NOW, NOW + timedelta(days=6), NOW)


def test_the_same_offer_again_says_nothing_of_the_old_goods() -> None:
    draft = lot_draft(arose_from="2026-10-01", arose_until="2026-10-31", stock="new", quality={"moisture_pct": 1.0})
    later = NOW + timedelta(days=30)
    again = draft.again(later)
    assert (again.terms.available_from, again.terms.available_until) == (later, later + timedelta(days=10))
    assert (again.terms.arose_from, again.terms.arose_until, again.hard_stops_declared) == (None, None, None)
    assert (again.terms.stock, again.terms.quality, again.quantity_kg) == ("new", {"moisture_pct": 1.0}, draft.quantity_kg)


def test_an_owner_is_warned_once_of_each_end() -> None:
    lot = open_lot()
    version, day = lot.version, timedelta(days=1)
    [event] = lot.warn(day)
    assert (event.version, lot.version, lot.warned_until) == (version, version, lot.until)
    short = open_lot(available_until=NOW + timedelta(hours=10))
    assert short.warn(day) == []
    assert short.warned_until == short.until
