"""What a live source sounded like in the last minutes, as a strip."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from rich.cells import cell_len
from rich.text import Text

from tagger.records import CLIPPED, DONT_KNOW, SILENT, Moment
from tagger.sinks import colours
from tagger.sinks.display import drawing

SECONDS_PER_CELL = 4
"""Of a strip, at any width."""

MOST_CELLS = 400
"""Which are kept, for terminals of any width."""

LOST = "lost"
"""What nobody heard."""

_SIGNS: Mapping[str, str] = {SILENT: "·", DONT_KNOW: "?", CLIPPED: "!", LOST: "×"}
_MINUTE = 60 // SECONDS_PER_CELL


def colour(genre: str, genres: Sequence[str]) -> str:
    """The style of a genre, which is the same wherever it is shown; empty for what is none of the model's."""
    of_terminal = colours.number(genre, genres)
    return "" if of_terminal is None else f"color({of_terminal})"


@dataclass(frozen=True)
class Timeline:
    """Cells of equal time, the latest last.

    Attributes:
        cells: What was told in each.
        n_past: Cells before these.
        lost_seconds: Audio lost so far.
        letters: One for each genre that was told, for where there is no room for its name.
    """

    cells: tuple[str, ...] = ()
    n_past: int = 0
    lost_seconds: float = 0.0
    letters: Mapping[str, str] = field(default_factory=dict)

    def after(self, moment: Moment) -> Timeline:
        """The timeline with one more moment, which tells of all since the one before but of what was lost."""
        last = self.n_past + len(self.cells) - 1
        now = int(moment.end_seconds // SECONDS_PER_CELL)
        n_new = now - last
        if n_new > 0:
            n_lost = round((moment.lost_seconds - self.lost_seconds) / SECONDS_PER_CELL)
            n_lost = min(max(n_lost, 0), n_new - 1, MOST_CELLS)
            n_told = min(n_new - n_lost, MOST_CELLS)
            cells = (*self.cells, *(LOST,) * n_lost, *(moment.told,) * n_told)[-MOST_CELLS:]
        else:
            cells = (*self.cells[:-1], moment.told)
        return replace(
            self,
            cells=cells,
            n_past=max(now, last) + 1 - len(cells),
            lost_seconds=moment.lost_seconds,
            letters=with_letter(self.letters, moment.told),
        )

    def strip(self, n_cells: int, genres: Sequence[str]) -> Text:
        """Draw the last cells, in at most so many; names stand in the strip where they fit, else letters."""
        text = Text()
        for told, run in itertools.groupby(self.cells[-n_cells:]):
            length = len(list(run))
            if told in _SIGNS:
                text.append(_SIGNS[told] * length, "dim")
                continue
            name = drawing.printable(told)
            shown = name if cell_len(name) < length else self.letters[told]
            text.append(drawing.fitted(shown, length), f"bold reverse {colour(told, genres)}")
        return text

    def axis(self, n_cells: int) -> Text:
        """Draw the times of whole minutes of the source below the cells in which they begin."""
        n_shown = min(n_cells, len(self.cells))
        first = self.n_past + len(self.cells) - n_shown
        labels = ""
        for number in range(first + -first % _MINUTE, first + n_shown, _MINUTE):
            label = f"╵{drawing.clock(number * SECONDS_PER_CELL)}"
            if number - first + len(label) <= n_cells:
                labels = labels.ljust(number - first) + label
        return Text(labels, "dim")

    def legend(self, n_cells: int, genres: Sequence[str]) -> Text:
        """Explain letters and signs of the last cells, longest first, as many as fit; with times if all do."""
        shown = self.cells[-n_cells:]
        in_order = sorted(dict.fromkeys(shown), key=shown.count, reverse=True)
        entries, with_times = [], []
        for told in in_order:
            sign, style = (_SIGNS[told], "dim") if told in _SIGNS else (self.letters[told], "bold reverse")
            entry = Text.assemble((sign, f"{style} {colour(told, genres)}"), f" {drawing.printable(told)}")
            entries.append(entry)
            time = drawing.clock(shown.count(told) * SECONDS_PER_CELL)
            with_times.append(Text.assemble(entry, (f" {time}", "dim")))
        whole = Text("  ").join(with_times)
        if cell_len(whole.plain) <= n_cells:
            return whole
        lengths = itertools.accumulate(cell_len(entry.plain) + 2 for entry in entries)
        return Text("  ").join(
            entry for entry, length in zip(entries, lengths, strict=True) if length - 2 <= n_cells
        )


def with_letter(letters: Mapping[str, str], told: str) -> Mapping[str, str]:
    """Give a genre that was not told before a letter of its name, large or small, that no other has."""
    if told in letters or told in _SIGNS:
        return letters
    name = "".join(sign for sign in drawing.printable(told) if sign.isalnum() and cell_len(sign) == 1)
    wanted = [form for sign in name for form in (sign.upper(), sign.lower()) if len(form) == 1]
    free = (form for form in wanted if form not in letters.values())
    return {**letters, told: next(free, "*")}
