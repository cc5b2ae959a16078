// The fourth tab: every track of the library, to be filtered and played.

import { el, counted, percent, problem } from "./dom.js";
import { get } from "./net.js";
import { LibraryMap } from "./map.js";
import { player } from "./track.js";
import { progress } from "./progress.js";

const AT_A_TIME = 100;
const KINDS = [
  ["", "all tracks"],
  ["any doubt", "any doubt"],
  ["don't know", "don’t know"],
  ["disagrees", "disagrees with the file"],
  ["suspect", "tag probably wrong"],
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
  const map = new LibraryMap(about, { onChoose: (row) => start(row) });
  const findings = el("div", { class: "findings" });
  let suspects = {};
  const more = el("button", { onclick: () => ((most += AT_A_TIME), draw()) }, "Show more");
  const looking = progress(() => refresh().catch((error) => count.replaceChildren(problem(error))));
  const head = ["", "Track", "Heard", "Sure", "In the file", "Doubt"].map((name) => el("th", { scope: "col", role: "columnheader" }, name || el("span", { class: "unseen" }, "Play")));
  const table = el("table", { class: "tracks", role: "table" }, el("caption", { class: "unseen" }, "Tracks of the library"), el("thead", {}, el("tr", { role: "row" }, ...head)), body);
  panel.append(
    el("h2", {}, about.library),
    looking.element,
    el("div", { class: "filters" }, search.element, genre.element, kind.element, least.element),
    count,
    map.element,
    el("div", { class: "wide", role: "region", "aria-label": "Tracks", tabindex: "0" }, table),
    more,
    findings,
    el("footer", { class: "dock" }, now, sound.element),
  );

  function field(label, control) {
    return { element: el("label", {}, el("span", {}, label), control), control };
  }

  async function refresh() {
    const state = await get("/api/library");
    rows = state.rows;
    draw();
    if (!state.busy && rows.length) await look().catch((error) => map.say(error.message));
  }

  async function look() {
    const audit = await get("/api/library/audit");
    suspects = Object.fromEntries(audit.suspects.map((one) => [one.id, one.rank]));
    map.place(audit);
    findings.replaceChildren(...found(audit));
    draw();
  }

  function found(audit) {
    const list = (title, lines) => lines.length && el("details", {}, el("summary", {}, `${title} (${lines.length})`), el("ul", {}, ...lines.map((line) => el("li", {}, line))));
    const counts = (object) => Object.entries(object).map(([name, number]) => `${name} ${number}`).join(", ");
    return [
      audit.expectation && el("p", {}, audit.expectation),
      list("Names of genres that are probably one", audit.variants.map((one) => `${counts(one.names)} → ${one.suggestion.join(", ")} (${one.kind})`)),
      list("Albums whose tracks disagree", audit.albums.map((one) => `${one.title}: tags ${counts(one.tags) || "none"}; heard ${counts(one.genres)}`)),
      el("p", {}, el("a", { href: "/report", target: "_blank", rel: "noopener" }, "The whole report")),
    ].filter(Boolean);
  }

  function isWanted(row) {
    const text = search.control.value.toLowerCase();
    const which = kind.control.value;
    const most = Number(least.control.value);
    const isKind = !which || row.status === which || (which === "any doubt" ? row.doubt : which === "suspect" ? suspects[row.id] : row.doubt?.kind === which);
    const isGenre = !genre.control.value || row.genre === genre.control.value;
    const isSure = most === 100 || (row.confidence !== null && 100 * row.confidence <= most);
    return isKind && isGenre && isSure && (!text || row.name.toLowerCase().includes(text));
  }

  function draw() {
    const most100 = Number(least.control.value);
    least.control.setAttribute("aria-valuetext", `at most ${most100} % sure`);
    const wanted = rows.filter(isWanted);
    count.textContent = `${counted(wanted.length, "track")} of ${rows.length.toLocaleString("en")}${most100 < 100 ? `, at most ${most100} % sure` : ""}`;
    if (kind.control.value === "suspect") wanted.sort((one, other) => suspects[one.id] - suspects[other.id]);
    body.replaceChildren(...wanted.slice(0, most).map(line));
    more.hidden = wanted.length <= most;
    map.show(wanted);
  }

  function line(row) {
    const isHeard = row.genres.length > 0;
    const play = el("button", { class: "quiet", "aria-label": `Play ${row.name}`, onclick: () => start(row), disabled: !isHeard }, "▶");
    const heard = isHeard ? el("b", {}, row.genre ?? "don’t know") : el("span", { class: "soft" }, row.reason);
    return el(
      "tr",
      { role: "row" },
      el("td", { role: "cell" }, play),
      el("th", { scope: "row", role: "rowheader" }, row.name),
      el("td", { role: "cell" }, el("span", { class: "swatch", "aria-hidden": "true", vars: { "--genre": about.colours[row.genre] ?? "transparent" } }), heard),
      el("td", { role: "cell", class: "number" }, row.confidence === null ? "" : percent(row.confidence)),
      el("td", { role: "cell" }, row.tags_before?.join(", ") ?? ""),
      el("td", { role: "cell" }, suspects[row.id] ? "tag probably wrong" : (row.doubt?.kind ?? "")),
    );
  }

  function start(row) {
    now.textContent = row.name;
    map.mark(row.id);
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
