// Charts from the data beside them: <div data-chart="kind" id="x"> and <script type="application/json" data-for="x">. Each kind is
// a function from data to an ECharts option; other files of ours add kinds to window.huanliuCharts. Drawn on canvas, with tooltips as
// rich text, so that no style is set in the page's text.
"use strict";

const LIBRARY = document.currentScript.dataset.library;
window.huanliuCharts = window.huanliuCharts || {};

function colours() {
  const style = getComputedStyle(document.documentElement);
  const get = (name) => style.getPropertyValue(`--${name}`).trim();
  return { ink: get("ink"), soft: get("soft"), line: get("line"), sheet: get("sheet"), accent: get("accent"), tint: get("tint"), amber: get("amber"), red: get("red"), second: get("second"), third: get("third"), fourth: get("fourth") };
}

const money = (value) => value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

// Prices: the median as a line, low to high as a band, carried points hollow.
window.huanliuCharts.price = (data, c) => {
  const days = data.rows.map((row) => row.date.slice(5));
  const low = data.rows.map((row) => row.low_cny_per_t);
  const band = data.rows.map((row) => row.high_cny_per_t - row.low_cny_per_t);
  const median = data.rows.map((row) => ({ value: row.price_cny_per_t, itemStyle: { color: row.carried ? c.sheet : c.accent, borderColor: c.accent, borderWidth: 2 } }));
  return {
    grid: { left: 8, right: 16, top: 40, bottom: 8, containLabel: true },
    xAxis: { type: "category", data: days, axisLabel: { color: c.soft, hideOverlap: true } },
    yAxis: { type: "value", scale: true, name: data.unit, nameTextStyle: { color: c.soft, align: "left" } },
    tooltip: { trigger: "axis", formatter: (points) => { const row = data.rows[points[0].dataIndex]; return `${row.date}${row.carried ? ` (${data.carried})` : ""}\n${money(row.price_cny_per_t)} ${data.unit}\n${data.low_high} ${money(row.low_cny_per_t)} – ${money(row.high_cny_per_t)}`; } },
    series: [
      { type: "line", stack: "band", data: low, symbol: "none", lineStyle: { opacity: 0 }, silent: true },
      { type: "line", stack: "band", data: band, symbol: "none", lineStyle: { opacity: 0 }, areaStyle: { color: c.accent, opacity: 0.16 }, silent: true },
      { type: "line", data: median, symbolSize: 7, symbol: "circle", showAllSymbol: true, lineStyle: { color: c.accent, width: 2 } },
    ],
  };
};

let library = null;

// Asked for when a chart comes near the window: whoever reads no further than the figures above it is spared its 170 KB.
function takeLibrary() {
  library ??= new Promise((taken, failed) => {
    const script = document.createElement("script");
    script.src = LIBRARY;
    script.onload = taken;
    script.onerror = failed;
    document.head.append(script);
  }).catch(() => { library = null; });
  return library;
}

const near = new IntersectionObserver((places) => {
  if (places.some((one) => one.isIntersecting)) takeLibrary().then(() => drawCharts(document));
}, { rootMargin: "50%" });

const PAPER_PX = 640; // about as wide as a page, so that what is written keeps its size
const resizeCharts = (size) => document.querySelectorAll("[data-chart]").forEach((place) => window.echarts?.getInstanceByDom(place)?.resize(size(place)));
let paper = null; // the theme to go back to while the page is printed

function drawCharts(root) {
  for (const place of root.querySelectorAll("[data-chart]")) {
    const kind = window.huanliuCharts[place.dataset.chart];
    const source = document.querySelector(`script[data-for="${place.id}"]`);
    if (!kind || !source) continue;
    if (!window.echarts) {
      near.observe(place);
      continue;
    }
    near.unobserve(place);
    const c = colours();
    const chart = window.echarts.getInstanceByDom(place) || window.echarts.init(place, null, { renderer: "canvas" });
    const axis = { axisLine: { lineStyle: { color: c.line } }, axisTick: { show: false }, axisLabel: { color: c.soft }, splitLine: { lineStyle: { color: c.line } }, nameTextStyle: { color: c.soft } };
    const option = kind(JSON.parse(source.textContent), c);
    for (const name of ["xAxis", "yAxis"]) {
      if (!option[name]) continue;
      const some = Array.isArray(option[name]) ? option[name] : [option[name]];
      option[name] = some.map((one) => ({ ...axis, ...one }));
    }
    if (option.tooltip) option.tooltip = { renderMode: "richText", confine: true, backgroundColor: c.sheet, borderColor: c.line, textStyle: { color: c.ink }, ...option.tooltip };
    const still = paper !== null || window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    chart.setOption({ animation: !still, animationDuration: 150, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: c.ink }, ...option }, true);
    if (!place.dataset.watched) {
      place.dataset.watched = "1";
      new ResizeObserver(() => chart.resize()).observe(place);
    }
  }
}

document.addEventListener("htmx:load", (event) => drawCharts(event.detail.elt));
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawCharts(document));
window.addEventListener("beforeprint", () => {
  paper = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
  resizeCharts((place) => ({ width: PAPER_PX, height: Math.round(place.clientHeight * 0.75) }));
  drawCharts(document);
  // a chart that was never drawn is its table on paper
  for (const place of document.querySelectorAll(".chart:empty")) place.parentElement.querySelector(".behind").open = true;
});
window.addEventListener("afterprint", () => {
  document.documentElement.dataset.theme = paper;
  paper = null;
  resizeCharts(() => ({ width: "auto", height: "auto" }));
  drawCharts(document);
});
drawCharts(document);
