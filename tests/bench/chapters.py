"""How well `tagger timeline` finds where another genre begins, in mixes joined from labelled recordings.

python -m tests.bench.chapters [MUSIC]

Each mix has eleven pieces of 20 to 30 seconds, brought to one level and joined without a fade; neighbours have
other labels. A boundary is found if a chapter begins within one hop (2.848 s) of it; each chapter counts once.
The constants were chosen on recordings of one half of the artists; the other half gives the figures.
"""

from __future__ import annotations

import csv
import hashlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile

from tagger import chaptering, pipeline
from tagger.settings import Settings
from tests.bench.__main__ import music_folder

_NAMES = "blues classical country disco electronic folk hiphop jazz latin metal pop reggae rnb rock"
GENRES = frozenset(_NAMES.split())
N_MIXES, N_PIECES = 6, 11
_LEAST_OF_GENRE = 4
_LEVEL = 0.1
SAMPLE_RATE = 22050  # of all clips

Counts = tuple[int, int, int]


def recordings(music: Path, half: int) -> dict[str, list[Path]]:
    """Clips of 28 seconds and more with a single label, of one half of the artists, by label."""
    found: dict[str, list[Path]] = {}
    with (music / "manifest.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            is_long = float(row["seconds"] or 0) >= 28 and row["corpus"] != "jamendo"
            if is_long and row["genres"] in GENRES and _half(row["group"]) == half:
                found.setdefault(row["genres"], []).append(music / row["file"])
    return {genre: paths for genre, paths in found.items() if len(paths) >= _LEAST_OF_GENRE}


def _half(group: str) -> int:
    return hashlib.sha256(group.encode()).digest()[0] % 2


def mix(by_genre: dict[str, list[Path]], path: Path, rng: np.random.Generator, n_pieces: int) -> list[float]:
    """Join pieces into a file, neighbours of other genres; tell where each but the first begins, in seconds."""
    pieces: list[np.ndarray] = []
    begins, genre = [0.0], ""
    for _ in range(n_pieces):
        genre = str(rng.choice([other for other in by_genre if other != genre]))
        pieces.append(piece(by_genre[genre], rng, (20, 30)))
        begins.append(begins[-1] + len(pieces[-1]) / SAMPLE_RATE)
    soundfile.write(path, np.concatenate(pieces), SAMPLE_RATE)
    return begins[1:-1]


def piece(clips: Sequence[Path], rng: np.random.Generator, seconds: tuple[int, int] = (60, 60)) -> np.ndarray:
    """The beginning of one of the clips, brought to one level.

    Args:
        clips: Mono, at `SAMPLE_RATE`.
        rng: Chooses the clip, and the length.
        seconds: The least and the greatest length.
    """
    y, _ = soundfile.read(clips[int(rng.integers(len(clips)))], dtype="float32")
    y = y[: int(SAMPLE_RATE * rng.uniform(*seconds))]
    levelled: np.ndarray = np.clip(y / np.sqrt(np.mean(y**2) + 1e-9) * _LEVEL, -1, 1)
    return levelled


def counts(found: Sequence[float], truth: Sequence[float], within_seconds: float) -> Counts:
    """Boundaries found, found where there is none, and missed; each found one serves one true one."""
    left, n_found = list(found), 0
    for place in truth:
        near = [one for one in left if abs(one - place) <= within_seconds]
        if near:
            left.remove(min(near, key=lambda one: abs(one - place)))
            n_found += 1
    return n_found, len(left), len(truth) - n_found


def judged(
    music: Path, half: int, n_mixes: int = N_MIXES, n_pieces: int = N_PIECES
) -> Iterator[tuple[int, int, int]]:
    """The counts of each mix."""
    plan = pipeline.prepare(Settings(runtime="onnx", effort="full"))
    hop_seconds = plan.hop_frames / plan.artefact.card.front_end.frames_per_second
    by_genre, rng = recordings(music, half), np.random.default_rng(half + 5)
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(n_mixes):
            truth = mix(by_genre, Path(folder) / "mix.wav", rng, n_pieces)
            found = chaptering.divide(Path(folder) / "mix.wav", plan)
            yield counts([chapter.start_seconds for chapter in found[1:]], truth, hop_seconds)


def scores(found: Sequence[Counts]) -> tuple[float, float, float]:
    """Precision, recall and F1 over all mixes."""
    right, false, missed = (sum(column) for column in zip(*found, strict=True))
    return right / max(1, right + false), right / (right + missed), 2 * right / (2 * right + false + missed)


def main(music: Path) -> None:
    """Print the scores of both halves."""
    for half, what in enumerate(("the constants were chosen", "that decided nothing")):
        found = list(judged(music, half))
        n_joins = sum(right + missed for right, _, missed in found)
        precision, recall, f1 = (f"{100 * score:.1f} %" for score in scores(found))
        print(f"recordings by which {what}: {n_joins} joins, precision {precision}, recall {recall}, F1 {f1}")
    plan = pipeline.prepare(Settings(runtime="onnx", effort="full"))
    songs = [chaptering.divide(path, plan) for path in sorted((music / "songs").glob("*.mp3"))]
    minutes = sum(chapters[-1].end_seconds for chapters in songs) / 60
    n_cuts = sum(len(chapters) - 1 for chapters in songs)
    print(f"{len(songs)} whole songs, {minutes:.0f} minutes: {n_cuts} cuts")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else music_folder())
