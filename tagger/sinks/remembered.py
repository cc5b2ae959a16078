"""What the cache holds of a recording."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


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
