/* What a reader may ask instead: another latency bound, another price. Which point keeps which bound, and what follows from
   that, stands in the data; here numbers are only compared and written. */
const asked = {};
const HOUR = 3600, MILLION = 1e6, SLIDER_END = 1000;

function boundRange(one) {
  const every = Object.values(one.at).flatMap((at) => at.points.flatMap((point) => [point.from, point.latency])).filter((value) => value > 0);
  return [Math.min(...every) * 0.8, Math.max(...every) * 1.3];
}
/* Each step says what differs from the one before it; in a list, by place. */
function wholeSteps(steps) {
  let before = {};
  return steps.map((step) => {
    before = { ...before, ...Object.fromEntries(Object.entries(step).map(([key, value]) => [key, before[key] && typeof value === "object" ? Object.assign([...before[key]], value) : value])) };
    return before;
  });
}
function stepAt(at, bound) {
  return at.steps.reduce((found, step) => step.from <= bound ? step : found, at.steps[0]);
}
const keeps = (point, bound) => point.from !== null && point.from <= bound;

function element(tag, text, look) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (look) made.className = look;
  return made;
}
function swatch(place) {
  const original = document.querySelector(`.legend button[data-contender="${place}"] svg`);
  return original ? original.cloneNode(true) : element("span");
}
function answerTable(caption, header, rows) {
  const table = element("table", undefined, "bests");
  table.append(element("caption", caption));
  const head = table.createTHead().insertRow();
  header.forEach((title, at) => { const cell = element("th", title, at === 0 ? "left" : ""); cell.scope = "col"; head.append(cell); });
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow(), name = element("th", undefined, "left");
    name.scope = "row";
    name.append(swatch(row.c), data.contenders[row.c].name);
    line.append(name);
    row.cells.forEach((text, at) => { const cell = line.insertCell(); cell.textContent = text; cell.dataset.title = header[at + 1]; });
  }
  return table;
}

function wireWhatIf(id, one) {
  for (const at of Object.values(one.at)) at.steps = wholeSteps(at.steps);
  const place = document.getElementById(id), section = place.closest(".answer"), headline = section.querySelector("h1");
  const slider = place.querySelector(".bound"), field = place.querySelector(".bound-ms"), percentile = place.querySelector(".percentile");
  const price = place.querySelector(".price"), priceSlider = place.querySelector(".price-slider"), under = place.querySelector(".under"), back = place.querySelector(".back");
  const badge = section.querySelector(".badge") || headline.insertAdjacentElement("beforebegin", element("p", "", "badge"));
  const first = { headline: headline.textContent, badge: badge.textContent, standing: ["shown", "estimate", "none"].find((name) => section.classList.contains(name)) || "none" };
  const take = document.getElementById(`${id}-take`);
  section.append(take);
  const [low, high] = boundRange(one);
  const toBound = (position) => position >= SLIDER_END ? null : Math.round(Number((low * (high / low) ** (position / (SLIDER_END - 1))).toPrecision(3)));
  const toPosition = (bound) => bound === null ? SLIDER_END : Math.max(0, Math.min(SLIDER_END - 1, Math.round(Math.log(bound / low) / Math.log(high / low) * (SLIDER_END - 1))));
  const perHour = (position) => position <= 0 ? null : Number((0.01 * 10 ** (position / 200)).toPrecision(2));
  const state = { bound: one.bound, percentile: one.percentile, price: one.price };
  const cost = (rate) => money(MILLION * state.price / HOUR / rate, one.currency);

  function rowsUnderBound(at, step) {
    return at.contenders.map((c, row) => {
      const best = at.points[step.best[row]], largest = at.points[step.largest[row]];
      const cells = best ? [best.size, best.text, best.ms, largest.size, step.behind[row]] : ["none", "", "", "", ""];
      return { c, rate: best ? best.y : 0, cells: state.price === null ? cells : [...cells, best ? cost(best.y) : ""] };
    }).sort((a, b) => b.rate - a.rate);
  }
  function writeCommand(best) {
    const words = best && one.commands[best.c];
    take.hidden = !words;
    if (!words) return;
    take.querySelector(".who").textContent = `${data.contenders[best.c].name} at batch ${best.size}`;
    take.querySelector("code").textContent = `${words} ${best.batch}`;
  }
  function write() {
    const moved = state.bound !== one.bound || (state.bound !== null && state.percentile !== one.percentile);
    const at = one.at[state.percentile];
    slider.value = toPosition(state.bound);
    slider.setAttribute("aria-valuetext", state.bound === null ? "no bound" : duration(state.bound));
    if (document.activeElement !== field) field.value = state.bound === null ? "" : String(Number((state.bound / 1e6).toPrecision(6)));
    if (document.activeElement !== price) price.value = state.price === null ? "" : String(Number(state.price.toPrecision(6)));
    priceSlider.value = state.price === null ? 0 : Math.round(200 * Math.log10(state.price / 0.01));
    percentile.value = state.percentile;
    const step = state.bound === null ? null : stepAt(at, state.bound);
    const standing = moved && step ? step.standing : moved && !step ? one.standing : first.standing;
    headline.textContent = !moved ? first.headline : step ? step.before + duration(state.bound) + step.after : one.headline;
    badge.textContent = !moved ? first.badge : { estimate: "Not settled", none: "No answer", shown: "" }[standing];
    badge.hidden = badge.textContent === "";
    section.classList.remove("shown", "estimate", "none");
    section.classList.add(standing);
    section.classList.toggle("bounded", moved);
    under.replaceChildren();
    writeCommand(step ? at.points[step.best.reduce((best, candidate) => candidate !== null && (best === null || at.points[candidate].y > at.points[best].y) ? candidate : best, null)] : one.bests[0]);
    const priced = state.price === null ? [] : ["cost per million"];
    if (step && (moved || state.price !== null)) {
      const words = `p${state.percentile} within ${duration(state.bound)}`;
      under.append(answerTable(`What ${words} leaves`, [words, "batch", "samples/s", `p${state.percentile} ms`, "largest", "behind (estimate)", ...priced], rowsUnderBound(at, step)));
    } else if (!step && (moved || state.price !== null)) {
      const rows = one.bests.map((best) => ({ c: best.c, cells: [best.size, best.text, best.ms, ...(state.price === null ? [] : [cost(best.y)])] }));
      under.append(answerTable("Each at its best batch size", ["without a bound", "batch", "samples/s", "p95 ms", ...priced], rows));
    }
    under.hidden = !under.firstChild;
    back.hidden = !moved && state.price === one.price;
    asked[one.charts] = moved ? { ...state, at } : null;
    redraw(`${one.charts}-frontier`, `${one.charts}-latency`);
  }
  for (const name of Object.keys(one.at)) percentile.add(new Option(`p${name}`, name));
  slider.addEventListener("input", () => { state.bound = toBound(Number(slider.value)); write(); });
  field.addEventListener("input", () => { const ms = Number(field.value); state.bound = field.value.trim() && ms > 0 ? Math.max(1, Math.round(ms * 1e6)) : null; write(); });
  percentile.addEventListener("change", () => { state.percentile = percentile.value; write(); });
  price.addEventListener("input", () => { const amount = Number(price.value); state.price = price.value.trim() && amount > 0 ? amount : null; write(); });
  priceSlider.addEventListener("input", () => { state.price = perHour(Number(priceSlider.value)); write(); });
  back.addEventListener("click", () => { Object.assign(state, { bound: one.bound, percentile: one.percentile, price: one.price }); write(); });
  place.hidden = false;
  write();
}

