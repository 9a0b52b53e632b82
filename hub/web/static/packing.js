// The bench is worked with a scanner: the box always has the focus, and what is sent is asked for
// behind it, one after the other. The page is never loaded again, so that a scan typed meanwhile
// loses no letter; each carries a key, and one whose answer was lost counts once.
"use strict";
(() => {
  const BENCH = ".bench";
  const AGAIN_MS = 1000;
  const BROKEN_AGAIN_MAX = 3;
  const waiting = [];
  let isBusy = false;
  let isLeaving = false;

  const code = () => document.getElementById("code");
  const isField = (element) => /^(INPUT|SELECT|TEXTAREA)$/.test(element?.tagName) && element.type !== "checkbox";
  const newKey = () =>
    [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const text = (template, values) =>
    Object.entries(values).reduce((said, [name, value]) => said.replace(`{${name}}`, value), template);
  const words = (name, values = {}) => text(document.querySelector("[data-words]").dataset[name], values);

  const note = (sentence) => {
    const said = document.createElement("p");
    said.className = "note refusal";
    said.setAttribute("role", "alert");
    said.textContent = sentence;
    document.querySelector(BENCH).before(said);
  };
  const forgetNotes = () => document.querySelectorAll("main > .note").forEach((said) => said.remove());
  const tellWaiting = (sentence = waiting.length > 1 ? words("waiting", { n: waiting.length }) : "") => {
    const told = document.getElementById("waiting");
    if (told) told.textContent = sentence;
  };

  // What was typed but not sent stays, and the focus with it, while all around is drawn anew.
  const keepTyping = (draw) => {
    const focused = isField(document.activeElement) ? document.activeElement : code();
    const kept = [...document.querySelectorAll("#scan input[id]"), focused].filter((field) => field?.id);
    draw();
    for (const { id, value, checked } of kept) {
      const field = document.getElementById(id);
      if (field) Object.assign(field, { value, checked });
    }
    (document.getElementById(focused?.id) || code())?.focus();
  };
  const draw = (page) => {
    const fresh = page.querySelector(BENCH);
    keepTyping(() => {
      document.querySelector(BENCH).replaceWith(fresh);
      const told = [...document.querySelectorAll("main > .note")].map((said) => said.textContent);
      for (const said of page.querySelectorAll("main > .note")) {
        if (!told.includes(said.textContent)) fresh.before(said);
      }
    });
    document.title = page.title;
  };

  const body = (sent) => {
    const parcel = document.querySelector("#scan input[name=parcel]");
    if (sent.isScan && parcel) sent.fields.set("parcel", parcel.value);
    return new URLSearchParams(sent.fields);
  };
  // A hub that is away is asked again until it answers, one that broke a few times, since it may
  // have broken behind its commit: the key says that it is the same scan.
  const answerTo = async (sent) => {
    for (let broken = 0; ; ) {
      try {
        const answer = await fetch(sent.address, { method: "POST", body: body(sent), headers: { Accept: "text/html" } });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        if (answer.status < 500 || ++broken > BROKEN_AGAIN_MAX) return [answer, page];
      } catch {
        tellWaiting(words("away", { n: waiting.length }));
      }
      await new Promise((goOn) => window.setTimeout(goOn, AGAIN_MS));
    }
  };
  const logIn = () => {
    isLeaving = true;
    window.location.assign("/packing");
  };
  const show = (sent, answer, page) => {
    if (!answer.ok) {
      const why = page.querySelector("main p")?.textContent || answer.statusText;
      note(sent.isScan ? words("refused", { code: sent.fields.get("code"), why }) : why);
    } else {
      history.replaceState(null, "", answer.url);
      draw(page);
    }
  };
  const codesOf = (all) => all.filter((sent) => sent.isScan).map((sent) => sent.fields.get("code")).join(", ");
  // A tote says to which parcel the scans behind it belong: where it is refused, to none that is here.
  const isTote = (sent) => sent.isScan && /^%T/i.test(sent.fields.get("code"));
  const isRefused = (answer, page) => !answer.ok || page.querySelector("main > .note.refusal") !== null;
  const dropScans = () => {
    const codes = codesOf(waiting);
    waiting.splice(0, waiting.length, ...waiting.filter((later) => !later.isScan));
    if (codes) note(words("untold", { codes }));
  };
  const sendAll = async () => {
    if (isBusy) return;
    isBusy = true;
    while (waiting.length) {
      tellWaiting();
      const [answer, page] = await answerTo(waiting[0]);
      if (answer.ok && !page.querySelector(BENCH)) return logIn();
      const sent = waiting.shift();
      const isInVain = isTote(sent) && isRefused(answer, page);
      show(sent, answer, page);
      if (isInVain) dropScans();
    }
    isBusy = false;
    tellWaiting();
  };

  const send = (form, submitter) => {
    const fields = new FormData(form, submitter);
    const isScan = form.id === "scan";
    fields.set("key", newKey());
    if (isScan) {
      form.reset();
    }
    if (!waiting.length) forgetNotes();
    waiting.push({ address: form.action, fields, isScan });
    sendAll();
  };

  document.addEventListener("submit", (event) => {
    const path = new URL(event.target.action).pathname;
    if (event.defaultPrevented || !event.target.closest(BENCH) || !path.startsWith("/packing/")) return;
    event.preventDefault();
    send(event.target, event.submitter);
  });
  // Before anybody else sees the key: a scanner types wherever the focus was left.
  document.addEventListener("keydown", (event) => {
    const isSign = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (isSign && code() && !isField(document.activeElement)) {
      code().focus();
      event.stopImmediatePropagation();
    } else if (event.key === "Enter" && document.activeElement.id === "quantity" && !code().value) {
      code().focus();
      event.preventDefault();
    }
  }, true);
  window.addEventListener("beforeunload", (event) => waiting.length && !isLeaving && event.preventDefault());
  // What was left behind is told by the next page of the bench. Of what was on its way nobody knows
  // whether the hub has taken it, unless the hub has just sent us to the log-in.
  const keepFor = (name, codes) => codes && sessionStorage.setItem(`packing.${name}`, codes);
  const tellKept = (name) => {
    const codes = sessionStorage.getItem(`packing.${name}`);
    if (!codes || !document.querySelector("[data-words]")) return;
    sessionStorage.removeItem(`packing.${name}`);
    note(words(name, { codes }));
  };
  window.addEventListener("pagehide", () => {
    const sent = isLeaving ? 0 : 1;
    keepFor("unsure", codesOf(waiting.slice(0, sent)));
    keepFor("untold", codesOf(waiting.slice(sent)));
  });

  code()?.focus();
  ["unsure", "untold"].forEach(tellKept);
})();
