// The parts of ECharts that our charts are drawn with, for set-up to bundle: a new kind of chart may need one more here.
import { getInstanceByDom, init, use } from "echarts/core";
import { BarChart, CustomChart, LineChart, SankeyChart } from "echarts/charts";
import { AxisPointerComponent, GridComponent, LegendPlainComponent, TooltipComponent } from "echarts/components";
import { LegacyGridContainLabel } from "echarts/features";
import { CanvasRenderer } from "echarts/renderers";

use([
  BarChart, CustomChart, LineChart, SankeyChart,
  AxisPointerComponent, GridComponent, LegendPlainComponent, TooltipComponent,
  LegacyGridContainLabel,
  CanvasRenderer,
]);
window.echarts = { getInstanceByDom, init };
