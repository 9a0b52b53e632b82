// Counts down while an enrolment code is shown, and goes on as soon as a device has used it.
"use strict";
(() => {
  const section = document.querySelector("[data-enrolment]");
  if (!section) return;
  const shown = section.querySelector("[data-left-s]");
  if (shown) {
    const until = performance.now() / 1000 + Number(shown.dataset.leftS);
    const left = shown.appendChild(document.createElement("span"));
    const draw = () => {
      const seconds = Math.max(0, Math.round(until - performance.now() / 1000));
      left.textContent = ` (${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")})`;
      section.classList.toggle("over", seconds === 0);
    };
    draw();
    setInterval(draw, 1000);
  }
  document.addEventListener(`live:${section.dataset.enrolment}`, (event) => {
    const code = event.detail?.at?.(-1);
    if (code && code[0] !== "OPEN") window.location.assign(section.dataset.then);
  });
})();
