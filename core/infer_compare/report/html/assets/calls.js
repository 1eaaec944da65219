/* The raw calls of one point, in order of time: after a click on its mark, or chosen from a list. */
function callsChart(one, layout) {
  const ink = inks[theme()], owner = data.contenders[one.c], colour = colourOf(owner);
  const made = { kept: { x: [], y: [], text: [] }, rejected: { x: [], y: [], text: [] } };
  let at = 0, last = null;
  one.slices.forEach(([restart, rejected, calls], number) => {
    if (last !== null && restart !== last) layout.shapes.push({ type: "line", yref: "paper", y0: 0, y1: 1, x0: at + 0.5, x1: at + 0.5, line: { color: ink.axis, width: 1, dash: "dot" } });
    if (restart !== last) layout.annotations.push({ x: at + 1, yref: "paper", y: 1, text: `restart ${restart}`, showarrow: false, xanchor: "left", yanchor: "bottom", font: { color: ink.soft, size: 10.5 } });
    last = restart;
    let ns = 0;
    for (const step of calls) {
      at += 1;
      ns += step * one.unit;
      const part = rejected ? made.rejected : made.kept;
      part.x.push(at);
      part.y.push(ns / 1e6);
      part.text.push(`${duration(ns)}, slice ${number + 1} of ${one.slices.length}${rejected ? ", rejected" : ""}`);
    }
  });
  layout.margin.t = 28;
  layout.hovermode = "closest";
  layout.dragmode = false;
  layout.xaxis.title.text = "calls in order of time";
  layout.yaxis.title.text = "ms";
  Object.assign(layout.xaxis, { range: [0, at + 1], nticks: 6 });
  Object.assign(layout.yaxis, { rangemode: "tozero", nticks: 6 });
  const trace = (part, name, marker) => ({ ...part, name, mode: "markers", type: "scatter", hovertemplate: "%{text}<extra></extra>", marker });
  const traces = [trace(made.kept, "kept", { size: 4.5, color: colour, opacity: 0.75 })];
  if (made.rejected.x.length) traces.push(trace(made.rejected, "rejected", { size: 5, symbol: "x-thin", color: ink.pale, line: { color: ink.pale, width: 1.2 } }));
  return traces;
}

const callsDialog = document.querySelector("dialog.calls");
let callsShown = null;
function drawCalls() {
  if (!callsShown || !callsDialog.open) return;
  const place = callsDialog.querySelector(".plot-calls"), layout = baseLayout(place.clientWidth, place.clientHeight);
  Plotly.react(place, callsChart(callsShown, layout), layout, { displayModeBar: false, responsive: false });
}
function showCalls(one) {
  const shown = one.slices.reduce((sum, slice) => sum + slice[2].length, 0), rejected = one.slices.some((slice) => slice[1]);
  callsShown = one;
  callsDialog.querySelector("h2").textContent = `${data.contenders[one.c].name}, batch ${one.size}: its calls`;
  callsDialog.querySelector("p").textContent = `${shown < one.calls ? `${figure(shown)} of ${figure(one.calls)} timed calls` : `All ${figure(shown)} timed calls`}, one after the other; between slices other contenders ran.${rejected ? " A cross: its slice was rejected as disturbed." : ""}`;
  callsDialog.showModal();
  drawCalls();
}
const callsOf = (chart, c, batch) => (data.calls[chart] || []).find((one) => one.c === c && one.batch === batch);

function wireCalls() {
  for (const [key, points] of Object.entries(data.calls)) {
    const first = document.getElementById(`${key}-throughput`);
    if (!first || points.length === 0) continue;
    const label = element("label", "Calls of ", "choose of-calls"), choice = element("select");
    choice.add(new Option("a point …", ""));
    points.forEach((one, at) => choice.add(new Option(`${data.contenders[one.c].name}, batch ${one.size}`, String(at))));
    choice.addEventListener("change", () => { if (choice.value) showCalls(points[Number(choice.value)]); choice.value = ""; });
    label.append(choice);
    first.after(label);
    for (const name of ["throughput", "latency", "frontier"]) {
      const place = document.getElementById(`${key}-${name}`);
      if (!place || !place.on) continue;
      place.on("plotly_click", (event) => {
        const { data: trace, x, pointNumber } = event.points[0];
        const one = trace.meta === undefined ? null : callsOf(key, trace.meta, name === "frontier" ? trace.sizes[pointNumber] : x);
        if (one) showCalls(one);
      });
    }
  }
  callsDialog.querySelector("button").addEventListener("click", () => callsDialog.close());
}

