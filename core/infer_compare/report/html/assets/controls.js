/* Legend: a contender disappears from every chart at once. */
function wireLegend() {
  const legend = document.querySelector(".legend");
  legend.hidden = false;
  legend.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const place = Number(button.dataset.contender), on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    if (on) hidden.delete(place); else hidden.add(place);
    drawAll();
  });
}

function wireTheme() {
  const button = document.querySelector(".theme"), word = button.querySelector(".theme-word");
  const name = () => { word.textContent = theme() === "dark" ? "Light" : "Dark"; };
  button.hidden = false;
  button.addEventListener("click", () => { root.dataset.theme = theme() === "dark" ? "light" : "dark"; name(); drawAll(); });
  systemDark.addEventListener("change", () => { name(); drawAll(); });
  name();
}

/* The verdicts of one place at a time. */
function wireMatrices() {
  for (const section of document.querySelectorAll(".matrices")) {
    const all = [...section.querySelectorAll(".folded")], label = section.querySelector(".choose"), choice = label.querySelector("select");
    all.forEach((one, place) => choice.add(new Option(one.querySelector("summary").textContent, String(place))));
    const show = () => all.forEach((one, place) => { one.open = one.open || place === choice.selectedIndex; one.hidden = place !== choice.selectedIndex; });
    label.hidden = all.length < 2;
    choice.addEventListener("change", show);
    show();
  }
}

function wireCopy() {
  for (const button of document.querySelectorAll(".copy")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      getSelection().selectAllChildren(button.parentElement.querySelector("code"));
      button.textContent = document.execCommand("copy") ? "Copied" : "Selected";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }
}

/* The file lies packed in the page; without a script it is saved so. */
function wireDownloads() {
  if (typeof DecompressionStream === "undefined") return;
  for (const link of document.querySelectorAll("a[download$='.gz']")) {
    link.addEventListener("click", async (event) => {
      if (link.href.startsWith("blob:")) return;
      event.preventDefault();
      const packed = Uint8Array.from(atob(link.href.slice(link.href.indexOf(",") + 1)), (letter) => letter.charCodeAt(0));
      const file = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).blob();
      link.href = URL.createObjectURL(file);
      link.download = link.download.replace(/\.gz$/, "");
      link.click();
    });
  }
}

/* Paper is white, of one width, and cannot be opened. */
function wirePrint() {
  let closed = [];
  const turn = (on) => {
    if (on === printing) return;
    printing = on;
    if (on) {
      closed = [...document.querySelectorAll("details:not([open])")].filter((one) => !one.hidden);
      closed.forEach((one) => { one.open = true; });
    } else {
      closed.forEach((one) => { one.open = false; });
    }
    drawAll();
  };
  addEventListener("beforeprint", () => turn(true));
  addEventListener("afterprint", () => turn(false));
  paperMedia.addEventListener("change", (event) => turn(event.matches));
}

function wireWidth() {
  let known = innerWidth, waiting = 0;
  addEventListener("resize", () => {
    if (printing || innerWidth === known) return;
    known = innerWidth;
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(drawAll);
  });
}
