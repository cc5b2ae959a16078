"""A listening session is divided into chapters as it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tagger.records import SILENT, Moment

LEAST_SECONDS = 10.0
"""What is shorter is no chapter of its own, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A stretch of a source that sounds like one thing.

    Attributes:
        start_seconds: Where it begins, in seconds of the source.
        end_seconds: Where the next one begins, or the source ends.
        title: What people are told: the genre, "don't know", "silent" or "clipped".
        genre: The genre; None if there is none.
        probability: Mean probability of the genre while it was shown, 0 to 1; 0 if there is none.
    """

    start_seconds: float
    end_seconds: float
    title: str
    genre: str | None
    probability: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end_seconds - self.start_seconds


@dataclass
class _Told:
    """How long something was told within a chapter, and how probable it was."""

    genre: str | None
    seconds: float = 0.0
    weighted: float = 0.0


@dataclass
class _Growing:
    """A chapter whose end is open; what was told longest gives it its title."""

    start: float
    told: dict[str, _Told] = field(default_factory=dict)

    def add(self, moment: Moment, seconds: float) -> None:
        told = self.told.setdefault(moment.told, _Told(None if moment.is_silent else moment.genre))
        told.seconds += seconds
        told.weighted += seconds * next((s.probability for s in moment.scores if s.genre == told.genre), 0.0)

    def join(self, after: _Growing) -> None:
        for title, other in after.told.items():
            told = self.told.setdefault(title, _Told(other.genre))
            told.seconds += other.seconds
            told.weighted += other.weighted

    @property
    def title(self) -> str:
        return max(self.told, key=lambda title: self.told[title].seconds)

    def ended(self, end: float) -> Chapter:
        title = self.title
        told = self.told[title]
        probability = told.weighted / told.seconds if told.seconds else 0.0
        return Chapter(self.start, end, title, told.genre, min(max(probability, 0.0), 1.0))


class Chapters:
    """Divides a session into chapters as it goes; memory grows with the chapters, not with the moments.

    A chapter begins where the window begins that first told the new thing. Where windows overlap, the window
    before has heard some of that too; but a vote that forgets slowly tells a change late rather than early, so
    the start of the window is nearer to the truth than what only this window heard, and somebody who jumps
    to a chapter would rather hear the end of the last piece than miss the beginning of this one.

    A stretch too short for a chapter is joined to its neighbours: to what was before, if that goes on
    afterwards or if the stretch is a pause; otherwise to what follows, since a new piece is often not known at
    once.
    A chapter is named after what was told longest in it.

    Args:
        window_seconds: Length of the windows that moments tell of.
        least_seconds: Length of the shortest chapter.

    Raises:
        ValueError: A length is negative.
    """

    def __init__(self, window_seconds: float, *, least_seconds: float = LEAST_SECONDS) -> None:
        if window_seconds < 0 or least_seconds < 0:
            raise ValueError(f"lengths must not be negative. Received: {window_seconds=}, {least_seconds=}")
        self._window_seconds = window_seconds
        self._least_seconds = least_seconds
        self._growing: list[_Growing] = []
        self._told = ""
        self._heard_until = 0.0

    def add(self, moment: Moment) -> None:
        """Go on with the next moment."""
        begin = max(moment.end_seconds - self._window_seconds, 0.0)
        if not self._growing:
            self._growing.append(_Growing(0.0))
        elif moment.is_new or moment.told != self._told:
            self._turn(moment.told, begin)
        self._told = moment.told
        self._growing[-1].add(moment, max(0.0, moment.end_seconds - self._heard_until))
        self._heard_until = max(self._heard_until, moment.end_seconds)

    def close(self, end_seconds: float) -> tuple[Chapter, ...]:
        """Tell the chapters: the first begins at 0, each next one where the last ends.

        There are none if nothing was heard. More moments may follow.

        Args:
            end_seconds: Where the source ends; where a moment ended later, that is the end.
        """
        if not self._growing:
            return ()
        growing, end = list(self._growing), max(end_seconds, self._heard_until)
        if len(growing) > 1 and end - growing[-1].start < self._least_seconds:
            last, before = growing.pop(), growing.pop()
            joined = _Growing(before.start)
            joined.join(before)
            joined.join(last)
            growing.append(joined)
        ends = [*(chapter.start for chapter in growing[1:]), end]
        return tuple(chapter.ended(to) for chapter, to in zip(growing, ends, strict=True))

    def _turn(self, told: str, begin: float) -> None:
        """Something else begins."""
        current = self._growing[-1]
        length = begin - current.start
        if length >= self._least_seconds and length > 0:
            self._growing.append(_Growing(begin))
        elif len(self._growing) > 1 and current.title == SILENT and length > 0:
            self._growing.pop()
            self._growing[-1].join(current)
            self._growing.append(_Growing(begin))
        elif len(self._growing) > 1 and current.title != told == self._growing[-2].title:
            self._growing.pop()
            self._growing[-1].join(current)


def shares(chapters: Sequence[Chapter]) -> dict[str, float]:
    """Seconds by title, longest first; "don't know", "silent" and "clipped" are titles too."""
    seconds: dict[str, float] = {}
    for chapter in chapters:
        seconds[chapter.title] = seconds.get(chapter.title, 0.0) + chapter.seconds
    return dict(sorted(seconds.items(), key=lambda item: -item[1]))
