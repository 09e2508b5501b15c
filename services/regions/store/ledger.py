"""Postings and the accounts of lots and regions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from services.regions.ledger import Place
from services.regions.model import Account, Entries, LotAccounts, Posting, RegionAccounts, post
from services.regions.store.conditions import at_place, of_material
from services.regions.store.state import of_present_form
from shared.mongo import Page, Repository, Row, Sealed, Unit


class PostingDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "postings",
        "indexes": ["lot_id", ("region", "id"), "recorded_at"],
    }


class LotAccountsDocument(Sealed):
    meta = {"collection": "lot_accounts", "indexes": [("region", "grade"), "seller_id"]}  # noqa: RUF012


class RegionAccountsDocument(Sealed):
    meta = {"collection": "region_accounts", "indexes": [("place", "grade")]}  # noqa: RUF012


POSTINGS = Repository(PostingDocument, Posting)
LOT_ACCOUNTS = Repository(LotAccountsDocument, LotAccounts)
REGION_ACCOUNTS = Repository(RegionAccountsDocument, RegionAccounts)


def postings_of(unit: Unit, lot_ids: list[str]) -> list[Posting]:
    """All that was posted for these lots."""
    return POSTINGS.select(unit, {"lot_id": {"$in": lot_ids}})


@of_present_form
def sum_balance(unit: Unit, place: Place, material: str | None, as_of: datetime | None) -> dict[str, Entries]:
    """Kilograms by grade and account of the lots published in the place, as was known at `as_of`: the accounts as they stand
    less what was posted since."""
    balances: dict[str, Entries] = {}
    for one in REGION_ACCOUNTS.select(unit, {"place": {"$in": list(place.cells)}, **of_material(material)}):
        post(balances.setdefault(one.grade, {}), one.balance)
    if as_of is not None:
        for grade, entries in _posted_since(unit, place, material, as_of, {}):
            post(balances.setdefault(grade, {}), entries, -1)
    return dict(sorted(balances.items()))


@of_present_form
def sum_own_balance(unit: Unit, place: Place, material: str | None, as_of: datetime | None, firm: str) -> dict[str, Entries]:
    """As `sum_balance`, of the lots of one firm."""
    balances: dict[str, Entries] = {}
    for one in LOT_ACCOUNTS.select(unit, {"seller_id": firm, **at_place(place), **of_material(material)}):
        post(balances.setdefault(str(one.grade), {}), one.balance)
    if as_of is not None:
        for grade, entries in _posted_since(unit, place, material, as_of, {"seller_id": firm}):
            post(balances.setdefault(grade, {}), entries, -1)
    return dict(sorted(balances.items()))


def _posted_since(unit: Unit, place: Place, material: str | None, as_of: datetime, whose: Row) -> Iterable[tuple[str, Entries]]:
    where = {"recorded_at": {"$gt": as_of}, **at_place(place), **of_material(material), **whose}
    for row in unit.collection("postings").find(where, {"grade": 1, "entries": 1}, session=unit.session):
        yield row["grade"], row["entries"]


@of_present_form
def page_of_entries(
    unit: Unit,
    place: Place,
    where: Mapping[str, str | None],
    account: Account | None,
    cursor: str | None,
    limit: int,
    whose: Row,
) -> Page[Posting]:
    """The postings of lots published in the place, newest first; of `account` those that move it; where `whose` holds."""
    query: Row = {**at_place(place), **whose, **{name: value for name, value in where.items() if value is not None}}
    query.update(of_material(query.pop("material", None)))
    if account is not None:
        query[f"entries.{account}"] = {"$exists": True}
    return POSTINGS.page(unit, query, cursor, limit)
