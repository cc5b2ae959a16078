// A file that is heard: what is told of it, from the upload to the verdict.

import { el, clock, megabytes, percent, say, problem } from "./dom.js";
import { bars, verdict } from "./bars.js";
import { hear, Refusal } from "./net.js";
import { why } from "./why.js";

export class Card {
  constructor(file, about, onGone) {
    this.file = file;
    this.about = about;
    this.onGone = onGone;
    this.stop = new AbortController();
    this.address = URL.createObjectURL(file);
    this.state = el("p", { class: "state soft" }, "waits");
    this.meter = el("progress", { max: 1, value: 0, "aria-label": `Upload of ${file.name}` });
    this.body = el("div", { class: "body" });
    this.reasons = el("div", { class: "reasons" });
    const away = el("button", { class: "quiet", "aria-label": `Remove ${file.name}`, onclick: () => this.remove() }, "Remove");
    this.element = el(
      "article",
      { class: "card", "aria-label": file.name },
      el("header", {}, el("h3", {}, file.name), el("span", { class: "soft" }, megabytes(file.size)), away),
      this.state,
      this.meter,
      this.body,
      this.reasons,
    );
  }

  async run({ withReasons = false } = {}) {
    if (this.stop.signal.aborted) return;
    try {
      if (this.file.size > this.about.most_bytes) {
        throw new Refusal({
          error: `this file is longer than ${megabytes(this.about.most_bytes)}`,
          hint: "`tagger ui --max-upload MIB` takes longer ones, `tagger scan` takes any",
        });
      }
      const told = { onSent: (share) => this.sent(share), onRow: (row) => this.row(row), signal: this.stop.signal, withReasons };
      this.isAsking = withReasons;
      await hear(this.file, told);
    } catch (error) {
      if (this.stop.signal.aborted) return;
      this.done();
      (this.verdict ? this.reasons : this.body).replaceChildren(problem(error));
    }
  }

  sent(share) {
    this.state.textContent = share < 1 ? `sending, ${percent(share)}` : "hearing";
    if (share < 1) this.meter.value = share;
    else this.meter.removeAttribute("value");
  }

  row(row) {
    if (row.event === "verdict" && !this.verdict) this.heard(row);
    if (row.event === "explanation") this.explained(row);
  }

  heard(row) {
    this.done();
    if (row.status === "failed" || row.status === "skipped") {
      const what = row.status === "failed" ? "cannot be heard" : "nothing to hear";
      this.body.replaceChildren(el("p", { class: "alarm", role: "alert" }, `${what}: ${row.reason}`));
      say(`${this.file.name}: ${what}: ${row.reason}`);
      return;
    }
    this.verdict = row;
    this.ask();
    const tags = row.tags_before?.length ? `the file says ${row.tags_before.join(", ")}` : "the file names no genre";
    const facts = `${clock(row.duration_seconds)} · ${row.n_windows} windows heard · ${tags}`;
    this.body.replaceChildren(
      verdict(row, this.about.colours),
      row.reason ? el("p", { class: "soft" }, row.reason) : "",
      this.player(),
      bars(row.genres, this.about.colours),
      el("p", { class: "soft facts" }, facts),
    );
    say(`${this.file.name}: ${row.genre ?? "don’t know"}, ${percent(row.confidence)}`);
  }

  ask() {
    const note = el("p", { class: "soft", role: "status" }, "finding out why; the first time may take a minute");
    const button = el("button", { onclick: () => (this.reasons.replaceChildren(note), this.run({ withReasons: true })) }, "Why?");
    this.reasons.replaceChildren(this.isAsking ? note : button);
  }

  explained(row) {
    if (row.problem) this.reasons.replaceChildren(problem({ message: `why is not known: ${row.problem}` }));
    else this.reasons.replaceChildren(why(row, this.about, this.audio));
  }

  player() {
    const audio = el("audio", { controls: true, preload: "metadata", src: this.address, "aria-label": `Play ${this.file.name}` });
    this.audio = audio;
    audio.addEventListener("error", () => {
      this.audio = null;
      audio.replaceWith(el("p", { class: "soft" }, "this browser cannot play this kind of file"));
    });
    return audio;
  }

  done() {
    this.state.remove();
    this.meter.remove();
  }

  remove() {
    this.stop.abort();
    this.audio?.pause();
    URL.revokeObjectURL(this.address);
    this.element.remove();
    this.onGone(this);
  }
}
