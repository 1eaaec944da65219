const KINDS = { batch: batchChart, frontier: frontierChart, accuracy: accuracyChart, bars: barChart };

/* A part of a chart, dragged out with a mouse; on touch screens dragging scrolls the page. A double click shows all of it again. */
const scales = {};
function wireZoom(place, id) {
  place.wired = true;
  const all = element("button", "Show all", "zoom-out");
  all.type = "button";
  all.hidden = true;
  place.before(all);
  all.addEventListener("click", () => { Plotly.relayout(place, { "xaxis.range": scales[id].x.range.slice(), "yaxis.range": scales[id].y.range.slice() }); });
  place.on("plotly_relayout", (change) => {
    if (change.ticked || !Object.keys(change).some((key) => /^[xy]axis\.(range|autorange)/.test(key))) return;
    const axes = place._fullLayout, update = { ticked: true };
    let zoomed = false;
    for (const name of ["x", "y"]) {
      const range = axes[`${name}axis`].range, scale = scales[id][name];
      zoomed = zoomed || Math.abs(range[0] - scale.range[0]) + Math.abs(range[1] - scale.range[1]) > 1e-6 * Math.abs(range[1] - range[0]);
      if (scale.ticks) {
        const ticks = scale.ticks(10 ** range[0], 10 ** range[1]);
        update[`${name}axis.tickvals`] = ticks;
        update[`${name}axis.ticktext`] = ticks.map(scale.words);
      }
    }
    all.hidden = !zoomed;
    Plotly.relayout(place, update);
  });
}

function draw(id) {
  const chart = data.charts[id], place = document.getElementById(id);
  if (!chart || !place) return;
  const width = printing ? PRINT_WIDTH : Math.max(260, place.clientWidth);
  const height = chart.kind === "bars" ? 96 + 40 * chart.labels.length : printing ? 290 : place.clientHeight;
  if (chart.kind === "bars") place.style.height = `${height}px`;
  const layout = baseLayout(width, height);
  layout.uirevision = id;
  scales[id] = {};
  const traces = KINDS[chart.kind](chart, layout, width, asked[id.slice(0, id.indexOf("-"))], scales[id]);
  Plotly.react(place, traces, layout, { displayModeBar: false, responsive: false, displaylogo: false, doubleClick: "reset", showTips: false });
  if (chart.kind !== "bars" && !place.wired) wireZoom(place, id);
}
/* After a slider has moved, once a frame. */
const waiting = new Set();
function redraw(...ids) {
  if (waiting.size === 0) requestAnimationFrame(() => { const all = [...waiting]; waiting.clear(); all.forEach(draw); });
  ids.forEach((id) => waiting.add(id));
}
const drawAll = () => { Object.keys(data.charts).forEach(draw); drawCalls(); };
