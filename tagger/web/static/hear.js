// The first tab: files that are dropped, chosen or recorded.

import { el, counted, megabytes, say } from "./dom.js";
import { Card } from "./card.js";
import { recorder } from "./record.js";

const AT_A_TIME = 2;

export function hearTab(panel, about) {
  const cards = new Set();
  const waiting = [];
  let running = 0;

  const list = el("div", { class: "cards" });
  const clear = el("button", { onclick: () => clearAll(), hidden: true }, "Clear");
  const count = el("p", { class: "soft" });
  const input = el("input", { type: "file", multiple: true, accept: "audio/*,video/webm,.wv,.ape,.mpc,.dsf,.tta", id: "files", class: "unseen" });
  const zone = el(
    "label",
    { class: "zone", for: "files" },
    el("span", { class: "large" }, "Drop music here, or choose files"),
    el("span", { class: "soft" }, `Any format that FFmpeg reads, up to ${megabytes(about.most_bytes)} each. Nothing leaves this computer.`),
  );
  const record = recorder((file) => add([file]));

  input.addEventListener("change", () => {
    add([...input.files]);
    input.value = "";
  });
  for (const kind of ["dragenter", "dragover"]) panel.addEventListener(kind, (event) => (event.preventDefault(), zone.classList.add("over")));
  for (const kind of ["dragleave", "drop"]) panel.addEventListener(kind, () => zone.classList.remove("over"));
  panel.addEventListener("drop", (event) => {
    event.preventDefault();
    add([...event.dataTransfer.files]);
  });
  panel.append(el("h2", { class: "unseen" }, "Hear files"), input, zone, el("div", { class: "row" }, record.element, clear, count), list);

  function add(files) {
    for (const file of files) {
      const card = new Card(file, about, gone);
      cards.add(card);
      waiting.push({ card, withReasons: files.length === 1 });
      list.prepend(card.element);
    }
    refresh();
    while (running < AT_A_TIME && waiting.length) next();
  }

  async function next() {
    running += 1;
    const { card, withReasons } = waiting.shift();
    await card.run({ withReasons });
    running -= 1;
    if (waiting.length) next();
  }

  function gone(card) {
    cards.delete(card);
    refresh();
  }

  function clearAll() {
    waiting.length = 0;
    for (const card of [...cards]) card.remove();
    say("cleared");
    input.focus();
  }

  function refresh() {
    clear.hidden = cards.size === 0;
    count.textContent = cards.size ? counted(cards.size, "file") : "";
  }

  return { leave: () => record.stop() };
}
