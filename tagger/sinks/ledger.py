"""The counts of a run: what became of every track, and why."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from tagger import records

N_EXAMPLES = 3

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(slots=True)
class Cause:
    """A reason and how often it was given.

    Attributes:
        reason: In words; numbers in which its instances differ are "…".
        count: How many tracks it was given for.
        examples: The first few of them.
    """

    reason: str
    count: int = 0
    examples: list[Path] = field(default_factory=list)


Causes: TypeAlias = dict[str, Cause]


@dataclass(slots=True)
class Ledger:
    """Counts of the results so far: found = named + abstained + skipped + failed, but for failed writes.

    A track that was heard but could not be written counts as named or abstained and as failed. Without a genre
    there is nothing to write, so that only named tracks count as written, unchanged or not written, and only
    where writing was asked for.

    Attributes:
        found: All tracks.
        named: Tracks with a genre.
        abstained: Tracks of which the genre is not known.
        written: Files changed.
        would_write: Files that only a dry run kept from being written.
        unchanged: Files that have the genre already.
        not_written: Why other files were left alone, by reason without its numbers.
        skipped: Why there was nothing to hear, likewise.
        failed: What went wrong, likewise.
        audio_seconds: Length of all audio that was heard.
    """

    found: int = 0
    named: int = 0
    abstained: int = 0
    written: int = 0
    would_write: int = 0
    unchanged: int = 0
    not_written: Causes = field(default_factory=dict)
    skipped: Causes = field(default_factory=dict)
    failed: Causes = field(default_factory=dict)
    audio_seconds: float = 0.0

    def add(self, result: records.Result) -> None:
        """Count a result."""
        self.found += 1
        match result:
            case records.Skipped():
                _count(self.skipped, result)
            case records.Failed():
                _count(self.failed, result)
            case records.Tagged():
                self._add_heard(result)

    def _add_heard(self, result: records.Tagged) -> None:
        self.audio_seconds += result.verdict.duration_seconds
        self.named += result.verdict.genre is not None
        self.abstained += result.verdict.genre is None
        if result.failed:
            _count(self.failed, result)
        elif result.written:
            self.written += 1
        elif result.verdict.genre is not None:
            self._add_left(result)

    def _add_left(self, result: records.Tagged) -> None:
        if result.planned:
            self.would_write += 1
        elif result.reason == records.UNCHANGED:
            self.unchanged += 1
        elif result.reason:
            _count(self.not_written, result)


def total(causes: Causes) -> int:
    """How many tracks these are together."""
    return sum(cause.count for cause in causes.values())


def _count(causes: Causes, result: records.Result) -> None:
    cause = causes.setdefault(_NUMBER.sub("…", result.reason), Cause(result.reason))
    cause.reason = _alike(cause.reason, result.reason)
    cause.count += 1
    if len(cause.examples) < N_EXAMPLES:
        cause.examples.append(result.track.path)


def _alike(one: str, other: str) -> str:
    """What two reasons of one kind share: "31 % is below 50 %" and "44 % is …" are "… % is below 50 %"."""
    words = zip(one.split(" "), other.split(" "), strict=True)
    return " ".join(a if a == b else _NUMBER.sub("…", b) for a, b in words)
