const shown = (chart) => chart.series.filter((one) => !hidden.has(one.c));

/* Against the batch size. */
function batchChart(chart, layout, width, ask, scale) {
  const ink = inks[theme()];
  const traces = [];
  const memory = chart.y === "memory";
  const alone = chart.series.length === 1;
  const values = [];
  for (const one of chart.series) values.push(...one.y, ...one.low, ...one.high, ...one.rough.map((point) => point[1]), ...(one.fits ? [one.fits[1]] : []));
  const line = ask && ask.bound !== null && chart.y === "ms" ? { at: ask.bound / 1e6, text: `bound ${duration(ask.bound)}` } : ask && chart.y === "ms" ? null : chart.line;
  if (line && !memory) values.push(line.at);
  if (chart.span) values.push(...chart.span);
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0) positive.push(1, 10);
  /* A cap far above what was used would press the curves together: it then is the upper edge. */
  if (memory && line) {
    const high = Math.max(...positive);
    /* Above the curves, for its words. */
    const edge = chart.log ? high * Math.max(1.1, (high / Math.min(...positive)) ** 0.15) : high * 1.1;
    positive.push(line.at <= 3 * high ? line.at : edge);
  }
  const log = chart.log;
  let y, bottom;
  if (log) {
    y = logAxis(positive, 0.05);
    const ticksOf = (from, to) => memory ? memoryTicks(from, to) : decades(from, to, chart.span ? 5 : 8), words = memory ? bytes : figure, ticks = ticksOf(...y.span);
    Object.assign(layout.yaxis, { type: "log", range: y.range, tickvals: ticks, ticktext: ticks.map(words) });
    scale.y = { range: y.range.slice(), ticks: ticksOf, words };
    bottom = y.span[0] * (y.span[1] / y.span[0]) ** 0.03;
  } else {
    scale.y = { range: [0, Math.max(...positive) * 1.08] };
    Object.assign(layout.yaxis, { range: scale.y.range.slice(), tickformat: ",", nticks: 7 });
    bottom = Math.max(...positive) * 0.03;
  }
  layout.yaxis.title.text = memory || chart.span ? "" : chart.y;
  const x = logAxis(chart.sizes, 0.1);
  const sizesOf = (from, to) => {
    const powers = powersOfTwo(from, to, Math.max(3, Math.floor(width / 46))).filter((value) => value >= 1);
    return powers.length < 2 ? chart.sizes.filter((size) => size >= from && size <= to) : powers;
  };
  scale.x = { range: x.range.slice(), ticks: sizesOf, words: String };
  const ticks = sizesOf(...x.span);
  Object.assign(layout.xaxis, { type: "log", range: x.range, tickvals: ticks, ticktext: ticks.map(String), tickangle: 0 });
  layout.xaxis.title.text = "batch size";
  layout.hovermode = "closest";
  layout.hoverdistance = 60;
  for (const one of shown(chart)) {
    const owner = data.contenders[one.c], colour = colourOf(owner), name = `<b>${escaped(owner.name)}</b>`;
    const said = (texts, sizes) => texts.map((text, at) => text && `${name}, batch ${sizes[at]}<br>${escaped(text)}`);
    if (one.low.length) {
      traces.push({
        x: [...one.x, ...[...one.x].reverse()], y: [...one.high, ...[...one.low].reverse()], mode: "lines", fill: "toself",
        fillcolor: faded(colour, theme() === "dark" ? 0.26 : 0.18), line: { width: 0 }, hoverinfo: "skip",
      });
    }
    const filled = one.fastest.map((fastest) => memory || alone || fastest);
    traces.push({
      x: one.x, y: one.y, text: said(one.text, one.x), hovertemplate: "%{text}<extra></extra>", mode: "lines+markers", meta: one.c,
      line: { color: colour, width: 2.2, dash: owner.excluded ? "dot" : owner.dash },
      marker: { symbol: owner.symbol, size: 8, color: filled.map((yes) => yes ? colour : data.paper[theme()]), line: { color: colour, width: 1.8 } },
    });
    if (one.rough.length) {
      traces.push({
        x: one.rough.map((point) => point[0]), y: one.rough.map((point) => point[1]), text: said(one.rough.map((point) => point[2]), one.rough.map((point) => point[0])),
        hovertemplate: "%{text}<extra></extra>", mode: "lines+markers", line: { color: faded(colour, 0.7), width: 1.4, dash: "dot" },
        marker: { symbol: owner.symbol + "-open", size: 7, color: colour, line: { width: 1.2 } },
      });
    }
    if (one.fits) {
      const last = one.x.length - 1;
      traces.push({
        x: last < 0 ? [one.fits[0]] : [one.x[last], one.fits[0]], y: last < 0 ? [one.fits[1]] : [one.y[last], one.fits[1]],
        text: last < 0 ? said([one.fits[2]], [one.fits[0]]) : ["", ...said([one.fits[2]], [one.fits[0]])], hovertemplate: last < 0 ? "%{text}<extra></extra>" : ["", "%{text}<extra></extra>"],
        hoverinfo: "text", mode: "lines+markers", line: { color: colour, width: 1.6, dash: "dash" },
        marker: { symbol: "circle-open", size: [...(last < 0 ? [] : [0]), 12], color: colour, line: { width: 2.2 } },
      });
    }
    if (one.missing.length) {
      const height = memory && line ? Math.min(line.at, y.span[1]) : bottom;
      traces.push({
        x: one.missing.map((point) => point[0]), y: one.missing.map(() => height), text: said(one.missing.map((point) => point[1]), one.missing.map((point) => point[0])),
        hovertemplate: "%{text}<extra></extra>", mode: "markers", cliponaxis: false,
        marker: { symbol: "x-thin", size: 10, color: colour, line: { color: colour, width: 2.6 } },
      });
    }
  }
  if (line) {
    const beyond = memory && line.at > y.span[1], at = beyond ? y.span[1] : line.at;
    layout.shapes.push({ type: "line", xref: "paper", x0: 0, x1: 1, y0: at, y1: at, line: { color: ink.bad, width: 1.4, dash: "dash" }, layer: "below" });
    layout.annotations.push({ xref: "paper", x: 0, y: log ? Math.log10(at) : at, text: escaped(line.text) + (beyond ? " is above this edge" : ""), showarrow: false, xanchor: "left", yanchor: memory ? "top" : "bottom", font: { color: ink.bad, size: 11.5 } });
  }
  return traces;
}
