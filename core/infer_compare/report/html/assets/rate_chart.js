/* Latency against the rate at which requests arrive. */
function rateChart(chart, layout, width, ask, scale) {
  const ink = inks[theme()];
  const traces = [];
  const rates = chart.series.flatMap((one) => [...one.x, one.saturation]);
  const values = chart.series.flatMap((one) => [...one.y, ...one.low, ...one.high]).filter((value) => value > 0);
  if (chart.line) values.push(chart.line.at);
  const y = logAxis(values, 0.05);
  const heightsOf = (from, to) => decades(from, to, 8), heights = heightsOf(...y.span);
  scale.y = { range: y.range.slice(), ticks: heightsOf, words: figure };
  Object.assign(layout.yaxis, { type: "log", range: y.range, tickvals: heights, ticktext: heights.map(figure) });
  layout.yaxis.title.text = chart.y;
  if (chart.log) {
    const x = logAxis(rates, 0.05), ticksOf = (from, to) => decades(from, to, width < 420 ? 5 : 8), ticks = ticksOf(...x.span);
    scale.x = { range: x.range.slice(), ticks: ticksOf, words: figure };
    Object.assign(layout.xaxis, { type: "log", range: x.range, tickvals: ticks, ticktext: ticks.map(figure), tickangle: 0 });
  } else {
    scale.x = { range: [0, Math.max(...rates) * 1.06] };
    Object.assign(layout.xaxis, { range: scale.x.range.slice(), tickformat: ",", nticks: width < 420 ? 5 : 8, tickangle: 0 });
  }
  const across = (value) => chart.log ? Math.log10(value) : value;
  layout.xaxis.title.text = "requests/s";
  layout.hovermode = "closest";
  layout.hoverdistance = 60;
  for (const one of shown(chart)) {
    const owner = data.contenders[one.c], colour = colourOf(owner);
    traces.push({
      x: [...one.x, ...[...one.x].reverse()], y: [...one.high, ...[...one.low].reverse()], mode: "lines", fill: "toself",
      fillcolor: faded(colour, theme() === "dark" ? 0.26 : 0.18), line: { width: 0 }, hoverinfo: "skip",
    });
    traces.push({
      x: one.x, y: one.y, text: one.text.map((text) => `<b>${escaped(owner.name)}</b><br>${escaped(text)}`), hovertemplate: "%{text}<extra></extra>",
      mode: "lines+markers", meta: one.c, line: { color: colour, width: 2.2, dash: owner.dash },
      marker: { symbol: owner.symbol, size: 8, color: one.kept.map((yes) => yes ? colour : data.paper[theme()]), line: { color: colour, width: 1.8 } },
    });
    layout.shapes.push({ type: "line", yref: "paper", y0: 0, y1: 1, x0: one.saturation, x1: one.saturation, line: { color: faded(colour, 0.7), width: 1.4, dash: "dot" }, layer: "below" });
  }
  if (chart.line) {
    layout.shapes.push({ type: "line", xref: "paper", x0: 0, x1: 1, y0: chart.line.at, y1: chart.line.at, line: { color: ink.bad, width: 1.4, dash: "dash" }, layer: "below" });
    layout.annotations.push({ xref: "paper", x: 0, y: Math.log10(chart.line.at), text: escaped(chart.line.text), showarrow: false, xanchor: "left", yanchor: "bottom", font: { color: ink.bad, size: 11.5 } });
  }
  if (chart.asked) {
    layout.shapes.push({ type: "line", yref: "paper", y0: 0, y1: 1, x0: chart.asked.at, x1: chart.asked.at, line: { color: ink.soft, width: 1.2 }, layer: "below" });
    layout.annotations.push({ yref: "paper", y: 0, x: across(chart.asked.at), text: escaped(chart.asked.text), showarrow: false, xanchor: "right", yanchor: "bottom", xshift: -4, font: { color: ink.soft, size: 11.5 } });
  }
  return traces;
}
KINDS.rate = rateChart;
