// Kinds of charts of the park's and the operator's pages; `charts.js`, which draws them, comes after this file.
"use strict";

(() => {
  const tonnes = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 3 });
  const money = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const brief = (period) => (period.length > 7 ? period.slice(5) : period); // 2026-11, 11-29, 11-29 08:00
  const kinds = window.huanliuCharts = window.huanliuCharts || {};
  // On a wall what is written grows with the screen.
  const size = document.querySelector(".wall") ? Math.round(0.85 * parseFloat(getComputedStyle(document.body).fontSize)) : 12;

  // Into how many rows words break, each with its key, and `wide` pixels to a row.
  const rowsOf = (words, wide) => {
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = `${size}px sans-serif`;
    let rows = 1;
    let at = 0;
    for (const word of words) {
      const needs = pen.measureText(word).width + size + 20;
      if (at && at + needs > wide) { rows += 1; at = 0; }
      at += needs;
    }
    return rows;
  };

  const topOf = (words, place) => 32 + (size + 12) * rowsOf(words, place.clientWidth);
  window.addEventListener("resize", () => {
    for (const place of document.querySelectorAll('[data-chart="area"]')) {
      const chart = window.echarts?.getInstanceByDom(place);
      if (chart) chart.setOption({ grid: { top: topOf(chart.getOption().series.map((one) => one.name), place) } });
    }
  });

  // A live part comes anew: the chart in it that goes is let go of, and leaves the new one no style, which the page's policy bars.
  if (window.htmx) window.htmx.config.attributesToSettle = ["class", "width", "height"];
  document.addEventListener("htmx:beforeCleanupElement", ({ target }) => {
    if (target.dataset?.chart) window.echarts?.getInstanceByDom(target)?.dispose();
  });

  // Who sends how much to whom. data: {nodes: [{id, label, side, value}], links: [{from, to, value}], unit}
  kinds.sankey = (data, c) => {
    const label = Object.fromEntries(data.nodes.map((node) => [node.id, node.label]));
    return {
      series: [{
        type: "sankey", left: 8, right: 8, top: 8, bottom: 8, nodeWidth: 12, nodeGap: 18, draggable: false, emphasis: { disabled: true },
        layoutIterations: 0, nodeAlign: "justify",
        data: data.nodes.map((node) => ({
          name: node.id, itemStyle: { color: node.side === "from" ? c.accent : c.second, borderWidth: 0 },
          label: { position: node.side === "from" ? "right" : "left", color: c.ink, fontSize: 13, textBorderColor: c.sheet, textBorderWidth: 2, formatter: () => `${node.label}  ${tonnes.format(node.value)}` },
        })),
        links: data.links.map((one) => ({ source: one.from, target: one.to, value: one.value })),
        lineStyle: { color: c.soft, opacity: 0.3, curveness: 0.5 },
      }],
      tooltip: {
        formatter: ({ data: one, dataType }) => (dataType === "edge"
          ? `${label[one.source]} → ${label[one.target]}: ${tonnes.format(one.value)} ${data.unit}` : label[one.name]),
      },
    };
  };

  // What made up the whole, period by period. data: {periods: […], series: [{name, values}], unit}
  kinds.area = (data, c) => ({
    color: [c.accent, c.second, c.third, c.fourth, c.soft, c.amber, c.red, c.line],
    grid: {
      left: 8, right: 16, bottom: 8, containLabel: true,
      top: topOf(data.series.map((one) => one.name), document.querySelector('[data-chart="area"]')),
    },
    legend: { top: 0, left: 0, padding: [4, 0], itemGap: 12, itemWidth: size, itemHeight: size, textStyle: { color: c.ink, fontSize: size }, icon: "rect", selectedMode: false },
    xAxis: {
      type: "category", data: data.periods, boundaryGap: data.periods.length < 2,
      axisLabel: { color: c.soft, fontSize: size, hideOverlap: true, formatter: brief, ...(data.periods.length < 2 ? {} : { alignMinLabel: "left", alignMaxLabel: "right" }) },
    },
    yAxis: { type: "value", min: 0, name: data.unit, nameLocation: "end", nameTextStyle: { color: c.soft, fontSize: size }, axisLabel: { color: c.soft, fontSize: size } },
    tooltip: { trigger: "axis", valueFormatter: (value) => `${tonnes.format(value)} ${data.unit}` },
    series: data.series.map((one) => ({
      name: one.name, type: data.periods.length < 2 ? "bar" : "line", stack: "all", barMaxWidth: 120, areaStyle: { opacity: 0.55 }, symbol: "none", data: one.values,
    })),
  });

  // Supply and demand by price, what was matched shaded. data: {supply, demand: [[price, tonnes, matched]], words}
  kinds.curves = (data, c) => {
    const stairs = (rows) => {
      let at = 0;
      const line = [];
      const shaded = [];
      for (const [price, t, matched] of rows) {
        line.push([at, price], [at + t, price]);
        if (matched) shaded.push([at, at + matched, price]);
        at += t;
      }
      return { line, shaded };
    };
    const shade = (rows, color) => ({
      type: "custom", silent: true, data: rows, z: 1, encode: { x: [0, 1], y: 2 },
      renderItem: (_, api) => {
        const [left, top] = api.coord([api.value(0), api.value(2)]);
        const [right, bottom] = api.coord([api.value(1), 0]);
        return { type: "rect", shape: { x: left, y: top, width: Math.max(1, right - left), height: bottom - top }, style: { fill: color, opacity: 0.22 } };
      },
    });
    const named = (name, rows, color) => ({
      name, type: "line", data: rows, symbol: "none", lineStyle: { width: 2, color }, itemStyle: { color }, z: 2,
      endLabel: { show: rows.length > 0, formatter: name, color, distance: 4, offset: [0, -8], textBorderColor: c.sheet, textBorderWidth: 3 },
    });
    const supply = stairs(data.supply);
    const demand = stairs(data.demand);
    return {
      grid: { left: 8, right: 72, top: 32, bottom: 32, containLabel: true },
      xAxis: { type: "value", min: 0, name: data.words.tonnes, nameLocation: "middle", nameGap: 28 },
      yAxis: { type: "value", min: 0, name: data.words.price, nameTextStyle: { color: c.soft, align: "left" } },
      tooltip: { trigger: "axis", axisPointer: { type: "line" }, formatter: (rows) => rows.filter((one) => one.seriesType === "line")
        .map((one) => `${one.seriesName}: ${money.format(one.value[1])} @ ${tonnes.format(one.value[0])}`).join("\n") },
      series: [
        shade(supply.shaded, c.accent), shade(demand.shaded, c.second),
        named(data.words.supply, supply.line, c.accent), named(data.words.demand, demand.line, c.second),
      ],
    };
  };
})();
