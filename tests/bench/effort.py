"""Whether a song that is heard in part gets the genre, and the confidence, that the whole gets.

python -m tests.bench.effort [MUSIC]

MUSIC is the folder of labelled real music. Songs of 90 to 300 seconds are joined from clips of one label, by
any artists and without a fade, so that they change oftener than most music; whole songs of MUSIC are beside.
The bundled model learned from most of these clips.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from tests.bench import ours
from tests.bench.__main__ import music_folder
from tests.bench.chapters import SAMPLE_RATE, piece, recordings

N_SONGS = 120
_SECONDS = (90, 300)


def songs(music: Path, folder: Path, n: int = N_SONGS) -> None:
    """Join songs, always the same ones, and lay the whole ones of a folder of music beside them."""
    by_genre: dict[str, list[Path]] = {}
    for half in (0, 1):
        for genre, paths in recordings(music, half).items():
            by_genre.setdefault(genre, []).extend(paths)
    rng = np.random.default_rng(9)
    for number in range(n):
        genre = str(rng.choice(list(by_genre)))
        n_samples, joined = int(rng.uniform(*_SECONDS) * SAMPLE_RATE), np.empty(0, np.float32)
        while len(joined) < n_samples:
            joined = np.append(joined, piece(by_genre[genre], rng))
        soundfile.write(folder / f"{genre}-{number}.flac", joined[:n_samples], SAMPLE_RATE)
    for path in (music / "songs").glob("*.mp3"):
        (folder / path.name).symlink_to(path)


def told(folder: Path, effort: str, model: str = "default") -> dict[str, dict[str, Any]]:
    """What a scan says of each file, by name."""
    words = ours.words(effort, model=model)
    command = [sys.executable, "-m", "tagger", "scan", str(folder), "--no-cache", *words]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {Path(row["path"]).name: row for row in map(json.loads, lines)}


def main(music: Path) -> None:
    """Print for both models how many songs were heard in part, and how that changed their verdicts."""
    with tempfile.TemporaryDirectory() as folder:
        songs(music, Path(folder))
        for model in ("default", "accurate"):
            whole, part = (told(Path(folder), effort, model) for effort in ("full", "auto"))
            print(f"{model}: {differences(whole, part)}", flush=True)


def differences(whole: dict[str, dict[str, Any]], part: dict[str, dict[str, Any]]) -> str:
    """How the verdicts on songs that were heard in part differ from those on the whole, in words."""
    partly = [name for name in whole if part[name]["n_windows"] < whole[name]["n_windows"]]
    same = [name for name in partly if part[name]["genres"][0]["genre"] == whole[name]["genres"][0]["genre"]]
    before, after = (np.array([one[name]["confidence"] for name in partly]) for one in (whole, part))
    crossed = int(np.sum((before >= 0.5) != (after >= 0.5)))
    return (
        f"{len(whole)} songs, {len(partly)} heard in part, {len(same)} of these with the genre of the whole; "
        f"confidence {100 * np.mean(after - before):+.1f} points in the mean, "
        f"{100 * np.sqrt(np.mean((after - before) ** 2)):.1f} off in the single song; {crossed} cross 50 %"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else music_folder())
