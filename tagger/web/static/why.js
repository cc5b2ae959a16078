// Why a track got its verdict: what was heard when, and what in its spectrogram speaks for what.

import { el, clock, percent } from "./dom.js";
import { outline, shares, spectrogram } from "./drawing.js";

const N_SHOWN = 6;
const DARK = matchMedia("(prefers-color-scheme: dark)");
const DRAWN = new Set();

// One listener for all pictures; those that left the page are forgotten.
DARK.addEventListener("change", () => {
  for (const canvas of DRAWN) {
    if (canvas.isConnected) canvas.redraw();
    else DRAWN.delete(canvas);
  }
});

/** The reasons as an element; `audio` is the player in which times are sought, if there is one. */
export function why(row, about, audio) {
  const length = row.duration_seconds;
  const shown = row.genres.slice(0, N_SHOWN).map((one) => one.genre);
  const line = el("div", { class: "playhead", "aria-hidden": "true" });
  const wave = picture("wave", timeline(row), (canvas, theme) => outline(canvas, row, about.colours, theme));
  const part = picture("shares", `Shares of ${shown.join(", ")} over time`, (canvas) => shares(canvas, row, shown, about.colours));
  const times = el("div", { class: "times-of-track soft", "aria-hidden": "true" }, el("span", {}, "0:00"), el("span", {}, clock(length)));
  const over = el("div", { class: "over-time" }, wave, part, line);

  over.addEventListener("click", (event) => {
    const place = (event.clientX - over.getBoundingClientRect().left) / over.clientWidth;
    seek(place * length);
  });
  audio?.addEventListener("timeupdate", () => {
    line.style.setProperty("--place", audio.currentTime / length);
    line.classList.add("on");
  });

  function seek(seconds) {
    if (!audio) return;
    audio.currentTime = seconds;
    audio.play().catch(() => {});
  }

  const decided = row.deciding.map((one) =>
    el(
      "li",
      {},
      el("button", { class: "quiet", disabled: !audio, onclick: () => seek(one.start_seconds), "aria-label": `Play from ${clock(one.start_seconds)}` }, `▶ ${clock(one.start_seconds)}–${clock(one.end_seconds)}`),
      `${row.genres[0].genre} ${percent(one.winner)}, ${row.genres[1].genre} ${percent(one.runner_up)}`,
    ),
  );
  return el(
    "section",
    { class: "why-so", "aria-label": "Why" },
    el("h4", {}, "When"),
    over,
    times,
    legend(shown, about.colours),
    el("h4", {}, "Windows that decided"),
    el("ol", { class: "deciding" }, ...decided),
    evidence(row, about),
    el("p", {}, row.bands_told),
    neighbours(row),
  );
}

function timeline(row) {
  const longest = {};
  for (const window of row.windows) {
    if (!window.probabilities) continue;
    const strongest = row.genre_order[window.probabilities.indexOf(Math.max(...window.probabilities))];
    longest[strongest] = (longest[strongest] ?? 0) + 1;
  }
  const told = Object.entries(longest).sort((one, other) => other[1] - one[1]);
  return `Waveform; strongest in most windows: ${told.map(([genre, count]) => `${genre} ${count} of ${row.windows.length}`).join(", ")}`;
}

function legend(genres, colours) {
  const entries = genres.map((genre) => el("li", {}, el("span", { class: "swatch", vars: { "--genre": colours[genre] } }), genre));
  return el("ul", { class: "legend" }, ...entries);
}

function evidence(row, about) {
  const { excerpt } = row;
  let chosen = excerpt.winner;
  const canvas = picture("spectrogram", "", (element, theme) => spectrogram(element, excerpt, chosen, about.colours, theme));
  const name = `evidence-${Math.random().toString(36).slice(2)}`;
  const choose = (one) => {
    chosen = one;
    canvas.setAttribute("aria-label", one ? `Spectrogram with what speaks for ${one.genre}` : "Spectrogram");
    canvas.redraw();
  };
  const options = [excerpt.winner, excerpt.runner_up, null].map((one, place) =>
    el("label", {}, el("input", { type: "radio", name, checked: place === 0, onchange: () => choose(one) }), one ? `for ${one.genre}` : "plain"),
  );
  choose(excerpt.winner);
  const end = excerpt.start_seconds + excerpt.spectrogram_db.length * excerpt.seconds_per_frame;
  const how = excerpt.method === "integrated gradients" ? "by integrated gradients" : "by letting parts stand still (occlusion)";
  const hz = (number) => (number >= 1000 ? `${(number / 1000).toFixed(1)} kHz` : `${Math.round(number)} Hz`);
  return el(
    "div",
    {},
    el("h4", {}, "What speaks for it"),
    el("fieldset", { class: "row" }, el("legend", { class: "unseen" }, "Evidence"), ...options),
    el("div", { class: "axes" }, el("span", {}, hz(excerpt.band_hz.at(-1))), el("span", {}, hz(excerpt.band_hz[0])), canvas),
    el("div", { class: "times-of-track soft" }, el("span", {}, clock(excerpt.start_seconds)), el("span", {}, `found ${how}`), el("span", {}, clock(end))),
  );
}

function neighbours(row) {
  if (!row.neighbours.length) return null;
  const rows = row.neighbours.map((one) => el("li", {}, `${one.name}: ${one.genre} (${one.similarity.toFixed(2)})`));
  return el("div", {}, el("h4", {}, "Sounds alike in the library"), el("ul", { class: "near" }, ...rows));
}

/** A canvas that is drawn anew when its size, or light and dark, change. */
function picture(kind, label, draw) {
  const canvas = el("canvas", { class: kind, role: "img", "aria-label": label });
  canvas.redraw = () => {
    const scale = devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
    if (!width || !height) return;
    [canvas.width, canvas.height] = [width, height];
    draw(canvas, { isDark: DARK.matches, ink: getComputedStyle(canvas).color });
  };
  new ResizeObserver(canvas.redraw).observe(canvas);
  DRAWN.add(canvas);
  return canvas;
}
