// Two panels under the handhelds: enrolment, and the printer's tray. They draw, and say what is wanted.
"use strict";
const STATES = { AWAITED: "awaited", ENROLLED: "enrolled", REVOKED: "shut out", RETIRED: "retired" };
const PROOFS = { none: "nobody yet", password: "a password", certificate: "a certificate" };
const FATES = { OPEN: "not used yet", USED: "used", BURNT: "guessed at too often", WITHDRAWN: "withdrawn" };

class EnrolmentPanel {
  constructor(start, act, chosen) {
    this.act = act;
    this.chosen = chosen; // the name of the handheld that is in hand
    this.isSecure = start.secure;
    this.value = null;
    this.by("without").hidden = this.isSecure;
    this.by("with").hidden = !this.isSecure;
    if (!this.isSecure) return;
    this.codes = start.codes;
    for (const sort of Object.keys(this.codes)) this.by("sort").add(new Option(`${sort} code`, sort));
    this.saySort();
    this.by("page").href = start.hub_page + "/devices";
    this.listen();
  }

  by(name) {
    return document.getElementById("enrol-" + name);
  }

  listen() {
    const device = () => ({ device: this.chosen() });
    this.by("forget").addEventListener("click", () => this.act("forget_identity", device()));
    this.by("revoke").addEventListener("click", () => this.act("revoke", device()));
    this.by("show").addEventListener("click", () => this.act("show_code", { ...device(), code: this.by("sort").value }));
    this.by("sort").addEventListener("change", () => this.saySort());
    this.by("picture").addEventListener("click", () => this.act("scan_shown_code", device()));
  }

  saySort() {
    this.by("sentence").textContent = this.codes[this.by("sort").value] + ".";
  }

  draw(value) {
    if (!this.isSecure || !value) return;
    const shown = this.value?.code?.text;
    this.value = value;
    const { proof, at_hub: atHub } = value.devices[this.chosen()];
    this.by("who").textContent = `${this.chosen()} shows ${PROOFS[proof]}; at the hub: ${STATES[atHub] || atHub}.`;
    this.by("forget").disabled = proof === "none";
    this.by("revoke").disabled = atHub !== "ENROLLED";
    this.by("code").hidden = !value.code;
    if (!value.code) return;
    const { device, sort, text, picture, fate } = value.code;
    if (text !== shown) this.by("picture").innerHTML = picture; // squares, drawn by the bench
    this.by("picture").title = text;
    this.by("what").textContent = `For ${device} (${sort}): ${sort === "old" ? "too old" : FATES[fate] || fate}.`;
    this.by("hint").textContent = `A click scans it with ${this.chosen()}.`;
  }

  again() {
    this.draw(this.value);
  }
}

class PrinterPanel {
  constructor(scan) {
    this.scan = scan;
    this.list = document.getElementById("papers");
  }

  draw(papers) {
    document.getElementById("papers-text").hidden = papers.length > 0;
    this.list.replaceChildren(...papers.map((paper) => this.row(paper)));
  }

  row(paper) {
    const row = document.createElement("li");
    row.className = paper.kind;
    const words = document.createElement("span");
    words.className = "words";
    const at = new Date(paper.at / 1000).toLocaleTimeString([], { hour12: false });
    words.append(this.part("b", paper.kind === "label" ? paper.title : `Packing slip ${paper.title}`));
    words.append(this.part("small", `${at}${paper.who ? " · " + paper.who : ""}`));
    row.append(paper.kind === "label" ? this.label(paper, words) : words);
    const address = paper.kind === "label" ? `/label.pdf?code=${encodeURIComponent(paper.code)}` : `/slip/${paper.id}.pdf`;
    row.append(Object.assign(this.part("a", "PDF"), { href: address, target: "_blank", className: "print" }));
    return row;
  }

  label(paper, words) {
    const button = this.part("button", "");
    button.className = "scan";
    button.title = `Scan ${paper.code}`;
    const bars = this.part("span", "");
    bars.className = "bars";
    bars.innerHTML = paper.bars; // drawn by the bench
    button.append(bars, words);
    button.addEventListener("click", () => this.scan(paper));
    return button;
  }

  part(tag, text) {
    return Object.assign(document.createElement(tag), { textContent: text });
  }
}
