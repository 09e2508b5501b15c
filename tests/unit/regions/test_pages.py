"""A return on paper."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from services.regions.model import Column, Named, Return, Section
from services.regions.reporting import pages
from services.regions.views import names

COLUMNS = (Column(Named("品种", "Material"), "text"), Column(Named("收货", "Received"), "t"))
ROW_MM = 6.0
"""Less than a row takes."""


def section(rows: int) -> Section:
    named = tuple((Named(f"重废{at}", f"Heavy scrap {at}"), at * 1000) for at in range(rows - 1))
    return Section(
        Named("分品种", "By grade"),
        Named("收货", "received"),
        Named("运单", "loads"),
        COLUMNS,
        (*named, (Named("合计", "Total"), 1)),
    )


@pytest.mark.parametrize("rows", range(24, 42))
def test_a_total_never_stands_alone_on_a_page(rows: int) -> None:
    made = Return("420000", Named("湖北", "Hubei"), "2026-10", datetime(2026, 11, 1, tzinfo=UTC), ())
    pdf = pages._Pages(made, "zh")
    pdf.add_page()
    pages._section(pdf, section(rows), "zh")
    heads = 1
    assert pdf.page == 1 or pdf.y >= pages.MARGIN_MM + (heads + pages.TOGETHER) * ROW_MM


def test_a_place_is_named_by_places_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "known_region", lambda *_: None)
    assert names.place_name(cast(Any, None), "500112").zh == "重庆市渝北区"
    assert names.place_name(cast(Any, None), "420102").zh == "湖北省武汉市江岸区"
