// A recording of the microphone, which becomes a file like any other.

import { el, clock } from "./dom.js";
import { microphone, whyNot } from "./microphone.js";

export function recorder(onFile) {
  let running = null;
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
    note.textContent = "";
    try {
      const stream = await microphone();
      const media = new MediaRecorder(stream);
      const pieces = [];
      const began = performance.now();
      const tick = setInterval(() => (note.textContent = clock((performance.now() - began) / 1000)), 250);
      media.ondataavailable = (event) => pieces.push(event.data);
      media.onstop = () => {
        clearInterval(tick);
        stream.getTracks().forEach((track) => track.stop());
        const kind = media.mimeType.split(";")[0] || "audio/webm";
        number += 1;
        onFile(new File(pieces, `recording ${number}.${kind.split("/")[1]}`, { type: kind }));
      };
      media.start(1000);
      running = media;
    } catch (error) {
      note.textContent = error.message;
      return;
    }
    button.textContent = "Stop";
    button.setAttribute("aria-pressed", "true");
  }

  function stop() {
    if (!running) return;
    running.stop();
    running = null;
    note.textContent = "";
    button.textContent = "Record";
    button.setAttribute("aria-pressed", "false");
  }

  return { element, stop };
}
