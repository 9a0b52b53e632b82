// Draws people and their tours on the map of the floor as they change (topic "floor").
"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const map = document.querySelector("[data-picture]");
  if (!map) return;
  let tours = null;
  let people = null;
  let marked = new Set();
  let latest = JSON.parse(document.getElementById("floor-state").textContent);

  const child = (parent, tag, key, id) => {
    let element = document.getElementById(id);
    if (!element) {
      element = document.createElementNS(SVG, tag);
      element.id = id;
      parent.append(element);
    }
    element.dataset.key = key;
    return element;
  };
  const titled = (element, text) => {
    let title = element.querySelector("title");
    if (!title) element.prepend((title = document.createElementNS(SVG, "title")));
    if (title.textContent !== text) title.textContent = text;
  };
  const aside = (colour) => {
    const step = 18 * Math.floor(((colour % 8) + 1) / 2) * (colour % 2 ? 1 : -1);
    return `translate(${step} ${step})`;
  };

  const drawTour = (picker) => {
    const line = child(tours, "polyline", picker.key, "tour-" + picker.key);
    line.setAttribute("class", "tour tour-" + picker.colour);
    line.setAttribute("transform", aside(picker.colour));
    line.setAttribute("points", picker.points);
    titled(line, `${picker.mark} ${picker.name}: ${picker.left_m} m`);
  };
  const drawPerson = (picker) => {
    const group = child(people, "g", picker.key, "person-" + picker.key);
    if (!group.querySelector("circle")) {
      const circle = document.createElementNS(SVG, "circle");
      circle.setAttribute("r", "90");
      group.append(circle, document.createElementNS(SVG, "text"));
    }
    group.setAttribute("class", "person tour-" + picker.colour);
    group.setAttribute("transform", `translate(${picker.x} ${picker.y})`);
    group.dataset.bin = picker.bin;
    group.querySelector("text").textContent = picker.mark;
    titled(group, `${picker.name}, ${picker.bin || "–"}, ${picker.done}/${picker.total}`);
  };
  const drawBins = (bins) => {
    for (const code of marked) {
      if (!(code in bins)) document.getElementById("bin-" + code)?.removeAttribute("data-state");
    }
    for (const [code, state] of Object.entries(bins)) {
      const bin = document.getElementById("bin-" + code);
      if (bin && bin.dataset.state !== state) {
        bin.dataset.state = state;
        titled(bin, `${code} · ${state}`);
      }
    }
    marked = new Set(Object.keys(bins));
  };
  const draw = () => {
    if (!tours) return;
    const shown = latest.pickers.filter((picker) => !picker.is_reserve);
    const keys = new Set(shown.map((picker) => picker.key));
    for (const element of document.querySelectorAll("#floor-tours > *, #floor-people > *")) {
      if (!keys.has(element.dataset.key)) element.remove();
    }
    shown.forEach(drawTour);
    shown.forEach(drawPerson);
    drawBins(latest.bins);
  };
  // The hall comes once and stays with the browser; people and tours come with the page.
  const hang = async () => {
    const answer = await fetch(map.dataset.picture);
    if (!answer.ok) throw new Error(answer.statusText);
    const picture = new DOMParser().parseFromString(await answer.text(), "image/svg+xml");
    map.replaceChildren(document.importNode(picture.documentElement, true));
    tours = document.getElementById("floor-tours");
    people = document.getElementById("floor-people");
    draw();
  };

  hang().catch(() => window.setTimeout(hang, 3000));
  document.addEventListener("live:floor", (event) => {
    if (!event.detail) return;
    latest = event.detail;
    draw();
  });
})();
