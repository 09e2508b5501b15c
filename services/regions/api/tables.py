"""Lists that are JSON or CSV, as the caller prefers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from flask import Request
from pydantic import BaseModel

from services.regions.schemas import csv_of
from shared.http import Answer, PageOut
from shared.mongo import Page

T = TypeVar("T")
S = TypeVar("S", bound=BaseModel)
MOST_ROWS = 50_000
VARY = {"Vary": "Accept"}


def wants_csv(request: Request) -> bool:
    return request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv"


def csv_answer(items: Sequence[BaseModel], shape: type[BaseModel], withheld: bool | None = None) -> Answer:
    """A whole table as CSV. It has no envelope, so that something is kept back stands in a header."""
    headers = VARY | {"Content-Type": "text/csv; charset=utf-8"}
    if withheld is not None:
        headers["Huanliu-Withheld"] = str(withheld).lower()
    return Answer(csv_of(items, shape), 200, headers)


def listed(
    request: Request, shape: type[S], of: Callable[[T], S], cursor: str | None, page: Callable[[str | None], Page[T]]
) -> Answer:
    """One page as JSON; as CSV every row from `cursor` on, at most `MOST_ROWS`."""
    found = page(cursor)
    if not wants_csv(request):
        return Answer(PageOut[S](items=[of(one) for one in found.items], next_cursor=found.next_cursor), 200, VARY)
    rows = list(found.items)
    while found.next_cursor is not None and len(rows) < MOST_ROWS:
        found = page(found.next_cursor)
        rows += found.items
    return csv_answer([of(one) for one in rows], shape)
