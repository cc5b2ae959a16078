"""Names, shares and bars as they stand on the page of an audit."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from tagger.sinks import colours
from tagger.sinks.page import Markup, text
from tagger.sinks.shown import isolated, visible

__all__ = ["Tracks", "bar", "counted", "genre", "isolated", "percent", "visible"]


class Tracks:
    """Names files by what tells them apart: their names, and their folders below the one they share.

    Args:
        paths: All files that will be named.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        folders = {os.path.dirname(path) for path in paths}  # noqa: PTH120 - for thousands of them
        try:
            self.common = os.path.commonpath(folders) if folders else ""
        except ValueError:  # some are absolute, some are not
            self.common = ""

    def folder(self, path: Path) -> str:
        """The folder of a file, or a folder itself, below the one that all share; empty for that one."""
        found = os.path.relpath(path, self.common) if self.common else str(path)
        return "" if found == "." else found

    def cell(self, path: Path, rank: int | None = None) -> Markup:
        """A file, with its folder below its name, and perhaps its place in a list."""
        number = "" if rank is None else f'<span class="rank">{rank:,}</span>'
        folder = self.folder(path.parent)
        below = f"<small>{isolated(folder)}</small>" if folder else ""
        return Markup(
            f'<span class="file">{number}<span class="track">{isolated(path.name)}{below}</span></span>'
        )


def genre(name: str, genres: Sequence[str], more: str = "") -> Markup:
    """A genre with the dot of its colour."""
    dot = f'<i class="dot" style="background:{colours.css(name, genres)}"></i>'
    return Markup(f"{dot}{text(visible(name))}{f'<small>{text(more)}</small>' if more else ''}")


def bar(count: int, most: int, colour: str = "") -> Markup:
    """A count, and a bar as long as it is large."""
    painted = f";background:{colour}" if colour else ""
    drawn = f'<i style="width:{100 * count / most:.1f}%{painted}"></i>' if count else ""
    return Markup(f'<span class="bar"><span>{drawn}</span>{count:,}</span>')


def percent(share: float) -> str:
    """A share in whole percent; what is not quite nothing or all is never told as that."""
    whole = round(100 * share)
    if whole == 0 and share > 0:
        told = "< 1 %"
    else:
        told = "> 99 %" if whole == 100 and share < 1 else f"{whole} %"
    return told.replace(" ", "\N{NO-BREAK SPACE}")


def counted(counts: Iterable[tuple[str, int]]) -> Markup:
    """Names with their counts."""
    return Markup(", ".join(f"{isolated(name)} ({count:,})" for name, count in counts) or "–")
