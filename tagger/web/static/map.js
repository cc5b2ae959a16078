// The library in two dimensions: what sounds alike lies near; every point can be played.

import { el, percent } from "./dom.js";

const REACH = 14;
const MARGIN = 10;

export class LibraryMap {
  constructor(about, { onChoose }) {
    this.about = about;
    this.onChoose = onChoose;
    this.places = {};
    this.rows = [];
    this.near = null;
    this.marked = null;
    this.canvas = el("canvas", { class: "map", role: "img", "aria-label": "Map of the library; the table below lists the same tracks" });
    this.note = el("p", { class: "soft" }, "");
    this.element = el("figure", { class: "map-of-library", hidden: true }, this.canvas, el("figcaption", {}, this.note));
    this.canvas.addEventListener("pointermove", (event) => this.look(event));
    this.canvas.addEventListener("pointerleave", () => this.point(null));
    this.canvas.addEventListener("click", (event) => {
      this.look(event);
      if (this.near) this.onChoose(this.near);
    });
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  place(audit) {
    this.places = Object.fromEntries(audit.map.map((one) => [one.id, one]));
    this.method = audit.method ? `Near is alike (${audit.method}). Choose a point to play it.` : audit.reason;
    this.element.hidden = audit.map.length === 0;
    this.say(this.method);
  }

  show(rows) {
    this.rows = rows;
    this.draw();
  }

  mark(id) {
    this.marked = id;
    this.draw();
  }

  say(sentence) {
    this.note.textContent = sentence;
  }

  at(row) {
    const place = this.places[row.id];
    if (!place) return null;
    return [MARGIN + place.x * (this.canvas.clientWidth - 2 * MARGIN), MARGIN + (1 - place.y) * (this.canvas.clientHeight - 2 * MARGIN)];
  }

  look(event) {
    const distance = (row) => {
      const at = this.at(row);
      return at ? Math.hypot(at[0] - event.offsetX, at[1] - event.offsetY) : Infinity;
    };
    let [best, least] = [null, REACH];
    for (const row of this.rows) {
      const here = distance(row);
      if (here < least) [best, least] = [row, here];
    }
    this.point(best);
  }

  point(row) {
    if (row === this.near) return;
    this.near = row;
    this.canvas.classList.toggle("over", Boolean(row));
    this.say(row ? `${row.name}: ${row.genre ?? "don’t know"} ${percent(row.confidence ?? 0)}` : this.method);
    this.draw();
  }

  draw() {
    const scale = devicePixelRatio || 1;
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    if (!width || !height) return;
    [this.canvas.width, this.canvas.height] = [width * scale, height * scale];
    const paper = this.canvas.getContext("2d");
    paper.scale(scale, scale);
    const radius = this.rows.length > 2000 ? 2.5 : 5;
    for (const row of this.rows) {
      const at = this.at(row);
      if (!at) continue;
      const isChosen = row === this.near || row.id === this.marked;
      paper.beginPath();
      paper.arc(...at, isChosen ? radius + 3 : radius, 0, 2 * Math.PI);
      paper.fillStyle = this.about.colours[row.genre] ?? "#808080";
      paper.globalAlpha = isChosen ? 1 : 0.8;
      paper.fill();
      if (!isChosen) continue;
      paper.strokeStyle = getComputedStyle(this.canvas).color;
      paper.lineWidth = 2;
      paper.stroke();
    }
  }
}
