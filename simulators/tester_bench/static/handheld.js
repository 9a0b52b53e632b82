// One handheld's card: draws what the bench tells of it, and says what its buttons want done.
"use strict";
const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "escape", "0", "backspace", "enter"];
const SIGNS = { escape: "Esc", backspace: "⌫", enter: "Enter" };
const FLIPS = {
  scanner: (is) => (is.has_scanner ? ["Unplug", "unplug_scanner", "Pull the scanner's cable (u)"] : ["Plug in", "plug_scanner", "Plug the scanner in (u)"]),
  disk: (is) => (is.is_disk_full ? ["Free disk", "free_disk", "Its storage takes bytes again"] : ["Fill disk", "fill_disk", "Its storage takes no byte more"]),
  power: (is) => (is.is_on ? ["Power off", "switch_off", "Take the power away"] : ["Power on", "switch_on", "Give the power back"]),
};

class Handheld {
  constructor(name, number, airs, act, choose) {
    this.name = name;
    this.act = (what, given = {}) => act(what, { device: name, ...given });
    this.value = null;
    this.tones = null;
    this.card = document.getElementById("handheld").content.firstElementChild.cloneNode(true);
    this.card.dataset.device = name;
    this.part("name").textContent = name;
    this.part("no").textContent = number;
    for (const [air, sentence] of Object.entries(airs)) this.part("air").add(new Option(air, air));
    this.part("air").title = Object.entries(airs).map((pair) => pair.join(": ")).join("\n");
    this.makeKeypad();
    this.listen(choose);
  }

  part(name) {
    return this.card.querySelector(`[data-${name}]`);
  }

  makeKeypad() {
    const pad = this.card.querySelector(".keypad");
    for (const key of KEYS) {
      const button = document.createElement("button");
      button.className = "small second";
      button.textContent = SIGNS[key] || key;
      button.dataset.key = key;
      pad.append(button);
    }
    pad.addEventListener("click", (event) => {
      const key = event.target.dataset.key;
      if (key) this.act("press", { key });
    });
  }

  listen(choose) {
    this.card.addEventListener("pointerdown", choose);
    this.card.addEventListener("focusin", choose);
    this.part("box").addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.scanBox();
      if (event.key === "Escape") event.target.blur();
    });
    this.part("air").addEventListener("change", (event) => this.turn("set_air", { air: event.target.value }));
    this.part("clock").addEventListener("change", (event) => this.turn("set_clock", { shift_s: Number(event.target.value) }));
    this.part("battery").addEventListener("input", (event) => (this.part("percent").textContent = event.target.value + " %"));
    this.part("battery").addEventListener("change", (event) => this.turn("set_battery", { percent: Number(event.target.value) }));
    const does = { scan: () => this.scanBox(), asked: () => this.act("scan_asked"), kill: () => this.act("kill_agent") };
    this.card.addEventListener("click", (event) => {
      const { do: what, flip } = event.target.dataset;
      if (what) does[what]();
      if (flip && this.value) this.act(FLIPS[flip](this.value.switches)[1]);
    });
  }

  // A switch that was refused shows again how things are.
  async turn(what, given) {
    if (!(await this.act(what, given)) && this.value) this.drawSwitches(this.value.switches);
  }

  scanBox() {
    const box = this.part("box");
    if (!box.value) return box.focus();
    this.act("scan", { code: box.value });
    box.select();
  }

  draw(value, sound) {
    const before = this.value;
    this.value = value;
    if (!before || JSON.stringify(before.rows) !== JSON.stringify(value.rows)) this.drawScreen(value.rows);
    this.drawSwitches(value.switches);
    for (const element of this.card.querySelectorAll("[data-kept]")) {
      const text = String(value[element.dataset.kept] ?? "");
      if (element.textContent !== text) element.textContent = text;
    }
    this.drawTone(value, sound);
    this.drawWords(value);
  }

  drawWords({ words, switches }) {
    const isTold = words && (!switches.is_on || switches.is_disk_full);
    this.part("words").hidden = !isTold;
    this.part("words").textContent = isTold ? `Its agent ended: ${words}` : "";
  }

  drawScreen(rows) {
    const screen = this.part("screen");
    screen.replaceChildren();
    for (const row of rows) {
      for (const [text, ink, ground, isBold, isInverse] of row) {
        const run = document.createElement("span");
        run.textContent = text;
        const [front, back] = isInverse ? [ground || "121212", ink || "e0e0e0"] : [ink, ground];
        if (front) run.style.color = "#" + front;
        if (back) run.style.background = "#" + back;
        if (isBold) run.className = "bold";
        screen.append(run);
      }
      screen.append("\n");
    }
  }

  drawSwitches(is) {
    this.card.classList.toggle("is-off", !is.is_on);
    const state = this.part("state");
    state.className = "state " + (is.is_on ? (is.air === "fine" ? "go" : "wait") : "off");
    state.textContent = is.is_on ? (is.air === "fine" ? "on" : "air: " + is.air) : "dark";
    for (const [flip, say] of Object.entries(FLIPS)) {
      const button = this.card.querySelector(`[data-flip=${flip}]`);
      [button.textContent, , button.title] = say(is);
      button.classList.toggle("is-fault", flip === "scanner" ? !is.has_scanner : flip === "disk" ? is.is_disk_full : !is.is_on);
    }
    this.set("air", is.air);
    this.set("clock", String(is.clock_shift_s));
    this.set("battery", String(is.battery_percent));
    if (document.activeElement !== this.part("battery")) this.part("percent").textContent = is.battery_percent + " %";
  }

  set(name, value) {
    const field = this.part(name);
    if (document.activeElement !== field || field.tagName === "SELECT") field.value = value;
    field.classList.toggle("is-fault", (name === "air" && value !== "fine") || (name === "clock" && value !== "0"));
  }

  drawTone(value, sound) {
    const isNew = this.tones !== null && value.tones !== this.tones;
    this.tones = value.tones;
    const element = this.part("tone");
    if (value.tone) element.textContent = `♪ ${value.tone}`;
    element.dataset.kind = value.tone;
    if (!isNew) return;
    element.classList.remove("sounding");
    void element.offsetWidth;
    element.classList.add("sounding");
    sound(value.tone);
  }
}
