// Keeps a page true without reloading. What pages write is described in hub/web/__init__.py.
"use strict";
(() => {
  const topics = (document.body.dataset.liveTopics || "").split(" ").filter(Boolean);
  if (!topics.length) return;
  const BEAT_MS = 10000;
  const address = "/live?" + topics.map((topic) => "topic=" + encodeURIComponent(topic)).join("&");
  const banner = document.getElementById("stale");
  const since = banner.querySelector("[data-stale-since]");
  const values = new Map();
  let source = null;
  let heardAt = new Date();
  let retry = 0;

  // "waves/lines/open" → the value of topic "waves" at lines.open
  const at = (path) => {
    const [topic, ...steps] = path.split("/");
    return steps.reduce((value, step) => (value == null ? value : value[step]), values.get(topic));
  };
  const isOf = (path, topic) => path === topic || path.startsWith(topic + "/");
  const shown = (value) =>
    value == null ? "–" : Number.isInteger(value) ? value.toLocaleString("en").replaceAll(",", "\u202f") : String(value);

  const each = (attribute, topic, act) => {
    for (const element of document.querySelectorAll(`[data-${attribute}]`)) {
      const path = element.getAttribute("data-" + attribute);
      if (isOf(path, topic)) act(element, at(path));
    }
  };

  const flash = (element) => {
    element.classList.remove("changed");
    void element.offsetWidth;
    element.classList.add("changed");
  };

  const draw = (topic) => {
    each("live", topic, (element, value) => {
      const text = shown(value);
      if (element.textContent !== text) {
        element.textContent = text;
        flash(element);
      }
    });
    each("live-html", topic, (element, value) => {
      if (value != null && element.drawn !== value && !element.contains(document.activeElement)) {
        element.innerHTML = value;
        element.drawn = value;
      }
    });
    each("live-show", topic, (element, value) => {
      element.hidden = !value || value === "0" || value.length === 0;
    });
    for (const element of document.querySelectorAll("[data-live-attr]")) {
      for (const pair of element.dataset.liveAttr.split(" ")) {
        const cut = pair.indexOf(":");
        const path = pair.slice(cut + 1);
        if (isOf(path, topic) && at(path) != null) element.setAttribute(pair.slice(0, cut), at(path));
      }
    }
    document.dispatchEvent(new CustomEvent("live:" + topic, { detail: values.get(topic) }));
  };

  const stale = () => {
    banner.hidden = false;
    document.body.classList.add("is-stale");
    since.textContent = heardAt.toLocaleTimeString([], { hour12: false });
    since.dateTime = heardAt.toISOString();
  };
  const heard = () => {
    heardAt = new Date();
    banner.hidden = true;
    document.body.classList.remove("is-stale");
  };

  const close = () => {
    if (source) source.close();
    source = null;
    window.clearTimeout(retry);
  };
  const open = () => {
    close();
    source = new EventSource(address);
    source.addEventListener("beat", heard);
    source.addEventListener("message", (event) => {
      const news = JSON.parse(event.data);
      values.set(news.topic, news.value);
      heard();
      draw(news.topic);
    });
    source.addEventListener("error", () => {
      stale();
      // The browser tries again by itself, except after an answer that was no stream.
      if (source && source.readyState === EventSource.CLOSED) {
        close();
        retry = window.setTimeout(open, 15000);
      }
    });
  };

  window.setInterval(() => {
    if (source && Date.now() - heardAt.getTime() > 2.5 * BEAT_MS) stale();
  }, 1000);
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && open());
  if (!document.hidden) open();
})();
