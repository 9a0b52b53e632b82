// Keyboard: "/" searches, "g" and a letter goes somewhere, "?" lists the keys.
"use strict";
(() => {
  const typing = (target) =>
    target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  let isGoing = false;

  const go = (key) => {
    const link = document.querySelector(`nav.main a[data-key="${CSS.escape(key)}"]`);
    if (link) window.location.assign(link.href);
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (isGoing) {
      isGoing = false;
      go(event.key);
    } else if (event.key === "g") {
      isGoing = true;
    } else if (event.key === "/") {
      const search = document.getElementById("search");
      if (search) {
        event.preventDefault();
        search.focus();
        search.select();
      }
    } else if (event.key === "?") {
      document.getElementById("keys").showModal();
    }
  });

  // A form that asks first says so itself: <form data-confirm="Cancel 12 units?">
  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });
  // A list that is filtered by a choice is sent as soon as one is made: <select data-submits>
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
  });
})();
