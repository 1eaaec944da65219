/* Numbers as the rest of the page writes them. */
const figure = (value) => value.toLocaleString("en-US", { maximumSignificantDigits: 6 });

function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  while (value >= 1024 && at < units.length - 1) { value /= 1024; at += 1; }
  return `${figure(value)} ${units[at]}`;
}
function significant(value) {
  if (value === 0) return "0";
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals, roundingMode: "halfEven" });
}
function duration(ns) {
  if (ns < 1e5) return `${significant(ns / 1e3)} us`;
  return ns < 1e9 ? `${significant(ns / 1e6)} ms` : `${significant(ns / 1e9)} s`;
}
function money(amount, currency) {
  const number = significant(amount);
  if (!currency) return number;
  return /^\p{L}+$/u.test(currency) ? `${number} ${currency}` : `${currency}${number}`;
}

