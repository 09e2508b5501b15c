"""Postings and the accounts of lots."""

from __future__ import annotations

from collections.abc import Iterator

from services.regions.model import ACCOUNTS, LotAccounts, Posting
from services.regions.store.conditions import of_material, within
from shared.mongo import Repository, Row, Sealed, Unit


class PostingDocument(Sealed):
    meta = {"collection": "postings", "indexes": ["lot_id"]}  # noqa: RUF012


class LotAccountsDocument(Sealed):
    meta = {"collection": "lot_accounts", "indexes": [("region", "grade")]}  # noqa: RUF012


POSTINGS = Repository(PostingDocument, Posting)
LOT_ACCOUNTS = Repository(LotAccountsDocument, LotAccounts)


def sum_balance(unit: Unit, prefix: str, material: str | None) -> Iterator[tuple[str, dict[str, int]]]:
    """`(grade, kilograms by account)` of the lots published in the region; `published` is positive."""
    sums: Row = {account: {"$sum": f"$balance.{account}"} for account in ACCOUNTS}
    sums["source"] = {"$sum": "$balance.published"}
    where = {**within("region", prefix), **of_material(material)}
    pipeline: list[Row] = [{"$match": where}, {"$group": {"_id": "$grade", **sums}}, {"$sort": {"_id": 1}}]
    for row in unit.collection("lot_accounts").aggregate(pipeline, session=unit.session):
        yield row["_id"], {"published": -row["source"], **{account: row[account] for account in ACCOUNTS}}
