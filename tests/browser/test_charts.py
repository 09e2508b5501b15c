"""Every kind of chart, drawn by what set-up bundles of ECharts: its series, its axes and its words are there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Window
from tests.fixtures.live import Live

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]

AREA = {"unit": "t", "series": [{"name": "废钢", "values": [3, 5]}, {"name": "废纸", "values": [1, 2]}]}
PRICES = [
    {
        "date": f"2026-11-{day}",
        "price_cny_per_t": 2400 + day,
        "low_cny_per_t": 2300,
        "high_cny_per_t": 2500,
        "carried": day == 12,
    }
    for day in (11, 12, 13)
]
WORDS = {"tonnes": "t", "price": "CNY", "supply": "supply", "demand": "demand", "matched": "matched"}
DATA: dict[str, tuple[str, Any, set[str]]] = {
    "periods": ("area", {**AREA, "periods": ["2026-11-28 07:00", "2026-11-28 08:00"]}, {"废钢", "11-28 07:00", "11-28 08:00"}),
    "one period": (
        "area",
        {**AREA, "periods": ["2026-11-29"], "series": [{"name": "废钢", "values": [3]}]},
        {"废钢", "11-29"},
    ),
    "prices": ("price", {"rows": PRICES, "unit": "元/吨", "carried": "carried"}, {"11-11", "11-13", "2,400"}),
    "flows": (
        "sankey",
        {
            "nodes": [{"id": one, "label": one, "side": side, "value": 5} for one, side in (("武汉", "from"), ("鄂州", "to"))],
            "links": [{"from": "武汉", "to": "鄂州", "value": 5}],
            "unit": "t",
        },
        {"武汉  5", "鄂州  5"},
    ),
    "curves": (
        "curves",
        {"supply": [[2000, 10, 10], [2500, 5, 0]], "demand": [[2800, 8, 8], [2200, 9, 2]], "words": WORDS},
        {"supply", "demand", "t", "CNY"},
    ),
}  # fmt: skip
DRAW = """([kind, data]) => {
  const place = document.createElement('div');
  place.id = 'drawn'; place.dataset.chart = kind; place.style.width = '600px'; place.style.height = '300px';
  const source = document.createElement('script');
  source.type = 'application/json'; source.dataset.for = 'drawn'; source.textContent = JSON.stringify(data);
  document.querySelector('main').replaceChildren(place, source);
  drawCharts(document);
  const shapes = echarts.getInstanceByDom(place).getZr().storage.getDisplayList(true);
  const drawn = (one) => !['tspan', 'line'].includes(one.type) && (one.style.fill || one.style.stroke);
  const words = shapes.filter((one) => one.type === 'tspan').map((one) => one.style.text);
  return { words, filled: shapes.filter(drawn).length };
}"""


def test_charts_show_their_series_and_their_words(signed_in: Callable[..., Window], live: Live) -> None:
    window = signed_in(live.create("park_operator"))
    window.open("/park/flows")
    for name, (kind, data, words) in DATA.items():
        seen = window.page.evaluate(DRAW, [kind, data])
        assert words <= set(seen["words"]), (name, seen)
        assert seen["filled"] >= 2, (name, seen)
    assert window.watch.errors == []
