"""What the cache gives: what a model heard in a recording, and where files were met."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tagger.records import Stamp


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a model heard in a recording.

    Attributes:
        duration_seconds: Length of its audio.
        n_windows: Number of windows the network saw.
        ranking: The genres and their probabilities: see `Ranking`; empty if nothing could be heard.
        embedding: Mean of the windows' embeddings, float32.
        reason: Why nothing could be heard; empty if something was.
    """

    duration_seconds: float
    n_windows: int = 0
    ranking: bytes = b""
    embedding: bytes = b""
    reason: str = ""

    def is_sound(self, n_genres: int) -> bool:
        """Whether it can have been written for a model of so many genres."""
        numbers = self.ranking[:: Ranking.SIZE]  # the low bytes of the genres' numbers
        is_whole = len(self.ranking) == Ranking.SIZE * n_genres
        return bool(self.reason) or (is_whole and set(numbers) == {n % 256 for n in range(n_genres)})


@dataclass(frozen=True, slots=True)
class Known:
    """A recording of the library, and what was heard in it.

    Attributes:
        recording: Identity of its audio.
        heard: What was heard.
        path: Where a file of it was last seen; None if that is not known.
        genres: Genres that stood in that file; None if they were not read.
    """

    recording: bytes
    heard: Remembered
    path: Path | None
    genres: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file was met.

    Attributes:
        path: Absolute.
        stamp: What the file was then, as far as SQLite can tell: see `is_of`.
        credits: Texts that `keep_credits` was given since; None if none were.
        heard: What was heard in it, in the first of the ways that were asked for; None if nothing was in any.
    """

    path: Path
    stamp: tuple[int, int, int, int, int]
    credits: tuple[str, ...] | None
    heard: Remembered | None

    def is_of(self, stamp: Stamp) -> bool:
        """Whether the file is still what it was."""
        return numbers(stamp) == self.stamp


class Ranking:
    """Genres, by their number in the model's list, and their probabilities, strongest first, as bytes."""

    _pair = struct.Struct("<Hd")
    SIZE = _pair.size

    @classmethod
    def pack(cls, pairs: Iterable[tuple[int, float]]) -> bytes:
        """Make bytes of it."""
        return b"".join(cls._pair.pack(*pair) for pair in pairs)

    @classmethod
    def unpack(cls, data: bytes) -> list[tuple[int, float]]:
        """Read the bytes."""
        return list(cls._pair.iter_unpack(data))


def numbers(stamp: Stamp) -> tuple[int, int, int, int, int]:
    """A stamp for SQLite, which takes numbers signed, of 64 bits."""
    signed = [(number + 2**63) % 2**64 - 2**63 for number in (stamp.device, stamp.inode)]
    return signed[0], signed[1], stamp.size, stamp.mtime_ns, stamp.ctime_ns
