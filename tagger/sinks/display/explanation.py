"""Why a track got its verdict, and its chapters, on the screen."""

from __future__ import annotations

import bisect
import math
import os
from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from tagger.explanation import Explanation
from tagger.records import DONT_KNOW, SILENT
from tagger.sinks import told
from tagger.sinks.chapters import Chapter
from tagger.sinks.display import consoles, drawing
from tagger.sinks.display.timeline import Timeline, colour, with_letter

_N_BAR = 12
_N_OTHERS = 3
_N_MARGIN = 2

Cells = tuple[str, ...]


def explanation_view(found: Explanation) -> None:
    """Print an explanation: verdict, strip of genres, windows and bands that decided, what sounds alike.

    Where stdout is no terminal, each line begins with what it tells of, and its cells are parted by tabs.
    """
    console = consoles.out()
    if console.is_terminal:
        for line in _lines(found, console.width):
            consoles.line(console, line if console.encoding.startswith("utf") else _in_ascii(line))
        return
    for cells in _rows(found):
        consoles.line(console, Text("\t".join(map(drawing.printable, cells))))


def chapters_table(chapters: Sequence[Chapter]) -> None:
    """Print chapters: where each begins and ends, what it is, and how probable that is."""
    console = consoles.out()
    for chapter in chapters:
        share = drawing.percent(chapter.probability) if chapter.genre else ""
        places = [drawing.clock(chapter.start_seconds), drawing.clock(chapter.end_seconds)]
        cells = [*places, drawing.printable(chapter.title), share]
        if console.is_terminal:
            bar = drawing.bar(chapter.probability, _N_BAR) if chapter.genre else ""
            text = f"{cells[0]:>8} – {cells[1]:<8} {drawing.fitted(cells[2], 14)} {bar:<{_N_BAR}} {share:>5}"
            consoles.line(console, Text(text.rstrip()))
        else:
            consoles.line(console, Text("\t".join(cells)))


def _rows(found: Explanation) -> Iterator[Cells]:
    """The cells of each line where there is no terminal."""
    heard = found.verdict
    path, named = os.fsdecode(heard.track.path), heard.genre or DONT_KNOW
    yield "verdict", path, named, drawing.percent(heard.confidence), _others(found), heard.reason
    yield "confidence", told.confidence(found)
    for (start, end), row in zip(found.timeline.places, found.timeline.probabilities, strict=True):
        name, share = _strongest(row, found.genres)
        yield "heard", _span(start, end), name, share
    yield from (("decided", *cells) for cells in _deciding(found))
    yield from (("band", *cells[:3], cells[4]) for cells in _bands(found))
    yield "bands", told.bands(found)
    yield from (("alike", *cells) for cells in _neighbours(found))
    yield "compared", told.neighbours(found)


def _lines(found: Explanation, width: int) -> Iterator[Text]:
    """What is shown in a terminal."""
    heard = found.verdict
    path = drawing.printable(os.fsdecode(heard.track.path))
    style = colour(found.winner, found.genres)
    yield Text(drawing.shortened(path, width), "dim")
    yield Text.assemble(
        (drawing.printable(heard.genre or DONT_KNOW), f"bold {style}" if heard.genre else "bold"),
        "  ",
        (drawing.bar(heard.confidence, _N_BAR), style),
        f" {drawing.percent(heard.confidence)}  ",
        (drawing.printable(_others(found)), "dim"),
    )
    if heard.reason:
        yield Text(heard.reason, "dim")
    yield from _titled("Second by second", "the strongest genre of each window")
    yield from _strip(found, width)
    lead = f"by so much {found.winner} would lead {found.runner_up} less without them"
    yield from _titled("Windows that decided", lead)
    yield from _columns(_deciding(found))
    yield from _titled("Bands", f"what {found.winner} gains or loses if nothing moves in them")
    yield from _columns(_bands(found))
    yield _indented(told.bands(found), width)
    yield from _titled("Confidence", "")
    yield _indented(told.confidence(found), width)
    yield from _titled("Sounds alike", told.neighbours(found))
    room = max(20, width // 2)
    yield from _columns([(one[0], drawing.shortened(one[1], room), *one[2:]) for one in _neighbours(found)])


def _in_ascii(line: Text) -> Text:
    """The same line for a terminal that knows no other signs."""
    line.plain = drawing.as_ascii(line.plain)
    return line


def _titled(title: str, note: str) -> Iterator[Text]:
    yield Text()
    yield Text.assemble((title, "bold"), (f"  {note}", "dim") if note else "")


def _indented(sentence: str, width: int) -> Text:
    console = Console(width=max(20, width - _N_MARGIN))
    lines = Text(drawing.printable(sentence)).wrap(console, console.width)
    return Text("\n").join(Text.assemble(" " * _N_MARGIN, line) for line in lines)


def _columns(rows: Sequence[Cells]) -> Iterator[Text]:
    """Rows of cells, each column as wide as it must be."""
    printable = [[drawing.printable(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*printable, strict=True)]
    for row in printable:
        cells = (drawing.fitted(cell, width) for cell, width in zip(row, widths, strict=True))
        yield Text(" " * _N_MARGIN + "  ".join(cells).rstrip(), overflow="ellipsis", no_wrap=True)


def _strip(found: Explanation, width: int) -> Iterator[Text]:
    """The genres over time as a strip as wide as the screen, times below it, and its letters explained."""
    n_cells = max(10, width)
    seconds = max(found.verdict.duration_seconds, 1e-3)
    starts = [float(start) for start, _ in found.timeline.places]
    middles = ((number + 0.5) * seconds / n_cells for number in range(n_cells))
    nearest = (max(0, bisect.bisect(starts, middle) - 1) for middle in middles)
    cells = tuple(_strongest(found.timeline.probabilities[n], found.genres)[0] for n in nearest)
    letters: dict[str, str] = {}
    for name in cells:
        letters = dict(with_letter(letters, name))
    yield Timeline(cells, letters=letters).strip(n_cells, found.genres)
    end = drawing.clock(seconds)
    yield Text(f"0:00{end:>{n_cells - 4}}", "dim")
    by_share = sorted(letters, key=cells.count, reverse=True)
    legend = Text("  ").join(
        Text.assemble(
            (letters[name], f"bold reverse {colour(name, found.genres)}"),
            f" {drawing.printable(name)} ",
            (drawing.percent(cells.count(name) / n_cells), "dim"),
        )
        for name in by_share
    )
    legend.truncate(width, overflow="ellipsis")
    yield legend


def _deciding(found: Explanation) -> list[Cells]:
    return [
        (
            _span(one.start_seconds, one.end_seconds),
            f"{told.change(one.lead)} points",
            f"{found.winner} {drawing.percent(one.winner)}",
            f"{found.runner_up} {drawing.percent(one.runner_up)}",
        )
        for one in found.deciding
    ]


def _bands(found: Explanation) -> list[Cells]:
    most = max((abs(band.change) for band in found.bands), default=0) or 1
    return [
        (
            band.name,
            f"{band.low_hz:,.0f}–{band.high_hz:,.0f} Hz",
            f"{told.change(band.change)} points",
            drawing.bar(abs(band.change) / most, _N_BAR),
            "decided" if band.is_decisive else "",
        )
        for band in found.bands
    ]


def _neighbours(found: Explanation) -> list[Cells]:
    return [
        (
            f"{near.similarity:.2f}",
            "(place not known)" if near.path is None else os.fsdecode(near.path),
            f"{near.genre} {drawing.percent(near.confidence)}",
            f"tag: {drawing.listed(near.tags)}" if near.tags else "",
        )
        for near in found.neighbours
    ]


def _others(found: Explanation) -> str:
    scores = found.verdict.scores[1 if found.verdict.genre else 0 :][:_N_OTHERS]
    return ", ".join(f"{one.genre} {drawing.percent(one.probability)}" for one in scores)


def _strongest(row: Iterable[float], genres: Sequence[str]) -> tuple[str, str]:
    """The strongest genre of a window and its probability; "silent" for one without a vote."""
    shares = [float(share) for share in row]
    if any(map(math.isnan, shares)):
        return SILENT, ""
    return genres[shares.index(max(shares))], drawing.percent(max(shares))


def _span(start: float, end: float) -> str:
    return f"{drawing.clock(start)}–{drawing.clock(end)}"
