"""The console's words and figures."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Literal

import pytest

from gateway import console
from gateway.console import assets, pages
from gateway.console.board import Clearing, Figures, Trade, clearing_row, counts_of, trade_row
from gateway.console.formats import day_begins, day_ends, last_day, region_name, regions_by_province, tonnes
from gateway.console.registry import ON_PHONE, rail
from gateway.console.texts import FOLDER, SHARED, WordIsMissing, texts
from gateway.console.visit import inside
from shared.auth.caller import ROLES

AT = "2026-11-24T00:00:00Z"
HERE = Path(console.__file__).parent
TEMPLATES = sorted((HERE / "templates").rglob("*.html"))
SOURCES = [*TEMPLATES, *sorted(HERE.rglob("*.py"))]
AREAS = [SHARED, *(area.name for area in pages.AREAS)]


def words_of(area: str) -> dict[str, dict[str, str]]:
    rows: dict[str, dict[str, str]] = json.loads((FOLDER / f"{area}.json").read_text(encoding="utf-8"))
    return rows


TEXT = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES if "node_modules" not in path.parts)
NAMED = set(re.findall(r"\bt\.(\w+)", TEXT)) | set(re.findall(r"""["'](\w+)["']""", TEXT))
BEGUN = tuple(re.findall(r"""["'](\w+_)["'] ~""", TEXT) + re.findall(r"""f["'](\w+_)\{""", TEXT))
"""Words that are put together: `t["state_" ~ name]`, `f"state_{name}"`."""
ENDED = tuple(re.findall(r"""~ ["'](_\w+)["']\]""", TEXT))


@pytest.mark.parametrize("area", AREAS)
def test_every_word_is_there_in_both_languages_and_used(area: str) -> None:
    rows = words_of(area)
    assert all(set(row) == {"zh", "en"} for row in rows.values())
    assert [key for key, row in rows.items() if not row["zh"] and key != "gap"] == [], "Chinese sentences have no space between"
    places = {key: [sorted(re.findall(r"\{(\w*)\}", text)) for text in row.values()] for key, row in rows.items()}
    assert [key for key, (zh, en) in places.items() if zh != en] == []
    said = {key.removesuffix("_1") if key.removesuffix("_1") in rows else key for key in rows}
    assert [key for key in said if key not in NAMED and not key.startswith(BEGUN) and not key.endswith(ENDED)] == [], "unused"
    assert not set(rows) & {"code", "language", "say"}, "these names are taken"


@pytest.mark.parametrize("area", AREAS[1:])
def test_an_area_does_not_say_a_shared_word_anew(area: str) -> None:
    assert sorted(set(words_of(area)) & set(words_of(SHARED))) == []


@pytest.mark.parametrize("area", AREAS)
def test_chinese_is_chinese_and_english_is_english(area: str) -> None:
    han = re.compile(r"[\u4e00-\u9fff]")
    other = {"other_language"}
    assert [key for key, row in words_of(area).items() if han.search(row["en"]) and key not in other] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(HERE / "templates")))
def test_a_template_names_only_words_that_its_area_has(path: Path) -> None:
    area = path.relative_to(HERE / "templates").parts[0]
    known = texts("zh", area if area in AREAS else SHARED)
    named = set(re.findall(r"\bt\.(\w+)", path.read_text(encoding="utf-8"))) - {"code", "language", "say"}
    shared_by_all = path.name in {"shell.html"}
    assert [key for key in named if key not in known and not shared_by_all] == []


def test_a_word_that_is_missing_is_no_blank() -> None:
    with pytest.raises(WordIsMissing):
        texts("zh")["no such word"]


def test_the_map_of_pages() -> None:
    paths = [page.path for area in pages.AREAS for page in area.pages]
    assert len(paths) == len(set(paths))
    for area in pages.AREAS:
        words = texts("en", area.name)
        assert all(page.word in words for page in area.pages if page.word)
        assert all((page.word == "") == (page.icon == "") for page in area.pages)
    for role in ROLES:
        shown = rail(pages.AREAS, role)
        assert role in shown[0][1].roles, "a role's home comes first"
        groups = [page.group for _, page in shown]
        assert [one for at, one in enumerate(groups) if one in groups[:at] and one != groups[at - 1]] == [], "one heading each"
        assert all(one in texts("en") for one in groups if one)
        assert max(groups.count(one) for one in groups) <= 7, "so many that nobody finds anything"
        assert ON_PHONE <= 4


def test_files_name_their_content() -> None:
    others = ("htmx.js", "echarts.js", "noto-sans-sc.css")
    for name in (*others, "console.css", "console.js", "icon.svg"):
        assert assets.address(name).startswith(assets.PREFIX)
    for name in ("../texts/public.json", "..%2ftexts.py", "files/../index.css", "none.js", ".npmrc", "a/b"):
        assert assets.asset(name) is None


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "", None, "/a\nb"])
def test_after_signing_in_one_goes_on_inside(path: str | None) -> None:
    assert inside(path) == ""
    assert inside("/collector/sell?again=1") == "/collector/sell?again=1"


def test_pages_hold_no_style_or_script_of_their_own() -> None:
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\bstyle=|\bon\w+=|<style|<script(?![^>]*\bsrc=\"\{\{)(?! type=\"application/json\")", text), (
            path.name
        )
        assert not re.search(r"(src|href)=\"(https?:)?//", text), path.name
        assert "|safe" not in text.replace(" ", "")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((0, "0"), (30.5, "30.5"), (1204.125, "1,204.125"), (1000, "1,000"), (0.001, "0.001")),
        *((-0.576, "−0.576"), (-1204.5, "−1,204.5"), (-0.0001, "0")),
    ],
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


def test_days_that_are_typed_and_shown_are_the_markets() -> None:
    assert day_begins("2026-11-28") == "2026-11-27T16:00:00.000Z"
    assert day_ends("2026-11-28") == "2026-11-28T16:00:00.000Z"
    assert last_day(day_ends("2026-11-28")) == "2026-11-28"
    assert last_day("2026-11-28T15:59:00.000Z") == "2026-11-28"
    assert (day_begins("soon"), day_ends("9999-12-31"), day_begins("")) == ("soon", "9999-12-31", ""), "for the API to refuse"


@pytest.mark.parametrize("code", ["zh", "en"])
def test_a_form_offers_every_province_with_its_cities(code: Literal["zh", "en"]) -> None:
    found = {province: dict(options) for province, _, options in regions_by_province(code)}
    assert len(found) == 34
    assert all(found.values())
    assert "420100" in found["420000"]
    assert "429004" in found["420000"], "a county directly under its province"
    assert "110101" in found["110000"] and "110100" not in found["110000"], "a municipality's districts"
    assert not [name for options in found.values() for name in options.values() if name == "市辖区"]
