"""Exporting one's own lots and demands."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
import pytest

from tests.integration.listings.market import Market, Party, demand_body, lot_body
from tests.integration.listings.test_imports import done, send

pytestmark = pytest.mark.mongodb

TERMS = (
    *("grade", "quantity_t", "ask_cny_per_t", "vat_rate_pct", "available_from", "available_until", "site_id", "quality"),
    *("traits", "divisible", "min_take_t", "auto_accept", "origin", "title", "description"),
    *("arose_from", "arose_until", "stock", "hard_stops_declared", "on_behalf_of"),
)


FOR_ANOTHER: dict[str, Any] = {
    "hard_stops_declared": ["radioactive", "pcb"],
    "on_behalf_of": {
        "name": "张三",
        "phone": "+86 138-0000-0000",
        "consent": "recording",
        "consented_at": "2026-11-20T02:00:00.000Z",
    },
}


def table(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def lots_of(market: Market, who: Party) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = market.get(who, "/v1/lots", limit=200).json["items"]
    return items


def some_lots(market: Market, seller: Party) -> None:
    other_site = market.site(seller.id)
    changes: list[dict[str, Any]] = [
        {"title": '=HYPERLINK("http://x")', "description": '-1, "二"\n第三行', "vat_rate_pct": 3},
        {"quality": {"moisture_pct": 0.5, "thickness_mm": 6.25}, "divisible": False, "quantity_t": 0.001},
        {"publish": False, "min_take_t": 5, "auto_accept": True, "origin": "imported", "site_id": other_site},
        {
            "grade": "plastic.pp",
            "ask_cny_per_t": 1500.25,
            "quality": {"impurity_pct": 1},
            "title": "'=x",
            "traits": {"form": "pellet", "colour": "black"},
        },
        {
            **FOR_ANOTHER,
            "grade": "solid_waste.red_mud",
            "arose_from": "2026-10-01",
            "arose_until": "2026-10-31",
            "stock": "stock",
        },
    ]
    for change in changes:
        assert market.post(seller, "/v1/lots", lot_body(seller, **change)).status_code == 201


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_an_export_is_imported_again(market: Market, kind: str, language: str) -> None:
    seller = market.party("collector")
    some_lots(market, seller)
    before = lots_of(market, seller)
    headers = {**seller.headers, "Accept-Language": language}
    exported = market.client.get("/v1/lots/export", query_string={"format": kind}, headers=headers)
    assert exported.headers["Content-Disposition"] == f'attachment; filename="lots.{kind}"'
    result = done(market, seller, send(market, seller, exported.data))
    assert (result["rows_accepted"], result["errors"]) == (5, [])
    after = lots_of(market, seller)[:5]
    assert [{name: lot[name] for name in TERMS} for lot in reversed(after)] == [
        {name: lot[name] for name in TERMS} for lot in before
    ]


def test_everything_one_owns_and_nothing_else(market: Market) -> None:
    seller, other = market.party("collector"), market.party("collector")
    some_lots(market, seller)
    market.lot(other)
    rows = table(market.get(seller, "/v1/lots/export"))
    assert [row["id"] for row in rows] == [lot["id"] for lot in lots_of(market, seller)]
    assert [row["on_behalf_of.phone"] for row in rows] == ["'+86 138-0000-0000", "", "", "", ""]
    everybodys = table(market.get(market.party("operator"), "/v1/lots/export"))
    assert len(everybodys) > 5 and {row["on_behalf_of.name"] + row["on_behalf_of.phone"] for row in everybodys} == {""}
    first = rows[-1]
    assert (first["status"], first["site"], first["available_t"], first["title"]) == (
        "open", "一号场", "30.5", "'=HYPERLINK(\"http://x\")"
    )  # fmt: skip
    assert [row["grade"] for row in table(market.get(seller, "/v1/lots/export", material="plastic"))] == ["plastic.pp"]
    assert [row["status"] for row in table(market.get(seller, "/v1/lots/export", status="draft"))] == ["draft"]
    for query in ({"limit": "5"}, {"format": "xls"}, {"colour": "red"}):
        assert market.get(seller, "/v1/lots/export", **query).status_code == 422
    assert market.get(market.party("buyer"), "/v1/lots/export").status_code == 403
    assert market.client.get("/v1/lots/export").status_code == 401


def test_numbers_are_numbers_and_texts_are_texts(market: Market) -> None:
    seller = market.party("collector")
    some_lots(market, seller)
    answer = market.get(seller, "/v1/lots/export", format="xlsx")
    header, *rows = openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[0].rows
    columns = {cell.value: at for at, cell in enumerate(header)}
    assert [row[columns["quantity_t"]].value for row in rows] == [30.5, 30.5, 30.5, 0.001, 30.5]
    assert rows[-1][columns["title"]].data_type == "s"
    assert str(rows[-1][columns["title"]].value).startswith("'=")


def test_more_than_one_batch(market: Market) -> None:
    seller = market.party("collector")
    rows = "".join(f"steel.hms1,{n + 1},2450,2026-11-24,2099-12-04\n" for n in range(1203))
    head = "grade,quantity_t,ask_cny_per_t,available_from,available_until\n"
    assert done(market, seller, send(market, seller, (head + rows).encode()))["rows_accepted"] == 1203
    exported = table(market.get(seller, "/v1/lots/export"))
    assert [float(row["quantity_t"]) for row in exported] == [float(1203 - n) for n in range(1203)]


def test_demands(market: Market) -> None:
    buyer = market.party("buyer")
    limits = {"impurity_pct": {"max": 2}}
    assert market.post(buyer, "/v1/demands", demand_body(buyer, quality_limits=limits)).status_code == 201
    market.demand(market.party("buyer"))
    (row,) = table(market.get(buyer, "/v1/demands/export"))
    assert (row["grades"], row["quantity_t"], row["quality_limits"], row["site"]) == (
        "steel.hms1|steel.hms2", "500.0", '{"impurity_pct":{"max":2.0}}', "一号场"
    )  # fmt: skip
    header, found = (
        openpyxl.load_workbook(io.BytesIO(market.get(buyer, "/v1/demands/export", format="xlsx").data)).worksheets[0].rows
    )
    assert [str(cell.value) for cell in header][:2] == ["id", "status"] and found[4].value == 500
    assert market.get(market.party("collector"), "/v1/demands/export").status_code == 403
