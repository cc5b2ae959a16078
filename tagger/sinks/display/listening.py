"""A live source on stdout in plain lines, and what there is to say of it in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text

from tagger.records import DONT_KNOW, SILENT, Moment, Result, Score, Tagged
from tagger.sinks.display import consoles, drawing


class Changes:
    """A line whenever another thing is told, or more was lost.

    Five cells parted by tabs: where in the source, what it sounds like (a genre, "don't know", "silent" or
    "clipped"), confidence, runners-up, and what else there is to say.

    Args:
        top_k: How many genres to show, the strongest included.
    """

    def __init__(self, *, top_k: int = 3) -> None:
        self._top_k = top_k
        self._told = ""
        self._lost_seconds = 0.0
        self._was_clipped = False

    def add(self, moment: Moment) -> None:
        """Print the line of a moment, if there is something new in it."""
        is_clipped_first = moment.is_clipped and not self._was_clipped
        has_lost = moment.lost_seconds > self._lost_seconds
        if moment.told != self._told or moment.is_new or has_lost or is_clipped_first:
            consoles.line(consoles.out(), Text(plain_row(moment, self._top_k, self._lost_seconds)))
        self._told, self._lost_seconds = moment.told, moment.lost_seconds
        self._was_clipped |= moment.is_clipped


def plain_row(moment: Moment, top_k: int, lost_seconds: float = 0.0) -> str:
    """Write a moment as five cells parted by tabs; `lost_seconds` are those that were told before."""
    scores = () if moment.is_silent else moment.scores[:top_k]
    others = scores if moment.genre is None else [score for score in scores if score.genre != moment.genre]
    confidence = next((score.probability for score in scores if score.genre == moment.genre), None)
    lost = moment.lost_seconds - lost_seconds
    notes = (moment.reason, "clipped" * moment.is_clipped, f"{lost:.1f} s lost" if lost > 0 else "")
    cells = [
        drawing.clock(moment.end_seconds),
        moment.told,
        "" if confidence is None else drawing.percent(confidence),
        _listed(others),
        "; ".join(filter(None, notes)),
    ]
    return "\t".join(map(drawing.printable, cells))


def whole(result: Result, *, seconds: float, top_k: int) -> None:
    """Print, as one more such line, the verdict over all that was heard.

    Args:
        result: The verdict, or why there is none.
        seconds: Length of the source.
        top_k: How many genres to show, the strongest included.
    """
    console, words = consoles.out(), [drawing.printable(cell) for cell in _whole_cells(result, seconds, top_k)]
    if console.is_terminal:
        consoles.line(console, Text.assemble((words[1], "bold"), "  ", "  ".join(filter(None, words[2:]))))
    else:
        consoles.line(console, Text("\t".join(words)))


def _whole_cells(result: Result, seconds: float, top_k: int) -> list[str]:
    if not isinstance(result, Tagged):
        return [drawing.clock(seconds), SILENT if seconds else "nothing", "", "", f"all of it: {result.reason}"]
    verdict = result.verdict
    others = verdict.scores[0 if verdict.genre is None else 1 : top_k]
    return [
        drawing.clock(seconds),
        verdict.genre or DONT_KNOW,
        "" if verdict.genre is None else drawing.percent(verdict.confidence),
        _listed(others),
        "all of it" + (f": {verdict.reason}" if verdict.reason else ""),
    ]


def _listed(scores: Sequence[Score]) -> str:
    return ", ".join(f"{score.genre} {drawing.percent(score.probability)}" for score in scores)


def listened(shares: Mapping[str, float], *, seconds: float, lost_seconds: float) -> None:
    """Print on stderr what a source sounded like, unless quiet.

    Args:
        shares: Seconds of each thing that was told, longest first.
        seconds: Length of the source.
        lost_seconds: How much of it was not heard.
    """
    if consoles.is_quiet():
        return
    console = consoles.err()
    lost = f"{lost_seconds:.1f} s lost" if lost_seconds > 0 else "nothing lost"
    consoles.line(console, Text(f"{drawing.clock(seconds)} heard, {lost}"))
    total = sum(shares.values())
    for title, length in shares.items():
        share = drawing.percent(length / total if total else 0.0)
        consoles.line(console, Text(f"{share:>7}  {drawing.clock(length):>7}  {drawing.printable(title)}"))
