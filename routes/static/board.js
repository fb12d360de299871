// Charts of the board: each is drawn from the table beside it, so that both always say the same; without this script the table is there alone.
"use strict";

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const narrowed = (text) => text.replace(/\s+/g, " ").trim();

const columns = (table) => {
  const heads = [...table.tHead.rows[0].cells].map((cell) => narrowed(cell.textContent));
  const rows = [...table.tBodies[0].rows];
  const names = rows.map((row) => narrowed(row.cells[0].textContent));
  const values = (place) => rows.map((row) => (row.cells[place]?.dataset.v ? Number(row.cells[place].dataset.v) : null));
  return { heads, names, values };
};
const percent = (value) => (value === null || value === undefined ? "–" : `${(100 * value).toFixed(1)}%`);

// A line has no length where a value stands between two gaps: a dash is drawn in its place.
const seenAlone = (value, place, all) =>
  value !== null && (all[place - 1] ?? null) === null && (all[place + 1] ?? null) === null ? { value, symbol: "rect", symbolSize: [16, 2] } : value;

const OPTIONS = {
  bars: ({ heads, names, values }) => ({
    xAxis: { type: "category", data: names },
    yAxis: { type: "value", minInterval: 1 },
    series: [1, 2, 3].map((place) => ({ name: heads[place], type: "bar", data: values(place) })),
  }),
  control: ({ heads, names, values }) => ({
    xAxis: { type: "category", data: names },
    yAxis: { type: "value", max: 1, scale: true, axisLabel: { formatter: percent } },
    series: [
      { name: heads[3], type: "line", data: values(3), symbol: "circle", symbolSize: 7 },
      // The centre line and the limits, where there are enough cases for any.
      ...[4, 5, 6].filter((place) => values(place).some((value) => value !== null)).map((place) => ({
        name: heads[place],
        type: "line",
        step: place > 4 && "middle",
        data: values(place).map(seenAlone),
        symbol: "none",
        lineStyle: { type: place > 4 ? "dashed" : "solid", width: 1 },
      })),
    ],
  }),
  intervals: ({ heads, names, values }) => ({
    xAxis: { type: "category", data: names, axisLabel: { interval: 0, overflow: "break", width: 90 } },
    yAxis: { type: "value", scale: true, axisLabel: { formatter: percent } },
    series: [
      { name: heads[3], type: "line", data: values(3), lineStyle: { width: 0 }, symbol: "diamond", symbolSize: 12 },
      { name: heads[4], type: "line", data: values(4), lineStyle: { width: 0 }, symbol: "triangle", symbolSize: 8 },
      { name: heads[5], type: "line", data: values(5), lineStyle: { width: 0 }, symbol: "rect", symbolSize: 6 },
    ],
  }),
  pareto: ({ heads, names, values }) => ({
    xAxis: { type: "category", data: names, axisLabel: { rotate: 40, overflow: "truncate", width: 110 } },
    yAxis: [{ type: "value", minInterval: 1 }, { type: "value", min: 0, max: 1, axisLabel: { formatter: percent } }],
    series: [
      { name: heads[1], type: "bar", data: values(1) },
      { name: heads[2], type: "line", yAxisIndex: 1, data: values(2), symbolSize: 5 },
    ],
  }),
  survival: ({ heads, names, values }) => ({
    xAxis: { type: "category", data: names, axisLabel: { rotate: 40 } },
    yAxis: [{ type: "value", minInterval: 1 }, { type: "value", min: 0, max: 1, axisLabel: { formatter: percent } }],
    series: [
      { name: heads[1], type: "bar", data: values(1) },
      { name: heads[2], type: "line", step: "end", yAxisIndex: 1, data: values(2), symbol: "none" },
    ],
  }),
};

const isDark = () => {
  const [red, green, blue] = (style("--pico-background-color").match(/[\da-f]{2}/gi) || ["ff", "ff", "ff"]).map((one) => parseInt(one, 16));
  return red + green + blue < 384;
};

const dressed = (option) => {
  const ink = style("--pico-color") || "#333";
  const axis = (one) => ({ ...one, axisLabel: { color: ink, ...one.axisLabel }, splitLine: { lineStyle: { opacity: 0.25 } } });
  return {
    animation: false,
    color: isDark() ? ["#8fb0ff", "#c3e04a", "#e3b6ff", "#ffab70", "#7fdce0"] : ["#4c6fd9", "#8aa81a", "#464660", "#d9691e", "#1d8a91"],
    aria: { enabled: true, decal: { show: true } },
    textStyle: { fontFamily: style("--pico-font-family") || "sans-serif", color: ink },
    legend: { textStyle: { color: ink }, top: 0 },
    grid: { left: 12, right: 12, top: 36, bottom: 8, containLabel: true },
    tooltip: { trigger: "axis", renderMode: "richText" },
    ...option,
    xAxis: axis(option.xAxis),
    yAxis: Array.isArray(option.yAxis) ? option.yAxis.map(axis) : axis(option.yAxis),
  };
};

const save = (name, type, data) => {
  const link = document.createElement("a");
  link.href = typeof data === "string" && data.startsWith("data:") ? data : URL.createObjectURL(new Blob([data], { type }));
  link.download = name;
  link.click();
  if (link.href.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
const csv = (table) =>
  "\ufeff" + [...table.rows].map((row) => [...row.cells].map((cell) => `"${narrowed(cell.textContent).replaceAll('"', '""')}"`).join(",")).join("\r\n") + "\r\n";

const draw = (figure) => {
  const table = figure.querySelector("table");
  const canvas = figure.querySelector(".canvas");
  const title = narrowed(figure.closest("section").querySelector("h2").textContent);
  const option = () => dressed(OPTIONS[figure.dataset.chart](columns(table)));
  canvas.hidden = false;
  const chart = echarts.init(canvas);
  chart.setOption(option());
  addEventListener("resize", () => chart.resize());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => chart.setOption(option()));
  const savers = {
    png: () => save(`${title}.png`, "image/png", chart.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: style("--pico-background-color") || "#fff" })),
    svg: () => {
      const drawn = echarts.init(null, null, { renderer: "svg", ssr: true, width: canvas.clientWidth, height: canvas.clientHeight });
      drawn.setOption(option());
      save(`${title}.svg`, "image/svg+xml", drawn.renderToSVGString());
      drawn.dispose();
    },
    csv: () => save(`${title}.csv`, "text/csv", csv(table)),
  };
  for (const button of figure.querySelectorAll("[data-save]")) {
    button.hidden = false;
    button.addEventListener("click", savers[button.dataset.save]);
  }
};

addEventListener("DOMContentLoaded", () => {
  if (window.echarts) document.querySelectorAll("figure[data-chart]").forEach(draw);
});
