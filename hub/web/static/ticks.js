// A box that ticks all boxes of a list: <input type="checkbox" data-ticks="shipment">
"use strict";
document.addEventListener("change", (event) => {
  const name = event.target.dataset.ticks;
  if (!name) return;
  for (const box of document.querySelectorAll(`input[name="${name}"]`)) box.checked = event.target.checked;
});
