// A recording of the microphone, which becomes a file like any other.

import { el, clock } from "./dom.js";
import { microphone, whyNot } from "./microphone.js";

export function recorder(onFile) {
  let running = null;
  let leaving = null;
  let number = 0;
  const button = el("button", { onclick: () => (running ? stop() : start()), "aria-pressed": "false" }, "Record");
  const note = el("p", { class: "soft", role: "status" });
  const element = el("div", { class: "record" }, button, note);
  const impossible = whyNot() || (window.MediaRecorder ? "" : "This browser cannot record.");
  if (impossible) {
    button.disabled = true;
    note.textContent = impossible;
  }

  async function start() {
    const use = new AbortController();
    leaving = use;
    note.textContent = "";
    button.disabled = true;
    try {
      const stream = await microphone(use.signal);
      if (stream) record(stream, use);
    } catch (error) {
      use.abort();
      note.textContent = error.message;
    }
    button.disabled = false;
  }

  function record(stream, use) {
    const media = new MediaRecorder(stream);
    const pieces = [];
    const began = performance.now();
    media.start(1000);
    const tick = setInterval(() => (note.textContent = clock((performance.now() - began) / 1000)), 250);
    media.ondataavailable = (event) => pieces.push(event.data);
    media.onstop = () => {
      clearInterval(tick);
      use.abort();
      if (running === media) ended();
      const kind = media.mimeType.split(";")[0] || "audio/webm";
      number += 1;
      onFile(new File(pieces, `recording ${number}.${kind.split("/")[1]}`, { type: kind }));
    };
    running = media;
    button.textContent = "Stop";
    button.setAttribute("aria-pressed", "true");
  }

  function stop() {
    if (running) {
      running.stop();
      ended();
    } else leaving?.abort();
  }

  function ended() {
    running = null;
    note.textContent = "";
    button.textContent = "Record";
    button.setAttribute("aria-pressed", "false");
  }

  return { element, stop };
}
