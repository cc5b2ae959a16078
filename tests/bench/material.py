"""The files that are measured: songs in several formats, made by ffmpeg from a folder of music and kept."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench import ffmpeg
from tests.bench.extent import Extent

FORMATS: dict[str, tuple[str, ...]] = {
    "mp3": ("-c:a", "libmp3lame", "-q:a", "2", "-ar", "44100", "-ac", "2"),
    "flac": ("-c:a", "flac", "-ar", "44100", "-sample_fmt", "s16", "-ac", "2"),
    "m4a": ("-c:a", "aac", "-b:a", "192k", "-ar", "44100", "-ac", "2"),
    "opus": ("-c:a", "libopus", "-b:a", "128k", "-ar", "48000", "-ac", "2"),
}
"""ffmpeg's options for each format; all are stereo."""

_CONSTANT_RATE = ("-c:a", "libmp3lame", "-b:a", "128k", "-ar", "44100")


@dataclass(frozen=True)
class Material:
    """What is measured, made when it is first asked for.

    Args:
        folder: Where files are made; songs stay there for the next run.
        music: A folder of music. Its `manifest.csv`, if it has one, lists the files and their seconds.
        extent: How much is measured.
    """

    folder: Path
    music: Path
    extent: Extent

    @functools.cached_property
    def songs(self) -> dict[str, list[str]]:
        """The paths of the songs in each format."""
        return {kind: self.songs_in(kind) for kind in self.extent.formats}

    @property
    def few_songs(self) -> dict[str, list[str]]:
        """The first of them, for ways that are slow."""
        return {kind: songs[: self.extent.songs_for_slow] for kind, songs in self.songs.items()}

    def songs_in(self, kind: str) -> list[str]:
        """The songs in one format; each is one piece from its start, over again where it is too short."""
        part = ("-t", f"{self.extent.song_seconds:g}", *FORMATS[kind])
        songs = [self._kept / f"{n}.{kind}" for n in range(self.extent.songs)]
        for song, piece in zip(songs, self._pieces, strict=True):
            ffmpeg.made(song, "-stream_loop", "-1", "-i", piece, *part)
        copies = [song.with_stem(f"{song.stem}-{n}") for n in range(1, self.extent.copies) for song in songs]
        for copy, song in zip(copies, songs * self.extent.copies, strict=False):
            if not copy.exists():
                copy.hardlink_to(song)
        return [str(song) for song in songs + copies]

    @property
    def shortest_seconds(self) -> float:
        """Length of the shortest piece that was made a song."""
        return min(self._chosen.values())

    @contextlib.contextmanager
    def long_file(self, minutes: float) -> Iterator[str]:
        """A stereo MP3 of 128 kbit/s, 0.96 MB a minute, which is deleted afterwards."""
        made = self._kept / f"{minutes:g}-minutes.mp3"
        try:
            ffmpeg.run(*self._looped(60 * minutes), made)
            yield str(made)
        finally:
            made.unlink(missing_ok=True)

    @contextlib.contextmanager
    def library(self, n_files: int) -> Iterator[str]:
        """A folder of short MP3 files of 128 kbit/s, no two alike, which is deleted afterwards."""
        each = self.extent.piece_seconds
        split = ("-f", "segment", "-segment_time", f"{each:g}")
        with tempfile.TemporaryDirectory(dir=self._kept) as made:
            ffmpeg.run(*self._looped((n_files + 1) * each), *split, f"{made}/%05d.mp3")
            for superfluous in sorted(Path(made).iterdir())[n_files:]:
                superfluous.unlink()
            yield made

    @functools.cached_property
    def _kept(self) -> Path:
        """The folder of songs made from this music in this extent."""
        shaping = repr((self._pieces, self.extent.songs, self.extent.song_seconds, FORMATS))
        kept = self.folder / hashlib.sha256(shaping.encode()).hexdigest()[:12]
        kept.mkdir(parents=True, exist_ok=True)
        return kept

    @functools.cached_property
    def _chosen(self) -> dict[str, float]:
        """The longest pieces of music, one for each song if there are as many, and their seconds."""
        if pieces := sorted(ffmpeg.lengths(self.music).items(), key=lambda piece: (-piece[1], piece[0])):
            return dict(pieces[: self.extent.songs])
        raise FileNotFoundError(f"{self.music}: no music there")

    @property
    def _pieces(self) -> list[str]:
        """Where they are; some are there again if there are fewer than songs."""
        paths = [str(self.music / piece) for piece in self._chosen]
        return list(itertools.islice(itertools.cycle(paths), self.extent.songs))

    @functools.cached_property
    def _joined(self) -> Path:
        """All pieces joined, as an MP3 of constant rate."""
        sources = [option for piece in self._pieces for option in ("-i", piece)]
        alike, numbers = "aresample=44100,aformat=channel_layouts=stereo", range(len(self._pieces))
        chains = [f"[{n}:a:0]{alike}[a{n}];" for n in numbers] + [f"[a{n}]" for n in numbers]
        joining = f"{''.join(chains)}concat=n={len(numbers)}:v=0:a=1"
        return ffmpeg.made(self._kept / "joined.mp3", *sources, "-filter_complex", joining, *_CONSTANT_RATE)

    def _looped(self, seconds: float) -> tuple[str | Path, ...]:
        """Options for so much of an MP3 of constant rate, over and over, as it is."""
        return "-stream_loop", "-1", "-i", self._joined, "-t", f"{seconds:g}", "-c", "copy"
