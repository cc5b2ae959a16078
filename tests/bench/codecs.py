"""How many verdicts change where recordings are coded again, as whoever handed them on may have done.

python -m tests.bench.codecs [MUSIC]

MUSIC is the folder of labelled real music. Each of its recordings already went through one codec.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from pathlib import Path

import numpy as np

from tagger.inference import artefact
from tests.bench import ffmpeg
from tests.bench.__main__ import music_folder
from trainer import answers

N_TRACKS = 150
CODECS: dict[str, tuple[str, ...]] = {
    "MP3 128k.mp3": ("-c:a", "libmp3lame", "-b:a", "128k"),
    "MP3 64k.mp3": ("-c:a", "libmp3lame", "-b:a", "64k"),
    "MP3 48k.mp3": ("-c:a", "libmp3lame", "-b:a", "48k"),
    "AAC 48k.m4a": ("-c:a", "aac", "-b:a", "48k"),
    "Vorbis 64k.ogg": ("-c:a", "libvorbis", "-b:a", "64k"),
    "Opus 32k.opus": ("-c:a", "libopus", "-b:a", "32k"),
}
"""ffmpeg's options by a name whose end is the file's; all are stereo at 48,000 Hz."""


def tracks(music: Path, n: int = N_TRACKS) -> list[Path]:
    """Some clips of 25 seconds and more, always the same."""
    with (music / "manifest.csv").open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if float(row["seconds"] or 0) >= 25]
    return [music / rows[number]["file"] for number in np.random.default_rng(5).permutation(len(rows))[:n]]


def changed(model: artefact.Artefact, paths: list[Path], codec: str) -> tuple[int, int, float]:
    """How many tracks had a verdict both times, how many kept their genre, and how far confidence moved.

    Args:
        model: What hears them.
        paths: The recordings.
        codec: One of `CODECS`.
    """
    with tempfile.TemporaryDirectory() as folder:
        coded = {path: Path(folder) / f"{number} {codec}" for number, path in enumerate(paths)}
        for path, file in coded.items():
            ffmpeg.run("-i", path, "-ac", "2", "-ar", "48000", *CODECS[codec], "-vn", file)
        before, after = (answers.verdicts(model, list(files)) for files in (paths, coded.values()))
        pairs = [(before[path], after[coded[path]]) for path in before if coded[path] in after]
    moved = [abs(old.scores[0].probability - new.scores[0].probability) for old, new in pairs]
    kept = sum(old.scores[0].genre == new.scores[0].genre for old, new in pairs)
    return len(pairs), kept, float(np.mean(moved))


def main(music: Path) -> None:
    """Print what each codec changes, by the bundled models."""
    for name in ("default", "accurate"):
        model = artefact.load(artefact.BUNDLED / name)
        for codec in CODECS:
            n, kept, moved = changed(model, tracks(music), codec)
            told = f"{kept} of {n} keep their genre; confidence moves by {100 * moved:.1f} points"
            print(f"{name:<8} {codec.rpartition('.')[0]:<10} {told}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else music_folder())
