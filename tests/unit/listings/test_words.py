"""Cutting queries into words, and type-ahead."""

from __future__ import annotations

import pytest

from services.listings.views.suggest import suggest
from services.listings.views.words import short_name, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("重废", ["重废"]),
        ("武汉重废", ["武汉", "重废"]),
        ("湖北 废纸", ["湖北", "废纸"]),
        ("重废HMS1 heavy melting", ["重废", "HMS1", "heavy", "melting"]),
        ("粉煤灰 一级", ["粉煤灰", "一级"]),
        ("重废 重废", ["重废"]),
    ],
)
def test_words(text: str, found: list[str]) -> None:
    assert words(text) == found


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("湖北省", "湖北"),
        ("武汉市", "武汉"),
        ("恩施土家族苗族自治州", "恩施"),
        ("广西壮族自治区", "广西"),
        ("内蒙古自治区", "内蒙古"),
        ("新疆维吾尔自治区", "新疆"),
        ("赵县", "赵县"),
    ],
)
def test_short_names(name: str, short: str) -> None:
    assert short_name(name) == short


def test_suggestions_in_both_languages() -> None:
    assert suggest("重废", 3)[0].value == "steel.hms1"
    assert suggest("heavy m", 3)[0].value == "steel.hms1"
    assert suggest("melting", 3)[0].value == "steel.hms1"
    assert suggest("武汉", 1)[0].value == "420100"
    assert suggest("wuhan", 1)[0].value == "420100"
    assert suggest("废纸", 1)[0].value == "paper"
    assert suggest("  ", 5) == []
    assert suggest("no such thing anywhere", 5) == []


def test_each_code_is_suggested_once() -> None:
    found = suggest("废", 40)
    assert len({(one.kind, one.value) for one in found}) == len(found) == 40
