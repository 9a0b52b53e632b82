// Parts that hold forms are drawn again by the server when their topic has news:
// <div id="wave-body" data-refresh="wave:0123…">. Nobody's typing is interrupted.
"use strict";
(() => {
  const PAUSE_MS = 400;
  const parts = [...document.querySelectorAll("[data-refresh]")];
  let isBusy = false;
  let isWanted = false;

  const isTyping = (part) => {
    const focused = document.activeElement;
    return part.contains(focused) && /^(INPUT|SELECT|TEXTAREA)$/.test(focused.tagName);
  };
  const draw = (part, fresh) => {
    if (part.innerHTML === fresh.innerHTML) return;
    const open = [...part.querySelectorAll("details[open][id]")].map((details) => details.id);
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    part.innerHTML = fresh.innerHTML;
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (focused) document.getElementById(focused)?.focus();
  };
  const refresh = async () => {
    if (isBusy || parts.some(isTyping)) {
      isWanted = true;
      return;
    }
    isBusy = true;
    isWanted = false;
    try {
      const answer = await fetch(window.location.href, { headers: { Accept: "text/html" } });
      if (!answer.redirected) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const part of parts) {
          const fresh = page.getElementById(part.id);
          if (fresh && !isTyping(part)) draw(part, fresh);
        }
      }
    } catch {
      isWanted = true; // the banner of live.js says that the hub is away
    }
    window.setTimeout(() => {
      isBusy = false;
      if (isWanted) refresh();
    }, PAUSE_MS);
  };

  for (const topic of new Set(parts.map((part) => part.dataset.refresh))) {
    document.addEventListener("live:" + topic, refresh);
  }
  document.addEventListener("focusout", () => isWanted && window.setTimeout(refresh, 50));
})();
