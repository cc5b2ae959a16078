"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Extent:
    """How much is measured.

    Attributes:
        formats: Keys of `material.FORMATS`.
        songs: Number of songs in each format.
        copies: How often each of them is there, so that the end of a scan, where cores wait for the last song,
            weighs no more than in a library.
        songs_for_slow: As many of them are given to ways so slow that more would take minutes.
        song_seconds: Length of a song.
        rounds: How often each figure is measured; tables show the median.
        least_seconds: What is faster is repeated, within a round, until so much time has passed.
        minutes: Lengths of files for the measure of memory; ratios compare the last with the second.
        library: Numbers of files, for memory and re-scans; ratios compare the last with the first.
        piece_seconds: Length of a library's files.
        jobs: Numbers of tracks decoded side by side.
        live_seconds: How long a file is played to `listen`.
    """

    formats: tuple[str, ...] = ("mp3", "flac", "m4a", "opus")
    songs: int = 8
    copies: int = 3
    songs_for_slow: int = 2
    song_seconds: float = 180.0
    rounds: int = 3
    least_seconds: float = 2.0
    minutes: tuple[float, ...] = (1, 5, 60, 600)
    library: tuple[int, ...] = (100, 1_000, 10_000)
    piece_seconds: float = 3.1
    jobs: tuple[int, ...] = (1, 2, 4, 8)
    live_seconds: float = 600.0


FULL = Extent()
QUICK = Extent(
    songs=2,
    copies=1,
    songs_for_slow=1,
    rounds=1,
    least_seconds=0.5,
    minutes=(1, 5, 30),
    library=(100, 500),
    jobs=(1, 2),
    live_seconds=30.0,
)
