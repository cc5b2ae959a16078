// A track of the library in a player; what the browser cannot decode comes decoded.

import { el } from "./dom.js";

export function player(label = "Player") {
  const audio = el("audio", { controls: true, preload: "none", "aria-label": label });
  const note = el("p", { class: "soft", hidden: true });
  let shown = null;
  audio.addEventListener("error", () => {
    if (shown === null) return;
    if (!audio.src.endsWith("?as=wav")) {
      const wasPlaying = audio.autoplay;
      audio.src = `/audio/${shown}?as=wav`;
      if (wasPlaying) audio.play().catch(() => {});
    } else {
      note.hidden = false;
      note.textContent = "this track cannot be played";
    }
  });
  return {
    element: el("div", { class: "player" }, audio, note),
    audio,
    load(id, { play = false } = {}) {
      if (id === shown && play) return audio.play().catch(() => {});
      shown = id;
      note.hidden = true;
      audio.autoplay = play;
      if (id === null) audio.removeAttribute("src");
      else audio.src = `/audio/${id}`;
      audio.load();
      return null;
    },
    toggle() {
      if (audio.paused) audio.play().catch(() => {});
      else audio.pause();
    },
    pause: () => audio.pause(),
  };
}
