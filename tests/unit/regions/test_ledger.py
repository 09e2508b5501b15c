"""The mass ledger: every posting balances, postings commute, and a lot's accounts are its quantities."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.regions.ledger import POSTED, entries_of, posting_of
from services.regions.ledger.mass import lot_of
from services.regions.model import ACCOUNTS, Entries, LotAccounts
from shared.events import REGISTRY
from shared.events.listings import LotPublished
from tests.fixtures.lives import Life, whole_life


def accounts_of(life: Life, order: list[int] | None = None) -> LotAccounts:
    accounts = LotAccounts(life.id)
    told = [life.told[place] for place in order] if order else life.told
    for one in told:
        posting = posting_of(one.event, one.id, one.event.at)
        if posting is not None:
            assert posting.lot_id == life.id
            assert sum(posting.entries.values()) == 0
            accounts.apply(posting.entries)
            assert_is_whole(accounts.balance)
    return accounts


def assert_is_whole(balance: Entries) -> None:
    """Every account of the lot sums to what was published, at every moment."""
    assert sum(balance.get(account, 0) for account in ACCOUNTS) == -balance.get("published", 0)


def assert_agrees(life: Life, accounts: LotAccounts) -> None:
    """The ledger says what listings says."""
    kg = {account: accounts.balance.get(account, 0) for account in ACCOUNTS}
    assert kg["on_offer"] == life.available
    assert kg["reserved"] + kg["in_transit"] == life.reserved
    assert kg["settled"] + kg["deducted"] + kg["weighing_difference"] == life.consumed
    assert kg["withdrawn"] + kg["expired"] == life.unsold
    assert sum(kg.values()) == life.quantity_kg


def test_a_whole_life_is_posted_to_the_kilogram() -> None:
    life = whole_life()
    accounts = accounts_of(life)
    assert_agrees(life, accounts)
    assert accounts.balance == {
        "published": -100_000,
        "on_offer": 0,
        "reserved": 0,
        "in_transit": 0,
        "settled": 20_250 + 17_000,
        "deducted": 150,
        "weighing_difference": -400,
        "expired": 63_000,
    }


def test_the_entries_of_a_load_that_is_over() -> None:
    life = Life().publish()
    deal = life.reserve(20_000)
    deal.receive(deal.load(20_000), 20_000, 20_400, deducted_kg=150)
    received = next(one.event for one in life.told if one.event.TYPE == "huanliu.shipment.received.v1")
    assert entries_of(received) == {
        "in_transit": -20_000,
        "settled": 20_250,
        "deducted": 150,
        "weighing_difference": -400,
    }


def test_what_moves_nothing_posts_nothing() -> None:
    life = Life().publish().change(30_500)
    deal = life.reserve(30_500)
    deal.receive(deal.load(30_500), 30_500, 30_500)
    life.sell_out().withdraw()
    silent = [one.event.TYPE for one in life.told if posting_of(one.event, one.id, one.event.at) is None]
    assert silent == [
        "huanliu.lot.changed.v1",
        "huanliu.quantity.consumed.v1",
        "huanliu.lot.closed.v1",
        "huanliu.lot.withdrawn.v1",
    ]


def test_a_posting_that_does_not_balance_is_refused() -> None:
    life = Life().publish()
    deal = life.reserve(20_000)
    deal.receive(deal.load(20_000), 20_000, 20_000)
    received = next(one.event for one in life.told if one.event.TYPE == "huanliu.shipment.received.v1")
    with pytest.raises(ValueError, match="does not balance"):
        entries_of(received.model_copy(update={"settled_kg": 1}))


def test_every_event_that_posts_names_its_lot() -> None:
    assert LotPublished in POSTED
    for kind in POSTED:
        assert kind.TYPE in REGISTRY
        assert "lot_id" in kind.model_fields or kind.TYPE.startswith("huanliu.lot.")
    told = Life().publish().told[0]
    assert lot_of(told.event) == told.event.id


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """A life of any length with every kind of step, in any possible order."""
    life = Life(quantity_kg=draw(st.integers(1, 10_000_000))).publish()
    for _ in range(draw(st.integers(0, 12))):
        step = draw(st.sampled_from(["change", "reject", "cancel", "deliver", "refuse"]))
        if step == "change":
            life.change(life.quantity_kg - life.available + draw(st.integers(0, 10_000_000)))
        elif life.available:
            kg = draw(st.integers(1, life.available))
            deal = life.reserve(kg).agree()
            if step == "reject":
                deal.release(kg, to=draw(st.sampled_from(["on_offer", "withdrawn", "expired"])))
            elif step == "cancel":
                deal.cancel()
            elif step == "refuse":
                deal.refuse(deal.load(kg), kg)
            else:
                net = draw(st.integers(0, 2 * kg))
                deal.receive(deal.load(kg), kg, net, draw(st.integers(0, net)))
    end = draw(st.sampled_from(["withdraw", "expire", "stay"]))
    return life if end == "stay" else getattr(life, end)()


@given(lives(), st.randoms(use_true_random=False))
def test_any_life_in_any_order_ends_in_the_same_accounts(life: Life, chance: random.Random) -> None:
    accounts = accounts_of(life)
    assert_agrees(life, accounts)
    order = list(range(len(life.told)))
    chance.shuffle(order)
    shuffled = accounts_of(life, order)
    assert {k: v for k, v in shuffled.balance.items() if v} == {k: v for k, v in accounts.balance.items() if v}
