/* Throughput against latency. */
function underBound(chart, ask) {
  const point = (c, batch) => ask.at.points.find((one) => one.c === c && one.batch === batch);
  const series = chart.series.map((one) => {
    const known = one.batch.map((batch) => point(one.c, batch));
    if (ask.bound === null || known.some((found) => !found)) return { ...one, holds: one.holds.map(() => true) };
    return {
      ...one,
      x: known.map((found) => found.latency / 1e6),
      holds: known.map((found) => keeps(found, ask.bound)),
      text: known.map((found) => `${found.size}: ${found.text} samples/s, p${ask.percentile} ${duration(found.latency)}; ${found.from === null ? "shown to keep no bound" : `shown to keep bounds from ${duration(found.from)}`}`),
    };
  });
  const bound = ask.bound === null ? undefined : { at: ask.bound / 1e6, text: `p${ask.percentile} within ${duration(ask.bound)}` };
  return { ...chart, series, bound, x: ask.bound === null ? chart.x : `p${ask.percentile} latency, ms` };
}
function frontierChart(asMeasured, layout, width, ask, scale) {
  const ink = inks[theme()];
  const traces = [];
  const chart = ask ? underBound(asMeasured, ask) : asMeasured;
  const every = chart.series.flatMap((one) => one.x.map((x, place) => [x, one.y[place]]));
  const xs = every.map((point) => point[0]).concat(chart.bound ? [chart.bound.at] : []), ys = every.map((point) => point[1]);
  const x = logAxis(xs, 0.08), y = logAxis(ys, 0.08);
  const ticksOf = (from, to) => decades(from, to, width < 420 ? 5 : 8), ticks = ticksOf(...x.span);
  scale.x = { range: x.range.slice(), ticks: ticksOf, words: figure };
  Object.assign(layout.xaxis, { type: "log", range: x.range, tickvals: ticks, ticktext: ticks.map(figure), tickangle: 0, showgrid: true });
  if (!chart.log) {
    scale.y = { range: [0, Math.max(...ys) * 1.12] };
    Object.assign(layout.yaxis, { range: scale.y.range.slice(), tickformat: ",", nticks: 7 });
  } else {
    const heightsOf = (from, to) => decades(from, to, 8), heights = heightsOf(...y.span);
    scale.y = { range: y.range.slice(), ticks: heightsOf, words: figure };
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
      x: one.x, y: one.y, text: one.batch.map((batch, place) => named(place) ? String(batch) : ""), customdata: one.text.map((text) => `<b>${escaped(owner.name)}</b><br>${escaped(text)}`), meta: one.c, sizes: one.batch,
      hovertemplate: "%{customdata}<extra></extra>", mode: "lines+markers+text", textposition: "top center", textfont: { size: 10.5, color: ink.soft }, cliponaxis: false,
      line: { color: faded(colour, 0.55), width: 1.4, dash: owner.excluded ? "dot" : owner.dash },
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
