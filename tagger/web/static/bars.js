// Genres and their probabilities, as a list that looks like horizontal bars.

import { el, percent } from "./dom.js";

/** All genres, strongest first; `genres` are rows of a report, `most` how many are shown. */
export function bars(genres, colours, most = Infinity) {
  const rows = genres.slice(0, most).map(({ genre, probability }, place) =>
    el(
      "li",
      { class: place === 0 ? "first" : false, vars: { "--share": probability, "--genre": colours[genre] ?? "#808080" } },
      el("span", { class: "name" }, genre),
      el("span", { class: "track", "aria-hidden": "true" }, el("span", { class: "fill" })),
      el("data", { value: probability }, percent(probability)),
    ),
  );
  return el("ol", { class: "bars", "aria-label": "Genres, the most probable first" }, ...rows);
}

/** What people are told, in large letters. */
export function verdict(row, colours) {
  const isNamed = row.genre !== null && row.genre !== undefined;
  return el(
    "p",
    { class: "verdict" },
    el("span", { class: "swatch", "aria-hidden": "true", vars: { "--genre": isNamed ? colours[row.genre] ?? "#808080" : "transparent" } }),
    el("strong", { class: isNamed ? "genre" : "genre none" }, isNamed ? row.genre : "don’t know"),
    row.confidence === null ? null : el("span", { class: "confidence" }, percent(row.confidence)),
  );
}
