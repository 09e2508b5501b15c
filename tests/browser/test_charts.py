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
LAY = """([kind, data, above]) => {
  const figure = document.createElement('figure');
  figure.innerHTML = '<div class="chart" id="drawn"></div><script type="application/json" data-for="drawn"></scr' + 'ipt>'
    + '<details class="behind"><summary>table</summary></details>';
  figure.firstElementChild.dataset.chart = kind;
  figure.querySelector('script').textContent = JSON.stringify(data);
  const space = document.createElement('div');
  space.style.height = `${above}px`;
  document.querySelector('main').replaceChildren(space, figure);
  drawCharts(document);
}"""
DRAW = """async ([kind, data]) => {
  const place = document.createElement('div');
  place.id = 'drawn'; place.dataset.chart = kind; place.style.width = '600px'; place.style.height = '300px';
  const source = document.createElement('script');
  source.type = 'application/json'; source.dataset.for = 'drawn'; source.textContent = JSON.stringify(data);
  document.querySelector('main').replaceChildren(place, source);
  await takeLibrary();
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


def test_the_library_of_charts_comes_when_a_chart_comes_near(signed_in: Callable[..., Window], live: Live) -> None:
    """Whoever reads no further than the figures above a chart is spared it; printed all the same, the chart is its table."""
    window = signed_in(live.create("park_operator", "630100"), width="phone")  # where nothing flows: the page has no chart
    page = window.open("/park/flows")
    kind, data, _ = DATA["flows"]
    page.evaluate(LAY, [kind, data, 5000])
    page.wait_for_timeout(500)
    assert page.evaluate("() => window.echarts") is None
    page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.behind[open]").count() == 1
    page.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
    page.evaluate("() => document.getElementById('drawn').scrollIntoView()")
    page.wait_for_selector("#drawn canvas")
    assert window.watch.errors == []
