/* Draws the charts out of the data in the page. Texts of others reach Plotly escaped, never as markup. */
const root = document.documentElement;
const data = JSON.parse(document.getElementById("chart-data").textContent);
data.contenders.forEach((one, place) => { one.place = place; });
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
const colourOf = (one) => one.excluded ? inks[theme()].pale : data.palette[theme()][one.place];
