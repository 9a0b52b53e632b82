// The bench's page: one stream in, acts out. What each act does is the bench's; see acts.py.
"use strict";
(() => {
  const start = JSON.parse(document.getElementById("start").textContent);
  const key = document.querySelector("meta[name=bench-key]").content;
  const by = (id) => document.getElementById(id);
  const make = (tag, text = "", className = "") => Object.assign(document.createElement(tag), { textContent: text, className });
  const handhelds = new Map();
  let chosen = null;
  let isTyping = false;
  let last = null;
  let kind = "";
  let wire = [];
  let isRecording = false;

  // ── acts ──
  const post = async (path, body) => {
    const isText = typeof body === "string";
    const headers = { "X-Bench-Key": key, ...(isText ? {} : { "Content-Type": "application/json" }) };
    try {
      const answer = await fetch(path, { method: "POST", headers, body: isText ? body : JSON.stringify(body) });
      if (answer.ok) return true;
      const said = await answer.json().catch(() => ({}));
      toast(said.sentence || `The bench refused it (${answer.status}).`);
    } catch {
      toast("The bench does not answer.");
    }
    return false;
  };
  // A card that is waiting for an answer says so: kills and restarts take seconds.
  const act = async (what, given = {}) => {
    const card = handhelds.get(given.device)?.card ?? document.body;
    card.classList.add("is-waiting");
    try {
      return await post("/act", { act: what, given });
    } finally {
      card.classList.remove("is-waiting");
    }
  };
  let toastTimer = 0;
  const toast = (text) => {
    by("toast").textContent = text;
    by("toast").hidden = false;
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => (by("toast").hidden = true), 6000);
  };

  // ── sound ──
  let audio = null;
  const sound = (tone) => {
    if (!by("sound").checked || !start.tones[tone]) return;
    audio ??= new AudioContext();
    let at = audio.currentTime;
    for (const [hertz, soundMs, silenceMs] of start.tones[tone]) {
      const [wave, volume] = [audio.createOscillator(), audio.createGain()];
      volume.gain.value = 0.15;
      wave.frequency.value = hertz;
      wave.connect(volume).connect(audio.destination);
      wave.start(at);
      wave.stop(at + soundMs / 1000);
      at += (soundMs + silenceMs) / 1000;
    }
  };

  // ── handhelds ──
  let enrolment = null;
  const choose = (name) => {
    chosen = handhelds.get(name);
    for (const one of handhelds.values()) one.card.classList.toggle("is-chosen", one === chosen);
    by("selected").textContent = name;
    enrolment?.again();
  };
  start.devices.forEach((name, n) => {
    const one = new Handheld(name, n + 1, start.airs, act, () => choose(name));
    handhelds.set(name, one);
    by("devices").append(one.card);
    by("wire-device").add(new Option(name, name));
  });
  choose(start.devices[0]);
  enrolment = new EnrolmentPanel(start, act, () => chosen.name);

  // ── labels ──
  for (const [name, sentence] of Object.entries(start.damages)) by("damage").add(new Option(sentence, name));
  const scan = (label) => {
    last = label.code;
    const [device, code, times] = [chosen.name, label.code, by("times").value];
    if (times === "double") return act("scan_double", { device, code });
    if (times === "burst") return act("burst", { device, code });
    return act("scan", { device, code, damage: by("damage").value });
  };
  const labelRow = (label) => {
    const row = make("li", "", "label");
    const button = make("button", "", "scan");
    const bars = make("span", "", "bars");
    bars.innerHTML = label.bars; // drawn by the bench, digits alone
    const words = make("span", "", "words");
    words.append(make("b", label.title), make("small", label.note));
    button.append(bars, words, make("span", label.kind, "kind"));
    button.title = label.code.replaceAll("\u001d", "␝");
    button.addEventListener("click", () => scan(label));
    row.append(button);
    if (start.printable.includes(label.kind)) {
      const print = make("button", "print", "print");
      print.title = "Print this label";
      print.setAttribute("aria-label", `Print ${label.title}`);
      print.addEventListener("click", () => act("print_label", { code: label.code }));
      row.append(print);
    }
    return row;
  };
  let found = [];
  const search = async () => {
    const asked = `/labels?q=${encodeURIComponent(by("search").value)}&kind=${kind}`;
    found = await (await fetch(asked)).json();
    const rows = found.map(labelRow);
    by("label-list").replaceChildren(...(rows.length ? rows : [make("li", "No label carries these words.", "empty")]));
  };
  let searchTimer = 0;
  by("search").addEventListener("input", () => {
    clearTimeout(searchTimer);
    searchTimer = setTimeout(search, 80);
  });
  by("search").addEventListener("keydown", async (event) => {
    if (event.key === "Escape") event.target.blur();
    if (event.key !== "Enter") return;
    clearTimeout(searchTimer);
    await search();
    if (found.length) scan(found[0]);
  });
  for (const name of ["", ...start.kinds]) {
    const tab = make("button", name || "all", "tab");
    tab.setAttribute("aria-pressed", String(name === kind));
    tab.addEventListener("click", () => {
      kind = name;
      for (const other of by("kinds").children) other.setAttribute("aria-pressed", String(other === tab));
      search();
    });
    by("kinds").append(tab);
  }
  search();

  // ── hub ──
  const drawHub = (hub) => {
    const parts = start.parts.map((part) => {
      const button = make("button", part, "small second part");
      button.append(make("small", hub.parts[part] || "–", "pid"));
      button.classList.toggle("is-fault", hub.is_on && !hub.parts[part]);
      button.title = hub.parts[part] ? `Kill the ${part} (process ${hub.parts[part]})` : `The ${part} is down`;
      button.dataset.part = part;
      button.disabled = !hub.is_on;
      button.addEventListener("click", () => act("kill_part", { part }));
      return button;
    });
    const power = make("button", hub.is_on ? "stop hub" : "start hub", "small " + (hub.is_on ? "danger" : ""));
    power.id = "hub-power";
    power.addEventListener("click", () => act(hub.is_on ? "stop_hub" : "start_hub"));
    by("parts").replaceChildren(make("span", "kill", "dim"), ...parts, power);
  };

  // ── wire, printer, session ──
  const drawWire = () => {
    const wanted = by("wire-device").value;
    const rows = wire.filter((one) => !wanted || one.device === wanted).slice(-120).reverse();
    by("wire").replaceChildren(...rows.map((one) => {
      const row = make("li", "", one.way);
      row.title = one.body;
      row.append(make("span", one.way === "up" ? "▲" : "▼", "way"), make("b", one.device), make("code", one.topic), make("span", one.what));
      return row;
    }));
    if (!rows.length) by("wire").append(make("li", "Nothing has passed yet.", "empty"));
  };
  by("wire-device").addEventListener("change", drawWire);
  const printer = new PrinterPanel(scan);
  const drawSession = (session) => {
    isRecording = session.is_on;
    by("record").textContent = isRecording ? "Stop recording" : "Record";
    by("record").classList.toggle("danger", isRecording);
    by("expect").hidden = !isRecording;
    by("save").hidden = !session.count;
    by("steps").replaceChildren(...session.last.map((step) => make("li", step)));
    by("steps").start = Math.max(1, session.count - session.last.length + 1);
    const { title, n, of, step, end } = session.playing;
    const isPlaying = title && !end;
    if (title) by("session-text").textContent = isPlaying ? `Playing ${title}: ${n} of ${of}, ${step || ""}` : `${title}: ${end}`;
    else if (isRecording) by("session-text").textContent = `Recording: ${session.count} steps so far.`;
  };
  by("record").addEventListener("click", () => post(isRecording ? "/recording/stop" : "/recording/start", {}));
  by("play").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (file) await post("/play", await file.text());
    event.target.value = "";
  });
  by("expect").addEventListener("click", (event) => {
    const what = event.target.dataset.expect;
    const device = chosen.name;
    if (what === "audit") act("expect_audit");
    if (what === "tone") act("expect_tone", { device, tone: chosen.value.tone });
    if (what === "screen") act("expect_screen", { device, shows: wordsOn(chosen.value.rows) });
  });
  // All but the first line, where battery and radio come and go, and without what is typed.
  const wordsOn = (rows) =>
    rows.slice(1).map((row) => row.map((run) => run[0]).join("").trim()).filter((line) => line && !line.startsWith(">")).join(" ");

  // ── the stream ──
  const draws = { hub: drawHub, papers: (value) => printer.draw(value), identity: (value) => enrolment.draw(value), session: drawSession, wire: (value) => { wire = value; drawWire(); } };
  draws.trouble = (text) => toast(`The bench could not look: ${text}`);
  draws.numbers = (numbers) => {
    for (const element of document.querySelectorAll("[data-number]")) {
      element.textContent = numbers[element.dataset.number];
      element.classList.toggle("is-bad", ["lost", "doubled"].includes(element.dataset.number) && numbers[element.dataset.number] > 0);
    }
  };
  let stream = null;
  const watch = () => {
    stream = new EventSource("/live");
    stream.onopen = () => (by("stale").hidden = true);
    stream.onerror = () => (by("stale").hidden = false);
    stream.onmessage = (event) => {
      const { topic, value } = JSON.parse(event.data);
      const [name, device] = topic.split(":");
      if (name === "device") handhelds.get(device).draw(value, sound);
      else draws[name](value);
    };
  };
  const attend = () => {
    if (document.hidden) stream?.close();
    else if (!stream || stream.readyState === EventSource.CLOSED) watch();
  };
  document.addEventListener("visibilitychange", attend);
  attend();

  // ── keys ──
  const setTyping = (is) => {
    isTyping = is;
    document.body.classList.toggle("is-typing", is);
  };
  const NAMED = { Enter: "enter", Backspace: "backspace" };
  const onKeypad = (event) => {
    if (event.key === "Escape") return setTyping(false);
    const pressed = NAMED[event.key] || (event.key.length === 1 ? event.key : "");
    if (!pressed) return;
    event.preventDefault();
    act("press", { device: chosen.name, key: pressed });
  };
  const shortcuts = {
    " ": () => act("scan_asked", { device: chosen.name }),
    s: () => chosen.part("box").focus(),
    t: () => setTyping(true),
    "/": () => by("search").focus(),
    b: () => last && act("burst", { device: chosen.name, code: last }),
    d: () => last && act("scan_double", { device: chosen.name, code: last }),
    r: () => act("set_air", { device: chosen.name, air: chosen.value.switches.air === "fine" ? "cut" : "fine" }),
    u: () => act(chosen.value.switches.has_scanner ? "unplug_scanner" : "plug_scanner", { device: chosen.name }),
    k: () => act("kill_agent", { device: chosen.name }),
    "?": () => by("keys").showModal(),
  };
  by("show-keys").addEventListener("click", shortcuts["?"]);
  // A mouse leaves no focus on buttons: Space goes on meaning what it means.
  document.addEventListener("click", (event) => event.detail && event.target.closest("button, a")?.blur());
  document.addEventListener("keydown", (event) => {
    const isField = event.target.closest("input, select, textarea, dialog");
    if (isField || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping) return onKeypad(event);
    if (event.key === " " && event.target.closest("button, a")) return;
    const number = Number(event.key);
    if (number >= 1 && number <= start.devices.length) return choose(start.devices[number - 1]);
    if (!shortcuts[event.key]) return;
    event.preventDefault();
    shortcuts[event.key]();
  });
})();
