/* Parts of a whole, one bar for each contender. */
function barChart(chart, layout, width) {
  const kept = chart.places.map((place, at) => at).filter((at) => !hidden.has(chart.places[at]));
  const shades = data.parts[theme()];
  const short = width < 520 ? 16 : 40;
  layout.dragmode = false;
  layout.xaxis.fixedrange = layout.yaxis.fixedrange = true;
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
