"""The console's words and figures."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gateway import console
from gateway.console.board import Clearing, Figures, Trade, clearing_row, counts_of, region_name, tonnes, trade_row
from gateway.console.texts import FILE, texts

AT = "2026-11-24T00:00:00Z"
HERE = Path(console.__file__).parent
TEMPLATES = sorted((HERE / "templates").glob("*.html"))


def test_every_word_is_there_in_both_languages() -> None:
    rows = json.loads(FILE.read_text(encoding="utf-8"))
    assert all(set(row) == {"zh", "en"} and row["zh"] for row in rows.values())
    used = {name for path in TEMPLATES for name in re.findall(r"\bt\.(\w+)", path.read_text(encoding="utf-8"))}
    assert used - set(rows) == {"code"}


def test_pages_hold_no_style_or_script_of_their_own() -> None:
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\bstyle=|\bon\w+=|<style|<script(?![^>]*\bsrc=\"/)", text), path.name
        assert not re.search(r"(src|href)=\"(https?:)?//", text), path.name
        assert "|safe" not in text.replace(" ", "")


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (30.5, "30.5"), (1204.125, "1,204.125"), (1000, "1,000"), (0.001, "0.001")]
)
def test_tonnes_are_as_entered(value: float, text: str) -> None:
    assert tonnes(value) == text


@pytest.mark.parametrize(
    ("code", "zh"),
    [
        ("420107", "武汉市"),
        ("420100", "武汉市"),
        ("420000", "湖北省"),
        ("310113", "上海市"),
        ("310000", "上海市"),
        ("429004", "仙桃市"),
        ("000000", "000000"),
        (None, "–"),
    ],
)
def test_a_region_is_shown_as_its_city(code: str | None, zh: str) -> None:
    assert region_name(code, texts("zh")) == zh


def test_rows_say_names_and_units() -> None:
    clearing = Clearing(
        material="steel", at=AT, proposals=3, matched_t=30.5, surplus_cny=1234567.8, gap_pct=None, duration_ms=12
    )
    cells = {column: text for column, text, _, _ in clearing_row(clearing, texts("en")).cells}
    assert cells == {
        "material": "Scrap steel",
        "proposals": "3",
        "matched": "30.5",
        "surplus": "1,234,567.80",
        "gap": "–",
        "duration": "12 ms",
    }
    trade = Trade(at=AT, grade="made.up", quantity_t=2, price_cny_per_t=2450, from_region="420107", to_region="310113")
    row = trade_row(trade, texts("zh"))
    assert [cell[1] for cell in row.cells] == ["made.up", "2", "2,450.00", "武汉市 → 上海市"]


def test_counts_have_their_tonnes() -> None:
    figures = Figures(
        at=AT,
        open_lots=1372,
        open_lots_t=2.5,
        open_demands=0,
        open_demands_t=0,
        trades=1,
        traded_t=7,
        clearings=[],
        trades_latest=[],
    )
    assert [(one.number, one.unit, one.tonnes) for one in counts_of(figures, texts("zh"))] == [
        ("1,372", "批", "2.5"),
        ("0", "单", "0"),
        ("1", "笔", "7"),
    ]
