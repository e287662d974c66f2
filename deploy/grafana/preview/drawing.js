// One way to draw for each of Grafana's panels that the dashboards use.
"use strict";

const PALETTE = ["#73bf69", "#5794f2", "#ff9830", "#b877d9", "#f2cc0c", "#8ab8ff", "#f2495c", "#37872d", "#ffa6b0", "#96d98d", "#c4162a", "#e0b400"];
const paint = { stat: stats, table, timeseries: series, barchart: bars, bargauge: bars, "state-timeline": bands };

function stats(panel, inside) {
  const [row] = panel.answer.rows;
  if (!row) return nothing(inside);
  const each = panel.answer.columns.map((column, place) => {
    const of = said(panel, column), shown = told(of, row[place]);
    const label = row.length > 1 ? of.displayName ?? column : "";
    return element("div", [element("b", shown.text, { style: `color:${colour(shown.color)}` }), element("small", label)]);
  });
  inside.append(element("div", each, { class: "stats" }));
}

function table(panel, inside) {
  const { columns, rows } = panel.answer;
  if (!rows.length) return nothing(inside);
  const of = columns.map((column) => said(panel, column));
  const side = columns.map((_, place) => (rows.some((row) => typeof row[place] === "number" && of[place].unit !== "dateTimeAsLocal") ? { class: "number" } : {}));
  const head = columns.map((column, place) => element("th", of[place].displayName ?? column, side[place]));
  const body = rows.slice(0, 20).map((row) => element("tr", row.map((value, place) => {
    const shown = told(of[place], value);
    return element("td", shown.text, { ...side[place], style: `color:${colour(of[place]["custom.cellOptions"] || value === null ? shown.color : "text")}` });
  })));
  inside.append(element("table", [element("tr", head), ...body]));
}

/** Names and values by name: long answers (time, metric, value) become wide ones. */
function wide(panel) {
  const { columns, rows } = panel.answer, metric = columns.indexOf("metric");
  const times = [...new Set(rows.map((row) => row[0]))].sort((one, other) => one - other);
  const place = new Map(times.map((time, index) => [time, index])), curves = new Map();
  const put = (name, time, value) => {
    if (!curves.has(name)) curves.set(name, new Array(times.length).fill(null));
    curves.get(name)[place.get(time)] = value;
  };
  for (const row of rows)
    if (metric >= 0) put(row[metric], row[0], row[columns.length - 1]);
    else columns.slice(1).forEach((column, index) => put(column, row[0], row[index + 1]));
  return { times, curves };
}

function series(panel, inside) {
  const { times, curves } = wide(panel);
  if (!times.length) return nothing(inside);
  const custom = panel.fieldConfig.defaults.custom ?? {}, barred = custom.drawStyle === "bars", dotted = custom.drawStyle === "points", stacked = custom.stacking?.mode === "normal";
  const names = [...curves.keys()], of = said(panel, "");
  const hue = (name, index) => colour(said(panel, name).color?.fixedColor ?? PALETTE[index % PALETTE.length]);
  const data = names.map((name) => curves.get(name));
  const drawn = stacked ? data.map((_, index) => times.map((_, at) => data.slice(0, index + 1).reduce((sum, one) => sum + (one[at] ?? 0), 0))) : data;
  const order = stacked ? [...names.keys()].reverse() : [...names.keys()];
  const lines = order.map((index) => ({
    label: names[index], stroke: hue(names[index], index), width: barred || dotted ? 0 : 2, spanGaps: true,
    fill: dotted ? undefined : hue(names[index], index) + (barred ? "e0" : "14"), points: { show: dotted || (!barred && times.length < 80), size: 5, fill: hue(names[index], index) },
    paths: barred ? uPlot.paths.bars({ size: [0.7, 60] }) : undefined,
  }));
  const legend = names.map((name, index) => element("span", [element("i", "", { style: `background:${hue(name, index)}` }), said(panel, name).displayName ?? name]));
  const box = element("div"), below = element("div", legend, { class: "legend" });
  inside.append(box, below);
  new uPlot({
    width: inside.clientWidth, height: inside.clientHeight - below.offsetHeight - 2, legend: { show: false }, cursor: { show: false },
    scales: { x: { range: () => panel.range }, y: { range: (_, low, high) => reach(panel, low, high, barred) } },
    axes: [axis({ values: (_, at) => at.map((time) => hour(time, panel.range)), space: 62 }), axis({ size: 66, values: (_, at) => at.map((value) => told({ unit: of.unit }, value).text) })],
    series: [{}, ...lines], hooks: { draw: [(plot) => limits(plot, panel)] },
  }, [times, ...order.map((index) => drawn[index])], box);
}

const axis = (more) => ({ stroke: "#9fa7b3", grid: { stroke: "#24272e" }, ticks: { stroke: "#24272e" }, font: "11px DejaVu Sans", ...more });
function hour(time, [from, to]) {
  const parts = to - from > 2 * 86400 ? { month: "2-digit", day: "2-digit", hour: "2-digit" } : { hour: "2-digit", minute: "2-digit", ...(to - from < 1200 ? { second: "2-digit" } : {}) };
  return new Date(time * 1000).toLocaleString(LOCALE, { timeZone: "America/Mexico_City", hour12: false, ...parts });
}
function reach(panel, low, high, barred) {
  const of = panel.fieldConfig.defaults;
  low = Math.min(low, of.custom?.axisSoftMin ?? low);
  high = Math.max(high, of.custom?.axisSoftMax ?? high);
  const room = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
  return [of.min ?? (barred ? Math.min(0, low) : low - room), of.max ?? high + room];
}
function limits(plot, panel) {
  const of = panel.fieldConfig.defaults;
  if (!of.custom?.thresholdsStyle) return;
  for (const one of of.thresholds.steps) {
    if (one.value === null || one.value === undefined) continue;
    const y = plot.valToPos(one.value, "y", true);
    if (y < plot.bbox.top || y > plot.bbox.top + plot.bbox.height) continue;
    plot.ctx.save();
    Object.assign(plot.ctx, { strokeStyle: colour(one.color), lineWidth: 1.5 });
    plot.ctx.setLineDash([8, 6]);
    plot.ctx.beginPath(); plot.ctx.moveTo(plot.bbox.left, y); plot.ctx.lineTo(plot.bbox.left + plot.bbox.width, y); plot.ctx.stroke();
    plot.ctx.restore();
  }
}

function bars(panel, inside) {
  const { columns, rows } = panel.answer;
  if (!rows.length) return nothing(inside);
  const most = panel.fieldConfig.defaults.max ?? Math.max(...rows.map((row) => Math.abs(row[1] ?? 0)), 1e-9);
  inside.append(...rows.map(([name, value]) => {
    const label = told({ mappings: said(panel, columns[0]).mappings }, name), shown = told(said(panel, columns[1]), value);
    const hue = said(panel, columns[0]).mappings ? label.color : shown.color;
    const width = `width:calc((100% - 280px) * ${Math.max(0, Math.min(1, (value ?? 0) / most))});background:${colour(hue)}`;
    return element("div", [element("span", label.text), element("i", "", { style: width }), element("em", shown.text)], { class: "bar" });
  }));
}

function bands(panel, inside) {
  const { times, curves } = wide(panel), of = said(panel, "value"), [from, to] = panel.range, used = new Set();
  if (!times.length) return nothing(inside);
  const at = (time) => 100 * Math.max(0, Math.min(1, (time - from) / (to - from)));
  const height = Math.max(12, Math.min(28, (inside.clientHeight - 48) / curves.size));
  inside.append(...[...curves.keys()].sort().map((name) => {
    const points = curves.get(name).flatMap((value, index) => (value === null ? [] : [[times[index], value]]));
    const pieces = points.map(([time, value], index) => {
      used.add(value);
      const left = at(time), right = at(points[index + 1]?.[0] ?? to);
      return element("i", "", { style: `left:${left}%;width:${right - left}%;background:${colour(told(of, value).color)}` });
    });
    return element("div", [element("span", name), element("div", pieces, { style: `height:${height * 0.78}px` })], { class: "band", style: `height:${height}px` });
  }));
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => element("span", hour(from + share * (to - from), panel.range)));
  inside.append(element("div", ticks, { class: "ticks" }));
  const legend = [...used].sort((one, other) => one - other).map((value) => element("span", [element("i", "", { style: `background:${colour(told(of, value).color)}` }), told(of, value).text]));
  inside.append(element("div", legend, { class: "legend", style: "padding-left:98px" }));
}

function nothing(inside) { inside.append(element("div", "-", { class: "empty" })); }

function place(panel) {
  const { x, y, w, h } = panel.gridPos, row = panel.type === "row";
  const inside = element("div", "", { class: "inside" });
  const box = element("div", row ? panel.title : [element("h2", panel.title), inside]);
  const style = `left:${(x / 24) * 100}%;top:${y * SHOWN.row_px}px;width:${(w / 24) * 100}%;height:${h * SHOWN.row_px}px`;
  main.append(element("section", [box], { style, class: row ? "row" : "" }));
  if (row) return;
  if (panel.answer) paint[panel.type](panel, inside);
  else inside.append(element("div", ["Prometheus\n", ...panel.targets.map((one) => `${one.legendFormat}: ${one.expr}\n`)].join(""), { class: "query" }));
}

const main = element("main");
const chosen = Object.entries(SHOWN.chosen).map(([name, values]) => `${name}: ${values.length > 3 ? values.length : values.map((value) => value.split("/").pop()).join(", ")}`);
document.body.append(element("header", [SHOWN.dashboard.title, element("small", chosen.join("   "))]), main);
SHOWN.dashboard.panels.forEach(place);
