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
/* Where the data spans less than two powers of two: plain steps, so that there are three ticks at least. */
function memoryTicks(low, high) {
  const powers = powersOfTwo(low, high, 7);
  if (powers.length > 2) return powers;
  const unit = 2 ** Math.floor(Math.log2((high - low) / 4));
  const all = [];
  for (let value = Math.ceil(low / unit) * unit; value <= high; value += unit) all.push(value);
  return all.filter((_, at) => at % Math.ceil(all.length / 6) === 0);
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
  const axis = { gridcolor: ink.line, linecolor: ink.axis, zeroline: false, tickcolor: ink.axis, tickfont: { color: ink.soft }, automargin: true };
  return {
    width, height, autosize: false, showlegend: false, dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
    margin: { l: 12, r: 14, t: 12, b: 12, pad: 0 },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: FONT, size: 12, color: ink.ink },
    hoverlabel: { bgcolor: data.paper[theme()], bordercolor: ink.axis, font: { family: FONT, size: 12, color: ink.ink }, align: "left", namelength: -1 },
    xaxis: { ...axis, showgrid: false, showline: true, ticks: "outside", ticklen: 4, title: { font: { color: ink.soft, size: 12 }, standoff: 8 } },
    yaxis: { ...axis, title: { font: { color: ink.soft, size: 12 }, standoff: 8 } },
    shapes: [], annotations: [],
  };
}
