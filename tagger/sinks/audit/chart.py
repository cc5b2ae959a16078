"""The map of a library as a picture that also works without a script, and the script that names its points."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from tagger.records import DONT_KNOW
from tagger.sinks import colours, page
from tagger.sinks.audit.findings import Audit, Entry
from tagger.sinks.audit.shown import Tracks, genre, percent, visible
from tagger.sinks.page import Markup, text

_SIDE = 1000
_MARGIN = 20

STYLE = """
.map { position: relative; max-width: 46rem; }
.map svg { display: block; width: 100%; background: none; border: 1px solid var(--line); padding: 0;
  touch-action: pan-y; }
.map path { fill: none; stroke-linecap: round; opacity: .8; }
.map path.far { opacity: .07; }
.map:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.map .ring { fill: none; stroke: var(--ink); stroke-width: 4; }
.map output { position: absolute; max-width: min(20rem, 80%); padding: .4rem .6rem; border-radius: .3rem;
  background: var(--paper); color: var(--ink); border: 1px solid var(--soft); font-size: .9rem;
  line-height: 1.35; pointer-events: none; overflow-wrap: anywhere; }
.map output:empty { display: none; }
.map output b, .map output span { display: block; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem .5rem; padding: 0; margin: .6rem 0; list-style: none; }
.legend button { font: inherit; font-size: .95rem; color: inherit; background: none;
  border: 1px solid var(--line); border-radius: 1rem; padding: .1rem .7rem; cursor: pointer; }
.legend button:disabled { cursor: default; border-color: transparent; padding: .1rem .3rem; }
.legend button[aria-pressed=true] { border-color: var(--ink); font-weight: 600; }
"""

_SCRIPT = """
(() => {
  const { genres, folders, tracks } = JSON.parse(document.getElementById("map-tracks").textContent);
  const frame = document.querySelector(".map"), svg = frame.querySelector("svg");
  const ring = frame.querySelector(".ring"), told = frame.querySelector("output");
  const buttons = [...document.querySelectorAll(".legend button")];
  let current = -1, chosen = -1;
  const open = track => chosen < 0 || track[2] === chosen;
  function line(kind, words) {
    const element = document.createElement(kind), own = document.createElement("bdi");
    own.textContent = words;
    element.append(own);
    return element;
  }
  function show(number) {
    current = number;
    ring.toggleAttribute("hidden", number < 0);
    ring.style.display = number < 0 ? "none" : "";
    if (number < 0) { told.replaceChildren(); return; }
    const [x, y, genre, heard, folder, name, tags] = tracks[number];
    ring.setAttribute("cx", x);
    ring.setAttribute("cy", y);
    told.replaceChildren(line("b", name), line("span", folders[folder]),
      line("span", `heard: ${genres[genre]}, ${heard}`), line("span", `tags: ${tags}`));
    const box = svg.getBoundingClientRect(), left = x / SIDE * box.width, top = y / SIDE * box.height;
    const isRight = left > box.width / 2, isLow = top > box.height / 2;
    told.style.left = isRight ? "auto" : `${left + 14}px`;
    told.style.right = isRight ? `${box.width - left + 14}px` : "auto";
    told.style.top = isLow ? "auto" : `${top + 14}px`;
    told.style.bottom = isLow ? `${box.height - top + 14}px` : "auto";
  }
  function nearest(x, y, fits) {
    let best = -1, least = Infinity;
    tracks.forEach((track, number) => {
      const dx = track[0] - x, dy = track[1] - y, distance = dx * dx + dy * dy;
      if (open(track) && distance < least && fits(dx, dy, number)) { best = number; least = distance; }
    });
    return best;
  }
  function point(event) {
    const box = svg.getBoundingClientRect(), reach = (SIDE / box.width) * 18;
    const x = (event.clientX - box.left) / box.width * SIDE, y = (event.clientY - box.top) / box.height * SIDE;
    show(nearest(x, y, (dx, dy) => dx * dx + dy * dy < reach * reach));
  }
  const ways = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  frame.addEventListener("keydown", event => {
    if (event.key === "Escape") show(-1);
    const way = ways[event.key];
    if (!way) return;
    event.preventDefault();
    if (current < 0) return show(nearest(SIDE / 2, SIDE / 2, () => true));
    const [x, y] = tracks[current];
    const next = nearest(x, y, (dx, dy, number) => number !== current && dx * way[0] + dy * way[1] > 0
      && Math.abs(dx * way[1] + dy * way[0]) <= Math.abs(dx * way[0] + dy * way[1]));
    if (next >= 0) show(next);
  });
  svg.addEventListener("pointermove", point);
  svg.addEventListener("pointerdown", point);
  svg.addEventListener("pointerleave", event => { if (event.pointerType === "mouse") show(-1); });
  buttons.forEach(button => {
    button.disabled = false;
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      const genre = Number(button.dataset.genre);
      chosen = chosen === genre ? -1 : genre;
      buttons.forEach(one => one.setAttribute("aria-pressed", String(Number(one.dataset.genre) === chosen)));
      svg.querySelectorAll("path").forEach(path =>
        path.classList.toggle("far", chosen >= 0 && Number(path.dataset.genre) !== chosen));
      show(-1);
    });
  });
  frame.tabIndex = 0;
  frame.setAttribute("role", "application");
  show(-1);
})();
""".replace("SIDE", str(_SIDE))


def parts(audit: Audit, named: Tracks) -> Iterator[str]:
    """The map with its legend, what it says in words, and its script; a sentence where there is none."""
    if not audit.landscape.method:
        yield page.paragraph(f"There is no map: {audit.landscape.reason}.")
        return
    names = [*audit.genres, DONT_KNOW]
    placed = [
        (names.index(entry.genre or DONT_KNOW), entry, (_coordinate(point[0]), _coordinate(point[1])))
        for entry, point in zip(audit.entries, audit.landscape.points, strict=True)
        if point
    ]
    placed.sort(key=lambda one: one[0])
    by_genre = {number: list(of_genre) for number, of_genre in groupby(placed, key=lambda one: one[0])}
    yield page.paragraph(
        "Each point is a track, coloured by what is heard in it; tracks that sound alike to the model are near "
        "each other. Neither directions nor distances between groups mean anything."
    )
    size = 14 if len(placed) < 300 else 9 if len(placed) < 3000 else 6
    dots = "".join(
        f'<path data-genre="{number}" stroke="{colours.css(names[number], audit.genres)}" '
        f'stroke-width="{size}" d="{"".join(f"M{x} {y}h0" for _, _, (x, y) in points)}"/>'
        for number, points in by_genre.items()
    )
    yield (
        f'<figure><div class="map" aria-label="Map of the library: arrow keys go from track to track">'
        f'<svg viewBox="0 0 {_SIDE} {_SIDE}" role="img" aria-label="Map of {len(placed):,} tracks; the table '
        f'below says in words which genres are near each other">{dots}<circle class="ring" r="{size}" '
        f'style="display:none"/></svg><output aria-live="polite"></output></div>'
        f"<figcaption>{text(audit.landscape.method)}</figcaption></figure>"
    )
    yield _legend({names[number]: len(points) for number, points in by_genre.items()}, names, audit)
    yield _in_words(audit)
    yield f'<script type="application/json" id="map-tracks">{_data(placed, names, named)}</script>'
    yield f"<script>{_SCRIPT}</script>"


def _coordinate(value: float) -> int:
    return round(_MARGIN + value * (_SIDE - 2 * _MARGIN))


def _legend(counts: dict[str, int], names: list[str], audit: Audit) -> str:
    entries = "".join(
        f'<li><button type="button" disabled data-genre="{names.index(name)}">'
        f"{genre(name, audit.genres)} {count:,}</button></li>"
        for name, count in counts.items()
    )
    return f'<ul class="legend" aria-label="Genres on the map">{entries}</ul>'


def _in_words(audit: Audit) -> str:
    """The map for those who cannot see it."""
    rows = []
    for name, shares in audit.landscape.beside.items():
        others = [f"{other} {percent(share)}" for other, share in shares.items() if other != name]
        rows.append(
            (
                genre(name, audit.genres),
                percent(shares.get(name, 0.0)),
                Markup(text(", ".join(others[:3]) or "–")),
            )
        )
    caption = "The map in words: what the nearest track on the map is, for the tracks of each genre"
    head = ("heard", "of the same genre", "most often else")
    return page.table(caption, head, rows, n_text=3)


def _data(placed: list[tuple[int, Entry, tuple[int, int]]], names: list[str], named: Tracks) -> str:
    """The tracks for the script, as JSON that cannot end its element."""
    folders: dict[str, int] = {}
    tracks: list[list[Any]] = []
    for number, entry, (x, y) in placed:
        folder = folders.setdefault(visible(named.folder(entry.path.parent)), len(folders))
        tags = "; ".join(entry.tags or ()) or "–"
        tracks.append(
            [x, y, number, percent(entry.confidence), folder, visible(entry.path.name), visible(tags)]
        )
    data = {"genres": names, "folders": list(folders), "tracks": tracks}
    plain = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
    return plain.decode("utf-8").replace("<", "\\u003c").replace("&", "\\u0026")
