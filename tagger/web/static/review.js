// The third tab: doubtful verdicts, one after the other, by key.

import { el, counted, problem, say } from "./dom.js";
import { bars, verdict } from "./bars.js";
import { get, post } from "./net.js";
import { player } from "./track.js";
import { progress } from "./progress.js";

const KEYS = [
  ["Space", "play, pause"],
  ["Enter", "accept what was heard"],
  ["1–9", "it is the genre with that number"],
  ["C", "correct: choose or type a genre"],
  ["K", "keep what the file says"],
  ["D", "don’t know"],
  ["← →", "earlier, later"],
  ["U", "undo"],
  ["W", "write"],
];

export function reviewTab(panel, about) {
  let state = { queue: [], decided: [], unwritten: 0, undoes: null };
  let place = 0;
  let isBusy = false;
  let isActive = false;
  const sound = player("Play this track");
  const told = el("div", {});
  const stage = el("article", { class: "stage", tabindex: "-1", "aria-label": "Track to look at" });
  const input = el("input", { id: "correction", list: "genres", autocomplete: "off", maxlength: 80, placeholder: "another genre" });
  const correct = el("form", { class: "correct" }, el("label", { for: "correction" }, "It is"), input, el("button", {}, "Correct"));
  const names = el("datalist", { id: "genres" });
  const write = el("button", { class: "primary", onclick: () => act("write") });
  const undo = el("button", { onclick: () => act("undo") });
  const earlier = el("button", { class: "quiet", "aria-label": "Earlier", onclick: () => move(-1) }, "←");
  const later = el("button", { class: "quiet", "aria-label": "Later", onclick: () => move(1) }, "→");
  const among = el("span", { class: "soft" });
  const list = el("ol", { class: "decided", "aria-label": "What you said" });
  const looking = progress(() => refresh().catch(show));
  const help = el("details", { class: "keys" }, el("summary", {}, "Keys"), el("dl", {}, ...KEYS.flatMap(([key, what]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, what)])));
  panel.append(el("h2", { class: "unseen" }, "Review"), looking.element, told, stage, names, help, el("div", { class: "row" }, write, undo), list);
  correct.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim()) decide(input.value);
  });
  document.addEventListener("keydown", (event) => isActive && onKey(event));

  const current = () => state.queue[place];
  const show = (error) => told.replaceChildren(problem(error));

  async function refresh() {
    const id = current()?.id;
    state = await get("/api/review");
    const again = state.queue.findIndex((row) => row.id === id);
    if (again >= 0) place = again;
    draw(again < 0);
  }

  async function act(what, said) {
    if (isBusy) return;
    isBusy = true;
    told.replaceChildren();
    try {
      const answer = await post(`/api/review/${what}`, said);
      state = answer;
      if (answer.outcome) outcome(answer.outcome);
      const back = answer.outcome?.id ? state.queue.findIndex((row) => row.id === answer.outcome.id) : -1;
      if (back >= 0) place = back;
      draw(true);
      stage.focus({ preventScroll: true });
    } catch (error) {
      show(error);
    }
    isBusy = false;
  }

  function decide(genre) {
    const row = current();
    if (!row) return;
    input.value = "";
    say(genre === null ? `${row.name}: don’t know` : `${row.name}: ${genre}`);
    act("decide", { id: row.id, genre });
  }

  function keep() {
    const row = current();
    if (!row?.keeps.length) return;
    input.value = "";
    say(`${row.name}: ${row.keeps.join(", ")}, as the file says`);
    act("decide", { id: row.id, keep: true });
  }

  function outcome(done) {
    const wrong = done.problems.map((one) => el("li", {}, `${one.name}: ${one.reason}`));
    let sentence = `taken back: ${done.name}`;
    if (done.run !== undefined) {
      sentence = `${counted(done.written, "file")} written${done.same ? `, ${done.same} said so already` : ""}${done.written ? `; U, or tagger undo ${done.run}, takes it back` : ""}`;
    } else if (done.undone === "write") sentence = `${counted(done.files, "file")} put back, byte for byte`;
    told.replaceChildren(el("p", { class: "note", role: "status" }, sentence), wrong.length ? el("ul", { class: "alarm" }, ...wrong) : "");
  }

  function draw(isNew) {
    place = Math.max(0, Math.min(place, state.queue.length - 1));
    const row = current();
    if (isNew) {
      sound.pause();
      sound.load(row?.id ?? null);
    }
    if (isNew || !row) stage.replaceChildren(...(row ? shown(row) : [el("p", { class: "large" }, state.busy ? "listening…" : "Nothing is doubtful any more.")]));
    // Whoever types or listens here is not disturbed when more has been heard.
    among.textContent = `${place + 1} of ${state.queue.length}`;
    earlier.disabled = place === 0;
    later.disabled = place + 1 === state.queue.length;
    write.textContent = `Write ${counted(state.unwritten, "genre")} (W)`;
    write.disabled = state.unwritten === 0;
    undo.textContent = state.undoes === "write" ? "Undo the writing (U)" : "Undo (U)";
    undo.disabled = state.undoes === null;
    list.replaceChildren(
      ...state.decided.toReversed().map((one) => el("li", {}, el("span", {}, one.name), el("b", {}, one.genre ?? "don’t know"), el("span", { class: "soft" }, one.kept ? "as the file says" : one.written ? "written" : one.genre ? "not written yet" : ""), again(one))),
    );
  }

  function again(one) {
    if (one.written) return null;
    return el("button", { class: "quiet", "aria-label": `Ask again about ${one.name}`, onclick: () => act("reopen", { id: one.id }) }, "Ask again");
  }

  function shown(row) {
    const tags = row.tags_before?.length ? row.tags_before.join(", ") : "nothing";
    const kept = row.keeps.length ? el("button", { onclick: keep }, `Keep ${row.keeps.join(", ")} (K)`) : null;
    const [first] = row.choices;
    const accept = first ? el("button", { class: "primary", onclick: () => decide(first.genre) }, `Accept ${first.genre} (Enter)`) : null;
    names.replaceChildren(...row.choices.map((one) => el("option", { value: one.genre })));
    return [
      el("header", {}, el("h3", {}, row.name), earlier, among, later),
      verdict(row, about.colours),
      el("p", { class: "why" }, `${row.doubt.kind}: ${row.doubt.reason}`),
      el("p", { class: "soft" }, `In the file: ${tags}`),
      sound.element,
      el("div", { class: "row" }, accept, kept, el("button", { onclick: () => decide(null) }, "Don’t know (D)")),
      correct,
      numbered(row),
    ];
  }

  function numbered(row) {
    const found = bars(row.choices, about.colours, 9);
    found.classList.add("numbered");
    return found;
  }

  function move(by) {
    const to = place + by;
    if (to < 0 || to >= state.queue.length) return;
    place = to;
    draw(true);
    stage.focus({ preventScroll: true });
  }

  function onKey(event) {
    if (event.repeat && !event.key.startsWith("Arrow")) return;
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input, select, textarea")) return;
    const row = current();
    const takes = event.target.closest("button, audio, summary, a, [role=tab]");
    if (takes && (event.key === " " || event.key === "Enter" || event.key.startsWith("Arrow"))) return;
    const digit = /^[1-9]$/.test(event.key) ? row?.choices[Number(event.key) - 1] : null;
    const keys = {
      " ": () => sound.toggle(),
      Enter: () => row?.choices.length && decide(row.choices[0].genre),
      c: () => input.focus(),
      d: () => decide(null),
      k: keep,
      u: () => state.undoes && act("undo"),
      w: () => state.unwritten && act("write"),
      ArrowLeft: () => move(-1),
      ArrowRight: () => move(1),
    };
    const done = digit ? () => decide(digit.genre) : keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!done) return;
    event.preventDefault();
    done();
  }

  return {
    enter() {
      isActive = true;
      looking.look();
    },
    leave() {
      isActive = false;
      sound.pause();
      looking.leave();
    },
  };
}
