// How far the library has been heard.

import { el, counted } from "./dom.js";
import { get, post } from "./net.js";

const EVERY_MS = 1000;
const MORE_EVERY_MS = 5000;

/** Shows progress while there is any, and tells now and then when more has been heard, and at the end. */
export function progress(onMore) {
  const line = el("p", { class: "soft" });
  const bar = el("progress", { max: 1, "aria-label": "Library heard", hidden: true });
  const again = el("button", { class: "quiet", onclick: () => post("/api/library/scan").then(look) }, "Look again");
  let timer = null;
  let done = -1;
  let toldAt = -Infinity;

  async function look() {
    clearTimeout(timer);
    const state = await get("/api/library/progress").catch((error) => ({ problem: error.message }));
    bar.hidden = !state.busy;
    again.disabled = Boolean(state.busy);
    if (state.found) bar.value = state.done / state.found;
    line.textContent = state.problem || (state.busy ? `heard ${state.done} of ${counted(state.found, "track")}` : "");
    const isDue = !state.busy || performance.now() - toldAt > MORE_EVERY_MS;
    if (isDue && (state.done !== done || !state.busy)) {
      onMore();
      [done, toldAt] = [state.done, performance.now()];
    }
    if (state.busy) timer = setTimeout(look, EVERY_MS);
  }

  return { element: el("div", { class: "row end" }, line, bar, again), look, leave: () => clearTimeout(timer) };
}
