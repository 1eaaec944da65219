const LONGEST_LABEL = 34;
const markSize = (one, most) => 9 + 21 * Math.sqrt((one.memory || 0) / most);
/* Where the name of each mark stands so that it covers no other name and no mark; none where there is no such place. */
function labelPlaces(series, xs, ys, log, width, most) {
  const found = new Map();
  if (width < 480) return found;
  const wide = width - 80, high = 230;
  const spot = (one) => [(Math.log10(one.x) - xs[0]) / (xs[1] - xs[0]) * wide, (1 - ((log ? Math.log10(one.y) : one.y) - ys[0]) / (ys[1] - ys[0])) * high];
  const taken = series.map((one) => { const [x, y] = spot(one), half = markSize(one, most) / 2; return { c: one.c, box: [x - half, y - half, x + half, y + half] }; });
  for (const one of series) {
    const [x, y] = spot(one), half = markSize(one, most) / 2 + 4, long = 6.2 * Math.min(LONGEST_LABEL, data.contenders[one.c].name.length);
    const boxes = [["middle right", [x + half, y - 7, x + half + long, y + 7]], ["middle left", [x - half - long, y - 7, x - half, y + 7]], ["top center", [x - long / 2, y - half - 14, x + long / 2, y - half]], ["bottom center", [x - long / 2, y + half, x + long / 2, y + half + 14]]];
    const free = boxes.find(([, box]) => box[0] >= 0 && box[2] <= wide && taken.every((other) => other.c === one.c || box[0] > other.box[2] || box[2] < other.box[0] || box[1] > other.box[3] || box[3] < other.box[1]));
    if (!free) continue;
    found.set(one.c, free[0]);
    taken.push({ c: -1, box: free[1] });
  }
  return found;
}
/* Throughput against output error: one mark for each contender, whose area is its memory. */
function accuracyChart(chart, layout, width, ask, scale) {
  const ink = inks[theme()];
  const xs = chart.series.map((one) => one.x), ys = chart.series.map((one) => one.y), most = Math.max(...chart.series.map((one) => one.memory || 0), 1);
  const x = logAxis(xs, 0.35);
  const powers = (from, to) => {
    const all = [];
    for (let power = Math.ceil(Math.log10(from) - 1e-9); power <= Math.floor(Math.log10(to) + 1e-9); power += 1) all.push(Number(`1e${power}`));
    return all.filter((_, at) => (all.length - 1 - at) % Math.ceil(all.length / (width < 420 ? 4 : 9)) === 0);
  };
  const words = (value) => value <= chart.exact ? "exact" : value >= 0.001 ? figure(value) : value.toExponential(0);
  scale.x = { range: x.range.slice(), ticks: powers, words };
  const ticks = powers(...x.span);
  Object.assign(layout.xaxis, { type: "log", range: x.range, tickvals: ticks, ticktext: ticks.map(words), tickangle: 0, showgrid: true });
  if (chart.log) {
    const y = logAxis(ys, 0.16), heightsOf = (from, to) => decades(from, to, 8), heights = heightsOf(...y.span);
    scale.y = { range: y.range.slice(), ticks: heightsOf, words: figure };
    Object.assign(layout.yaxis, { type: "log", range: y.range, tickvals: heights, ticktext: heights.map(figure) });
  } else {
    scale.y = { range: [0, Math.max(...ys) * 1.2] };
    Object.assign(layout.yaxis, { range: scale.y.range.slice(), tickformat: ",", nticks: 7 });
  }
  layout.xaxis.title.text = "output error, relative to the reference";
  layout.yaxis.title.text = "samples/s";
  layout.hovermode = "closest";
  const traces = [], steps = [];
  const ranked = shown(chart).filter((one) => !data.contenders[one.c].excluded).sort((a, b) => a.x - b.x || b.y - a.y);
  for (const one of ranked) if (steps.length === 0 || one.y > steps[steps.length - 1].y) steps.push(one);
  if (steps.length) {
    traces.push({
      x: [...steps.map((one) => one.x), x.span[1]], y: [...steps.map((one) => one.y), steps[steps.length - 1].y], mode: "lines",
      line: { shape: "hv", color: ink.pale, width: 5 }, opacity: 0.35, hoverinfo: "skip",
    });
  }
  const places = labelPlaces(shown(chart), x.range, chart.log ? scale.y.range : [0, scale.y.range[1]], chart.log, width, most);
  for (const one of shown(chart)) {
    const owner = data.contenders[one.c], colour = colourOf(owner);
    traces.push({
      x: [one.x], y: [one.y], text: [places.has(one.c) ? escaped(shortened(owner.name, LONGEST_LABEL)) : ""], customdata: [`<b>${escaped(owner.name)}</b><br>${escaped(one.text)}`],
      hovertemplate: "%{customdata}<extra></extra>", mode: "markers+text", textposition: places.get(one.c) || "top center", textfont: { size: 11, color: ink.soft }, cliponaxis: false,
      error_y: { type: "data", array: [one.half], color: colour, thickness: 1.4, width: 4 },
      marker: { symbol: owner.symbol, size: markSize(one, most), color: faded(colour, 0.6), line: { color: colour, width: 1.8 } },
    });
  }
  return traces;
}
