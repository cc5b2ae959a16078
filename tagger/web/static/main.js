// The page: its tabs, and what each of them needs to know.

import { problem } from "./dom.js";
import { get } from "./net.js";
import { hearTab } from "./hear.js";
import { liveTab } from "./live.js";
import { reviewTab } from "./review.js";
import { libraryTab } from "./library.js";

const tabs = [...document.querySelectorAll('[role="tab"]')];
const shown = () => tabs.filter((tab) => !tab.hidden);
const parts = {};

function choose(tab, { focus = false } = {}) {
  for (const one of tabs) {
    const isChosen = one === tab;
    one.setAttribute("aria-selected", String(isChosen));
    one.tabIndex = isChosen ? 0 : -1;
    const name = one.getAttribute("aria-controls");
    document.getElementById(name).hidden = !isChosen;
    if (!isChosen) parts[name]?.leave?.();
  }
  const name = tab.getAttribute("aria-controls");
  history.replaceState(null, "", `#${name}`);
  parts[name]?.enter?.();
  if (focus) tab.focus();
}

function onKey(event) {
  const among = shown();
  const here = among.indexOf(event.target);
  const to = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: among.length - 1 }[event.key];
  if (to === undefined || here < 0) return;
  event.preventDefault();
  choose(among[(to + among.length) % among.length], { focus: true });
}

async function begin() {
  const about = await get("/api/about");
  document.getElementById("model").textContent = `model ${about.model} · ${about.genres.length} genres`;
  parts.hear = hearTab(document.getElementById("hear"), about);
  parts.live = liveTab(document.getElementById("live"), about);
  if (about.library !== null) {
    parts.review = reviewTab(document.getElementById("review"), about);
    parts.library = libraryTab(document.getElementById("library"), about);
    for (const name of ["review", "library"]) document.getElementById(`tab-${name}`).hidden = false;
  }
  for (const tab of tabs) tab.addEventListener("click", () => choose(tab));
  document.querySelector('[role="tablist"]').addEventListener("keydown", onKey);
  // A file that misses its place must not take the page's.
  for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault());
  const wanted = document.getElementById(`tab-${location.hash.slice(1)}`);
  choose(wanted && !wanted.hidden ? wanted : tabs[0]);
}

begin().catch((error) => document.querySelector("main").prepend(problem(error)));
