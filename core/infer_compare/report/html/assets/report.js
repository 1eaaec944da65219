(() => {
"use strict";

/* Draws the charts out of the data in the page. Texts of others reach Plotly escaped, never as markup. */
const root = document.documentElement;
const data = JSON.parse(document.getElementById("chart-data").textContent);
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const paperMedia = matchMedia("print");
const hidden = new Set();
const PRINT_WIDTH = 660;
let printing = false;

const theme = () => printing ? "light" : root.dataset.theme || (systemDark.matches ? "dark" : "light");
const inks = {
  light: { ink: "#14181d", soft: "#586270", line: "#e6e8ec", axis: "#aab2bd", pale: "#9aa3af", shade: "rgba(163,32,28,0.06)", bad: "#a3201c" },
  dark: { ink: "#e9edf2", soft: "#9aa5b3", line: "#2a3038", axis: "#505a66", pale: "#77828f", shade: "rgba(255,154,146,0.08)", bad: "#ff9a92" },
};
const FONT = '-apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, system-ui, sans-serif';

const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const shortened = (text, most) => text.length > most ? text.slice(0, most - 1) + "…" : text;
const faded = (colour, share) => {
  const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return `rgba(${parts.join(",")},${share})`;
};
const colourOf = (one) => one.excluded ? inks[theme()].pale : data.palette[theme()][one.colour];
const figure = (value) => value.toLocaleString("en-US", { maximumSignificantDigits: 6 });

function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  while (value >= 1024 && at < units.length - 1) { value /= 1024; at += 1; }
  return `${figure(value)} ${units[at]}`;
}

/* Ticks: powers of two for batch sizes and memory; 1, 2, 5 for the rest. */
function powersOfTwo(low, high, most) {
  const all = [];
  for (let power = Math.floor(Math.log2(low)); power <= Math.ceil(Math.log2(high)); power += 1) {
    const value = 2 ** power;
    if (value >= low * 0.999 && value <= high * 1.001) all.push(value);
  }
  const step = Math.ceil(all.length / most);
  return all.filter((_, place) => place % step === 0);
}
function decades(low, high, most) {
  const made = (steps) => {
    const all = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
      for (const step of steps) {
        const value = Number((step * 10 ** power).toPrecision(3));
        if (value >= low && value <= high) all.push(value);
      }
    }
    return all;
  };
  const choices = [[1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]].map(made);
  return choices.find((all) => all.length <= most) || choices[choices.length - 1].filter((_, at, all) => at % Math.ceil(all.length / most) === 0);
}
function logAxis(values, extra) {
  const low = Math.min(...values), high = Math.max(...values);
  const pad = Math.max(extra, (Math.log10(high) - Math.log10(low)) * 0.06);
  const range = [Math.log10(low) - pad, Math.log10(high) + pad];
  return { type: "log", range, span: [10 ** range[0], 10 ** range[1]] };
}

function baseLayout(width, height) {
  const ink = inks[theme()];
  const axis = { gridcolor: ink.line, linecolor: ink.axis, zeroline: false, tickcolor: ink.axis, tickfont: { color: ink.soft }, automargin: true, fixedrange: true };
  return {
    width, height, autosize: false, showlegend: false, dragmode: false,
    margin: { l: 12, r: 14, t: 12, b: 12, pad: 0 },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: FONT, size: 12, color: ink.ink },
    hoverlabel: { bgcolor: data.paper[theme()], bordercolor: ink.axis, font: { family: FONT, size: 12, color: ink.ink }, align: "left", namelength: -1 },
    xaxis: { ...axis, showgrid: false, showline: true, ticks: "outside", ticklen: 4, title: { font: { color: ink.soft, size: 12 }, standoff: 8 } },
    yaxis: { ...axis, title: { font: { color: ink.soft, size: 12 }, standoff: 8 } },
    shapes: [], annotations: [],
  };
}

const shown = (chart) => chart.series.filter((one) => !hidden.has(one.c));

/* Against the batch size. */
function batchChart(chart, layout, width) {
  const ink = inks[theme()];
  const traces = [];
  const memory = chart.y === "memory";
  const alone = chart.series.length === 1;
  const values = [];
  for (const one of chart.series) values.push(...one.y, ...one.low, ...one.high, ...one.rough.map((point) => point[1]), ...(one.fits ? [one.fits[1]] : []));
  if (chart.line) values.push(chart.line.at);
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0) positive.push(1, 10);
  const spread = Math.max(...positive) / Math.min(...positive);
  const log = chart.log || spread > 12;
  let y, bottom;
  if (log) {
    y = logAxis(positive, 0.05);
    const ticks = memory ? powersOfTwo(y.span[0], y.span[1], 7) : decades(y.span[0], y.span[1], 8);
    Object.assign(layout.yaxis, { type: "log", range: y.range, tickvals: ticks, ticktext: ticks.map(memory ? bytes : figure) });
    bottom = y.span[0] * (y.span[1] / y.span[0]) ** 0.03;
  } else {
    Object.assign(layout.yaxis, { range: [0, Math.max(...positive) * 1.08], tickformat: ",", rangemode: "tozero", nticks: 7 });
    bottom = Math.max(...positive) * 0.03;
  }
  layout.yaxis.title.text = memory ? "" : chart.y;
  const x = logAxis(chart.sizes, 0.1);
  let ticks = powersOfTwo(x.span[0], x.span[1], Math.max(3, Math.floor(width / 46))).filter((value) => value >= 1);
  if (ticks.length < 2) ticks = chart.sizes;
  Object.assign(layout.xaxis, { type: "log", range: x.range, tickvals: ticks, ticktext: ticks.map(String), tickangle: 0, unifiedhovertitle: { text: "batch %{x}" } });
  layout.xaxis.title.text = "batch size";
  layout.hovermode = "x unified";
  for (const one of shown(chart)) {
    const owner = data.contenders[one.c], colour = colourOf(owner), name = `<b>${escaped(owner.name)}</b>  `;
    const said = (texts) => texts.map((text) => name + escaped(text));
    if (one.low.length) {
      traces.push({
        x: [...one.x, ...[...one.x].reverse()], y: [...one.high, ...[...one.low].reverse()], mode: "lines", fill: "toself",
        fillcolor: faded(colour, theme() === "dark" ? 0.26 : 0.18), line: { width: 0 }, hoverinfo: "skip",
      });
    }
    const filled = one.fastest.map((fastest) => memory || alone || fastest);
    traces.push({
      x: one.x, y: one.y, text: said(one.text), hovertemplate: "%{text}<extra></extra>", mode: "lines+markers", meta: one.c,
      line: { color: colour, width: 2.2, dash: owner.excluded ? "dot" : "solid" },
      marker: { symbol: owner.symbol, size: 8, color: filled.map((yes) => yes ? colour : data.paper[theme()]), line: { color: colour, width: 1.8 } },
    });
    if (one.rough.length) {
      traces.push({
        x: one.rough.map((point) => point[0]), y: one.rough.map((point) => point[1]), text: said(one.rough.map((point) => point[2])),
        hovertemplate: "%{text}<extra></extra>", mode: "lines+markers", line: { color: faded(colour, 0.7), width: 1.4, dash: "dot" },
        marker: { symbol: owner.symbol + "-open", size: 7, color: colour, line: { width: 1.2 } },
      });
    }
    if (one.fits) {
      const last = one.x.length - 1;
      traces.push({
        x: last < 0 ? [one.fits[0]] : [one.x[last], one.fits[0]], y: last < 0 ? [one.fits[1]] : [one.y[last], one.fits[1]],
        text: said(last < 0 ? [one.fits[2]] : ["", one.fits[2]]), hovertemplate: last < 0 ? "%{text}<extra></extra>" : ["", "%{text}<extra></extra>"],
        hoverinfo: "text", mode: "lines+markers", line: { color: colour, width: 1.6, dash: "dash" },
        marker: { symbol: "circle-open", size: [...(last < 0 ? [] : [0]), 12], color: colour, line: { width: 2.2 } },
      });
    }
    if (one.missing.length) {
      const height = memory && chart.line ? chart.line.at : bottom;
      traces.push({
        x: one.missing.map((point) => point[0]), y: one.missing.map(() => height), text: said(one.missing.map((point) => point[1])),
        hovertemplate: "%{text}<extra></extra>", mode: "markers", cliponaxis: false,
        marker: { symbol: "x-thin", size: 10, color: colour, line: { color: colour, width: 2.6 } },
      });
    }
  }
  if (chart.line) {
    layout.shapes.push({ type: "line", xref: "paper", x0: 0, x1: 1, y0: chart.line.at, y1: chart.line.at, line: { color: ink.bad, width: 1.4, dash: "dash" }, layer: "below" });
    layout.annotations.push({ xref: "paper", x: 0, y: log ? Math.log10(chart.line.at) : chart.line.at, text: escaped(chart.line.text), showarrow: false, xanchor: "left", yanchor: memory ? "top" : "bottom", font: { color: ink.bad, size: 11.5 } });
  }
  return traces;
}

/* Throughput against latency. */
function frontierChart(chart, layout) {
  const ink = inks[theme()];
  const traces = [];
  const every = chart.series.flatMap((one) => one.x.map((x, place) => [x, one.y[place]]));
  const xs = every.map((point) => point[0]).concat(chart.bound ? [chart.bound.at] : []), ys = every.map((point) => point[1]);
  const x = logAxis(xs, 0.08), y = logAxis(ys, 0.08);
  const linear = Math.max(...ys) / Math.min(...ys) <= 12;
  const ticks = decades(x.span[0], x.span[1], 8);
  Object.assign(layout.xaxis, { type: "log", range: x.range, tickvals: ticks, ticktext: ticks.map(figure), tickangle: 0, showgrid: true });
  if (linear) {
    Object.assign(layout.yaxis, { range: [0, Math.max(...ys) * 1.12], tickformat: ",", nticks: 7 });
  } else {
    const heights = decades(y.span[0], y.span[1], 8);
    Object.assign(layout.yaxis, { type: "log", range: y.range, tickvals: heights, ticktext: heights.map(figure) });
  }
  layout.xaxis.title.text = chart.x;
  layout.yaxis.title.text = "samples/s";
  layout.hovermode = "closest";
  const ranked = shown(chart).filter((one) => !data.contenders[one.c].excluded).flatMap((one) => one.x.map((at, place) => [at, one.y[place]])).sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  const steps = [];
  for (const point of ranked) if (steps.length === 0 || point[1] > steps[steps.length - 1][1]) steps.push(point);
  if (steps.length) {
    traces.push({
      x: [...steps.map((point) => point[0]), x.span[1]], y: [...steps.map((point) => point[1]), steps[steps.length - 1][1]], mode: "lines",
      line: { shape: "hv", color: ink.pale, width: 5 }, opacity: 0.35, hoverinfo: "skip",
    });
  }
  const crowded = every.length > 30;
  for (const one of shown(chart)) {
    const owner = data.contenders[one.c], colour = colourOf(owner);
    const named = (place) => !crowded || place === 0 || place === one.x.length - 1 || one.holds[place] !== one.holds[place + 1];
    traces.push({
      x: one.x, y: one.y, text: one.batch.map((batch, place) => named(place) ? String(batch) : ""), customdata: one.text.map((text) => `<b>${escaped(owner.name)}</b><br>${escaped(text)}`), meta: one.c,
      hovertemplate: "%{customdata}<extra></extra>", mode: "lines+markers+text", textposition: "top center", textfont: { size: 10.5, color: ink.soft }, cliponaxis: false,
      line: { color: faded(colour, 0.55), width: 1.4, dash: owner.excluded ? "dot" : "solid" },
      marker: { symbol: owner.symbol, size: 9, color: one.holds.map((yes) => yes ? colour : data.paper[theme()]), line: { color: colour, width: 1.8 } },
    });
  }
  if (chart.bound) {
    layout.shapes.push({ type: "rect", yref: "paper", y0: 0, y1: 1, x0: chart.bound.at, x1: x.span[1], fillcolor: ink.shade, line: { width: 0 }, layer: "below" });
    layout.shapes.push({ type: "line", yref: "paper", y0: 0, y1: 1, x0: chart.bound.at, x1: chart.bound.at, line: { color: ink.bad, width: 1.4, dash: "dash" } });
    layout.annotations.push({ yref: "paper", y: 0, x: Math.log10(chart.bound.at), text: escaped(chart.bound.text), showarrow: false, xanchor: "right", yanchor: "bottom", xshift: -4, font: { color: ink.bad, size: 11.5 } });
  }
  return traces;
}

/* Parts of a whole, one bar for each contender. */
function barChart(chart, layout, width) {
  const kept = chart.places.map((place, at) => at).filter((at) => !hidden.has(chart.places[at]));
  const shades = data.parts[theme()];
  const short = width < 520 ? 16 : 40;
  layout.barmode = "stack";
  layout.hovermode = "closest";
  layout.bargap = 0.42;
  if (chart.share) layout.barnorm = "percent";
  layout.showlegend = true;
  layout.legend = { orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom", traceorder: "normal", itemclick: false, itemdoubleclick: false, font: { color: inks[theme()].soft } };
  Object.assign(layout.xaxis, { showgrid: true, showline: false, ticks: "", rangemode: "tozero" });
  layout.xaxis.title.text = chart.x;
  Object.assign(layout.yaxis, { autorange: "reversed", tickvals: kept.map((_, row) => row), ticktext: kept.map((at) => escaped(shortened(chart.labels[at], short))), ticks: "", tickfont: { color: inks[theme()].ink } });
  return chart.series.map((part, order) => ({
    type: "bar", orientation: "h", name: part.name, y: kept.map((_, row) => row), x: kept.map((at) => part.x[at]),
    customdata: kept.map((at) => `<b>${escaped(chart.labels[at])}</b><br>${escaped(part.text[at])}`), hovertemplate: "%{customdata}<extra></extra>",
    marker: { color: shades[shades.length === 5 && chart.series.length === 3 ? [0, 2, 4][order] : order % shades.length], line: { width: 1, color: data.paper[theme()] } },
  }));
}

const KINDS = { batch: batchChart, frontier: frontierChart, bars: barChart };

function draw(id) {
  const chart = data.charts[id], place = document.getElementById(id);
  if (!chart || !place) return;
  const width = printing ? PRINT_WIDTH : Math.max(260, place.clientWidth);
  const height = chart.kind === "bars" ? 96 + 40 * chart.labels.length : printing ? 290 : place.clientHeight;
  if (chart.kind === "bars") place.style.height = `${height}px`;
  const layout = baseLayout(width, height);
  const traces = KINDS[chart.kind](chart, layout, width);
  Plotly.react(place, traces, layout, { displayModeBar: false, responsive: false, displaylogo: false });
}
const drawAll = () => Object.keys(data.charts).forEach(draw);

/* Legend: a contender disappears from every chart at once. */
function wireLegend() {
  const legend = document.querySelector(".legend");
  legend.hidden = false;
  legend.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const place = Number(button.dataset.contender), on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    if (on) hidden.delete(place); else hidden.add(place);
    drawAll();
  });
}

function wireTheme() {
  const button = document.querySelector(".theme"), word = button.querySelector(".theme-word");
  const name = () => { word.textContent = theme() === "dark" ? "Light" : "Dark"; };
  button.hidden = false;
  button.addEventListener("click", () => { root.dataset.theme = theme() === "dark" ? "light" : "dark"; name(); drawAll(); });
  systemDark.addEventListener("change", () => { name(); drawAll(); });
  name();
}

/* The verdicts of one place at a time. */
function wireMatrices() {
  for (const section of document.querySelectorAll(".matrices")) {
    const all = [...section.querySelectorAll(".matrix")], label = section.querySelector(".choose"), choice = label.querySelector("select");
    all.forEach((one, place) => choice.add(new Option(one.querySelector("summary").textContent, String(place))));
    const show = () => all.forEach((one, place) => { one.open = one.open || place === choice.selectedIndex; one.hidden = place !== choice.selectedIndex; });
    label.hidden = all.length < 2;
    choice.addEventListener("change", show);
    show();
  }
}

function wireCopy() {
  for (const button of document.querySelectorAll(".copy")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      getSelection().selectAllChildren(button.parentElement.querySelector("code"));
      button.textContent = document.execCommand("copy") ? "Copied" : "Selected";
    });
  }
}

/* Paper is white, of one width, and cannot be opened. */
function wirePrint() {
  let closed = [];
  const turn = (on) => {
    if (on === printing) return;
    printing = on;
    if (on) {
      closed = [...document.querySelectorAll("details:not([open])")].filter((one) => !one.hidden);
      closed.forEach((one) => { one.open = true; });
    } else {
      closed.forEach((one) => { one.open = false; });
    }
    drawAll();
  };
  addEventListener("beforeprint", () => turn(true));
  addEventListener("afterprint", () => turn(false));
  paperMedia.addEventListener("change", (event) => turn(event.matches));
}

function wireWidth() {
  let known = innerWidth, waiting = 0;
  addEventListener("resize", () => {
    if (printing || innerWidth === known) return;
    known = innerWidth;
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(drawAll);
  });
}

root.classList.add("js");
wireLegend();
wireTheme();
wireMatrices();
wireCopy();
wirePrint();
wireWidth();
drawAll();
})();
