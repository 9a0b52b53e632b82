// Counts down while an enrolment code is shown, and goes on as soon as a device has used it.
"use strict";
(() => {
  const section = document.querySelector("[data-enrolment]");
  if (!section) return;
  const time = section.querySelector("[data-until-us]");
  const until = Number(time?.dataset.untilUs) / 1000;
  const absolute = time?.textContent ?? "";
  const draw = () => {
    const left = Math.max(0, Math.round((until - Date.now()) / 1000));
    const minutes = Math.floor(left / 60);
    time.textContent = `${absolute} (${minutes}:${String(left % 60).padStart(2, "0")})`;
    section.classList.toggle("over", left === 0);
  };
  if (until) {
    draw();
    setInterval(draw, 1000);
  }
  document.addEventListener(`live:${section.dataset.enrolment}`, (event) => {
    const code = event.detail?.at?.(-1);
    if (code && code[0] !== "OPEN") window.location.assign(section.dataset.then);
  });
})();
