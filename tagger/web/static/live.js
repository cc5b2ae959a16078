// The second tab: the microphone, named while it plays.

import { el, clock, percent, problem, say } from "./dom.js";
import { bars, verdict } from "./bars.js";
import { microphone, whyNot } from "./microphone.js";
import { Strip } from "./strip.js";

const FLOOR_DB = -60;
const WORDS = { silent: "silent", clipped: "clipped" };

export function liveTab(panel, about) {
  let session = null;
  let leaving = null;
  const button = el("button", { class: "primary", onclick: () => (session ? session.stop() : start()) }, "Listen");
  const times = el("p", { class: "soft times" });
  const view = el("div", { class: "view" });
  const note = el("div", {});
  const impossible = whyNot();
  button.disabled = Boolean(impossible);
  panel.append(
    el("h2", { class: "unseen" }, "Listen to the microphone"),
    el("div", { class: "row" }, button, times),
    note,
    view,
    el("p", { class: "soft" }, impossible || "Names what the microphone of this browser hears, while it plays. Nothing is kept."),
  );

  async function start() {
    note.replaceChildren();
    button.disabled = true;
    leaving = new AbortController();
    try {
      session = await begun({ view, times, note, colours: about.colours, onEnd: ended, use: leaving });
      if (session) button.textContent = "Stop";
    } catch (error) {
      note.replaceChildren(problem(error));
    }
    button.disabled = false;
  }

  function ended() {
    session = null;
    button.disabled = false;
    button.textContent = "Listen";
  }

  return { leave: () => (session ? session.stop() : leaving?.abort()) };
}

/** Begin to listen; null where `use` was given up before all was ready, and an error where it cannot be. */
async function begun({ use, ...told }) {
  let context, socket;
  try {
    const stream = await microphone(use.signal);
    if (!stream) return null;
    context = new AudioContext();
    await context.audioWorklet.addModule("/static/capture.js");
    socket = await connected();
    if (!use.signal.aborted) return listening({ stream, context, socket, use, ...told });
  } catch (error) {
    const isLeft = use.signal.aborted;
    use.abort();
    if (!isLeft) throw error;
  } finally {
    if (use.signal.aborted) {
      socket?.close();
      context?.close();
    }
  }
  return null;
}

function connected() {
  const socket = new WebSocket(`ws://${location.host}/api/live`);
  socket.binaryType = "arraybuffer";
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(socket);
    socket.onerror = () => reject(new Error("the program does not answer; is `tagger ui` still running?"));
  });
}

function listening({ stream, context, socket, use, view, times, note, colours, onEnd }) {
  const capture = new AudioWorkletNode(context, "capture");
  const seen = new View(view, times, colours);
  let isEnding = false;
  let isTold = false;

  capture.port.onmessage = ({ data }) => {
    if (isEnding || socket.readyState !== WebSocket.OPEN) return;
    socket.send(data.buffer);
    seen.level(data);
  };
  socket.send(JSON.stringify({ sample_rate: context.sampleRate }));
  context.createMediaStreamSource(stream).connect(capture);

  function release() {
    isEnding = true;
    use.abort();
    if (context.state !== "closed") context.close();
  }
  socket.onmessage = ({ data }) => {
    const row = JSON.parse(data);
    isTold ||= row.event === "summary" || row.event === "error";
    if (row.event === "moment") seen.moment(row);
    else if (row.event === "summary") seen.summary(row);
    else if (row.event === "error") note.append(problem({ message: row.error, hint: row.hint }));
    else if (row.event === "gap") note.replaceChildren(el("p", { class: "soft" }, `${row.seconds.toFixed(1)} s missing: ${row.reason}`));
  };
  socket.onclose = () => {
    if (!isEnding && !isTold) note.append(problem({ message: "the program does not listen any more", hint: "is `tagger ui` still running?" }));
    release();
    seen.end();
    onEnd();
  };
  return {
    stop() {
      release();
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ event: "stop" }));
    },
  };
}

class View {
  constructor(element, times, colours) {
    this.colours = colours;
    this.times = times;
    this.strip = new Strip(colours);
    this.word = el("div", { class: "word" }, el("p", { class: "verdict" }, el("strong", { class: "genre none" }, "listening…")));
    this.reason = el("p", { class: "soft reason" });
    this.bars = el("div", {});
    this.meter = el("meter", { min: FLOOR_DB, max: 0, low: -50, high: -3, optimum: -20, value: FLOOR_DB, "aria-label": "Level in decibels" });
    this.whole = el("div", {});
    this.told = null;
    element.replaceChildren(this.word, this.reason, this.whole, el("label", { class: "level" }, "Level", this.meter), this.strip.element, this.bars);
  }

  level(samples) {
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    this.meter.value = Math.max(FLOOR_DB, 10 * Math.log10(power + 1e-12));
  }

  moment(row) {
    const word = row.genre ?? WORDS[row.told] ?? null;
    const shown = verdict({ genre: word, confidence: row.confidence }, this.colours);
    shown.querySelector(".genre").classList.toggle("none", row.genre === null);
    this.word.replaceChildren(shown);
    this.reason.textContent = row.reason;
    this.bars.replaceChildren(bars(row.genres, this.colours));
    this.strip.add(row);
    const lost = row.lost_seconds > 0 ? ` · ${row.lost_seconds.toFixed(1)} s lost` : "";
    this.times.textContent = `${clock(row.end_seconds)} · ${row.behind_seconds.toFixed(1)} s behind${lost}`;
    if (row.told !== this.told) say(row.told);
    this.told = row.told;
  }

  summary(row) {
    const shares = Object.entries(row.shares).map(([name, seconds]) => `${name} ${clock(seconds)}`);
    const all = row.genre ? `${row.genre}, ${percent(row.confidence)}` : row.reason || "don’t know";
    this.whole.replaceChildren(el("p", { class: "summary" }, el("b", {}, "All together: "), `${all}. `, el("span", { class: "soft" }, shares.join(" · "))));
    say(`All together: ${all}`);
  }

  end() {
    this.meter.value = FLOOR_DB;
  }
}
