// Elements, words and numbers, as the whole page writes them.

/** Make an element: `on…` are listeners, `vars` are custom properties, `true` and `false` set and leave out. */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "vars") for (const [one, set] of Object.entries(value)) element.style.setProperty(one, set);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function percent(share) {
  return `${Math.round(100 * share)} %`;
}

export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export function megabytes(bytes) {
  const mebibytes = bytes / 2 ** 20;
  if (mebibytes < 1) return `${Math.max(1, Math.round(bytes / 1024))} KiB`;
  return `${Number(mebibytes.toFixed(mebibytes < 100 ? 1 : 0))} MiB`;
}

/** "3 files", "1 file". */
export function counted(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** Tell people who do not see the page. */
export function say(sentence) {
  document.getElementById("said").textContent = sentence;
}

export function problem(error) {
  return el("p", { class: "alarm", role: "alert" }, error.message, error.hint ? el("span", { class: "hint" }, error.hint) : null);
}
