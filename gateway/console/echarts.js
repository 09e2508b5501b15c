// The parts of ECharts that our charts are drawn with, for set-up to bundle: a new kind of chart may need one more here.
import { getInstanceByDom, init, use } from "echarts/core";
import { CustomChart, LineChart, SankeyChart } from "echarts/charts";
import { AxisPointerComponent, GridComponent, LegendScrollComponent, TooltipComponent } from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";

use([
  CustomChart, LineChart, SankeyChart,
  AxisPointerComponent, GridComponent, LegendScrollComponent, TooltipComponent,
  CanvasRenderer,
]);
window.echarts = { getInstanceByDom, init };
