// What a live source sounded like in the last minutes: cells of equal time, as in the terminal.

import { el, clock } from "./dom.js";

const SECONDS_PER_CELL = 4;
const MOST_CELLS = 150;
const SIGNS = { silent: "·", "don't know": "?", clipped: "!", lost: "×" };

export class Strip {
  constructor(colours) {
    this.colours = colours;
    this.cells = [];
    this.past = 0;
    this.lost = 0;
    this.row = el("div", { class: "strip", "aria-hidden": "true" });
    this.legend = el("ul", { class: "legend", "aria-label": "Heard in the last minutes" });
    this.element = el("div", {}, this.row, this.legend);
  }

  add(moment) {
    const last = this.past + this.cells.length - 1;
    const now = Math.floor(moment.end_seconds / SECONDS_PER_CELL);
    const fresh = now - last;
    if (fresh > 0) {
      const lost = Math.round((moment.lost_seconds - this.lost) / SECONDS_PER_CELL);
      const nLost = Math.min(Math.max(lost, 0), fresh - 1, MOST_CELLS);
      const nTold = Math.min(fresh - nLost, MOST_CELLS);
      this.cells.push(...Array(nLost).fill("lost"), ...Array(nTold).fill(moment.told));
      this.cells = this.cells.slice(-MOST_CELLS);
    } else this.cells[this.cells.length - 1] = moment.told;
    this.past = Math.max(now, last) + 1 - this.cells.length;
    this.lost = moment.lost_seconds;
    this.draw();
  }

  draw() {
    this.row.replaceChildren(...this.cells.map((told) => this.cell(told)));
    this.row.scrollLeft = this.row.scrollWidth;
    const told = [...new Set(this.cells)].map((one) => [one, this.cells.filter((cell) => cell === one).length]);
    told.sort((one, other) => other[1] - one[1]);
    this.legend.replaceChildren(
      ...told.map(([name, count]) => el("li", {}, this.cell(name), `${name} ${clock(count * SECONDS_PER_CELL)}`)),
    );
  }

  cell(told) {
    const sign = SIGNS[told];
    return el("span", { class: sign ? "cell sign" : "cell", title: told, vars: { "--genre": this.colours[told] ?? "transparent" } }, sign ?? "");
  }
}
