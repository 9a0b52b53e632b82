// The bench is worked with a scanner: the box always has the focus, and a scan is never sent twice.
"use strict";
(() => {
  const code = document.getElementById("code");
  const form = document.getElementById("scan");
  if (code && form) {
    code.focus();
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    });
    window.addEventListener("pageshow", () => delete form.dataset.sent);
    document.addEventListener("keydown", (event) => {
      const isElsewhere = /^(INPUT|SELECT|TEXTAREA|BUTTON|SUMMARY|A)$/.test(document.activeElement.tagName);
      if (!isElsewhere && event.key.length === 1 && !event.ctrlKey && !event.metaKey) code.focus();
    });
  }
  document.addEventListener("change", (event) => {
    const name = event.target.dataset.ticks;
    if (!name) return;
    for (const box of document.querySelectorAll(`input[name="${name}"]`)) box.checked = event.target.checked;
  });
})();
