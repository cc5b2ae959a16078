// The fourth tab: every track of the library, to be filtered and played.

import { el, counted, percent, problem } from "./dom.js";
import { get } from "./net.js";
import { player } from "./track.js";
import { progress } from "./progress.js";

const AT_A_TIME = 100;
const KINDS = [
  ["", "all tracks"],
  ["any doubt", "any doubt"],
  ["don't know", "don’t know"],
  ["disagrees", "disagrees with the file"],
  ["unsure", "unsure"],
  ["failed", "cannot be heard"],
  ["skipped", "nothing to hear"],
];

export function libraryTab(panel, about) {
  let rows = [];
  let most = AT_A_TIME;
  const sound = player("Play a track of the library");
  const now = el("p", { class: "now" }, "");
  const search = field("Search", el("input", { type: "search", oninput: draw }));
  const genre = field("Genre", el("select", { onchange: draw }, el("option", { value: "" }, "all genres"), ...about.genres.map((one) => el("option", {}, one))));
  const kind = field("Which", el("select", { onchange: draw }, ...KINDS.map(([value, text]) => el("option", { value }, text))));
  const least = field("At most this sure", el("input", { type: "range", min: 0, max: 100, value: 100, oninput: draw, "aria-valuetext": "100 %" }));
  const count = el("p", { class: "soft", role: "status" });
  const body = el("tbody", {});
  const more = el("button", { onclick: () => ((most += AT_A_TIME), draw()) }, "Show more");
  const looking = progress(() => refresh().catch((error) => count.replaceChildren(problem(error))));
  const head = ["", "Track", "Heard", "Sure", "In the file", "Doubt"].map((name) => el("th", { scope: "col" }, name || el("span", { class: "unseen" }, "Play")));
  const table = el("table", { class: "tracks" }, el("caption", { class: "unseen" }, "Tracks of the library"), el("thead", {}, el("tr", {}, ...head)), body);
  panel.append(
    el("h2", {}, about.library),
    looking.element,
    el("div", { class: "filters" }, search.element, genre.element, kind.element, least.element),
    count,
    el("div", { class: "wide", role: "region", "aria-label": "Tracks", tabindex: "0" }, table),
    more,
    el("footer", { class: "dock" }, now, sound.element),
  );

  function field(label, control) {
    return { element: el("label", {}, el("span", {}, label), control), control };
  }

  async function refresh() {
    rows = (await get("/api/library")).rows;
    draw();
  }

  function isWanted(row) {
    const text = search.control.value.toLowerCase();
    const which = kind.control.value;
    const most = Number(least.control.value);
    const isKind = !which || row.status === which || (which === "any doubt" ? row.doubt : row.doubt?.kind === which);
    const isGenre = !genre.control.value || row.genre === genre.control.value;
    const isSure = most === 100 || (row.confidence !== null && 100 * row.confidence <= most);
    return isKind && isGenre && isSure && (!text || row.name.toLowerCase().includes(text));
  }

  function draw() {
    const most100 = Number(least.control.value);
    least.control.setAttribute("aria-valuetext", `at most ${most100} % sure`);
    const found = rows.filter(isWanted);
    count.textContent = `${counted(found.length, "track")} of ${rows.length.toLocaleString("en")}${most100 < 100 ? `, at most ${most100} % sure` : ""}`;
    body.replaceChildren(...found.slice(0, most).map(line));
    more.hidden = found.length <= most;
  }

  function line(row) {
    const isHeard = row.genres.length > 0;
    const play = el("button", { class: "quiet", "aria-label": `Play ${row.name}`, onclick: () => start(row), disabled: !isHeard }, "▶");
    const heard = isHeard ? el("b", {}, row.genre ?? "don’t know") : el("span", { class: "soft" }, row.reason);
    return el(
      "tr",
      {},
      el("td", {}, play),
      el("th", { scope: "row" }, row.name),
      el("td", {}, el("span", { class: "swatch", "aria-hidden": "true", vars: { "--genre": about.colours[row.genre] ?? "transparent" } }), heard),
      el("td", { class: "number" }, row.confidence === null ? "" : percent(row.confidence)),
      el("td", {}, row.tags_before?.join(", ") ?? ""),
      el("td", {}, row.doubt?.kind ?? ""),
    );
  }

  function start(row) {
    now.textContent = row.name;
    sound.load(row.id, { play: true });
  }

  return {
    enter: () => looking.look(),
    leave() {
      sound.pause();
      looking.leave();
    },
  };
}
