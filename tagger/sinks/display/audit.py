"""An audit in a few lines: what there is, what is probably wrong, what to look at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from rich.text import Text

from tagger.sinks.audit import words
from tagger.sinks.audit.findings import Audit, Standing, Variant
from tagger.sinks.display import consoles, drawing
from tagger.sinks.display.grid import grid

_MOST = 10


def audit_summary(audit: Audit) -> None:
    """Print what was found, the ten most surprising tags among it, on stdout."""
    console = consoles.out()
    grid(
        ("genre", "in tags", "heard"),
        [
            (genre, f"{audit.tagged.get(genre, 0):,}", f"{audit.heard.get(genre, 0):,}")
            for genre in audit.genres
            if audit.tagged.get(genre) or audit.heard.get(genre)
        ],
        title=f"{words.number(len(audit.entries), 'track')} heard by the model {audit.model}",
    )
    if audit.suspects:
        rows = [
            (
                _short(one.entry.path),
                drawing.listed(one.entry.tags or ()),
                f"{one.entry.genre} {drawing.percent(one.entry.confidence)}",
            )
            for one in audit.suspects[:_MOST]
        ]
        title = f"Tags that are probably wrong, the most surprising {len(rows)} of {len(audit.suspects):,}"
        grid(("track", "tag", "heard"), rows, title=title, n_text=3)
    if audit.variants:
        rows = [(_names(one), one.kind, drawing.listed(one.suggestion)) for one in audit.variants[:_MOST]]
        title = f"Names to put in order, {len(rows)} of {len(audit.variants):,}"
        grid(("names", "why", "suggestion"), rows, title=title, n_text=3)
    for sentence in _sentences(audit):
        consoles.line(console, Text(drawing.printable(sentence)))


def _short(path: Path) -> str:
    """The end of a path that tells most: the file and its folder."""
    return os.path.join(path.parent.name, path.name)  # noqa: PTH118 - no path, but text


def _names(variant: Variant) -> str:
    return ", ".join(f"{name} ({count:,})" for name, count in variant.names)


def _sentences(audit: Audit) -> Iterator[str]:
    """What else there is to say, nothing for nothing."""
    counts = {standing: audit.standings.get(standing, 0) for standing in Standing}
    told = {
        Standing.agrees: "agree with what is heard",
        Standing.differs: "differ",
        Standing.unsure: "are of tracks that the model does not know",
        Standing.foreign: "name no genre of the model",
    }
    tags = ", ".join(f"{counts[one]:,} {what}" for one, what in told.items() if counts[one])
    untagged = words.number(counts[Standing.untagged], "track")
    yield f"of the tags {tags or 'none says anything'}; {untagged} without one"
    if audit.expectation is not None:
        yield words.expectation(audit.expectation)
    if audit.n_albums:
        yield words.at_odds(audit)
    if audit.unread:
        yield words.number(len(audit.unread), "file not heard, or tags not read")
    yield from words.absent(audit)
