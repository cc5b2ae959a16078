"""Whether a song that is heard in part gets the genre, and the confidence, that the whole gets.

python -m tests.bench.effort [MUSIC] [SEED N]

MUSIC is the folder of labelled real music. Songs of 90 to 300 seconds are joined from clips of one label, by
any artists and without a fade, so that they change oftener than most music; whole songs of MUSIC are beside.
The bundled models learned from most of these clips. SEED and N make N other songs of them.

How many songs cross a line hangs on luck. So the same is told of the order in which windows are heard with its
start at twenty places: not by scanning, but from the windows of whole songs.
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
from numpy.typing import NDArray

from tagger import pipeline
from tagger.engine import whole
from tagger.engine.excerpts import Excerpts
from tagger.engine.plan import Plan
from tagger.inference import sampling
from tagger.settings import Settings
from tests.bench import ours
from tests.bench.__main__ import music_folder
from tests.bench.chapters import SAMPLE_RATE, piece, recordings

SEED, N_SONGS = 9, 120
STARTS = np.arange(20) / 20
_SECONDS = (90, 300)

Song = tuple[NDArray[np.float64], int]
"""Probabilities of all windows, NaN where one has no vote, and how many windows a scan by parts counts."""


def songs(music: Path, folder: Path, seed: int = SEED, n: int = N_SONGS) -> None:
    """Join songs, always the same ones, and lay the whole ones of a folder of music beside them."""
    by_genre: dict[str, list[Path]] = {}
    for half in (0, 1):
        for genre, paths in recordings(music, half).items():
            by_genre.setdefault(genre, []).extend(paths)
    rng = np.random.default_rng(seed)
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


def main(music: Path, seed: int = SEED, n: int = N_SONGS) -> None:
    """Print for both models how many songs were heard in part, and how that changed their verdicts."""
    with tempfile.TemporaryDirectory() as folder:
        songs(music, Path(folder), seed, n)
        for model in ("default", "accurate"):
            complete, part = (told(Path(folder), effort, model) for effort in ("full", "auto"))
            print(f"{model}: {differences(complete, part)}", flush=True)
            print(f"  from 20 starts: {from_starts(sorted(Path(folder).iterdir()), model)}", flush=True)


def from_starts(paths: list[Path], model: str) -> str:
    """How verdicts on songs differ, over several starts of the order of windows, in words."""
    plan = pipeline.prepare(Settings(model=model, runtime="onnx", effort="full"))
    known = [heard(path, plan) for path in paths]
    rows = []
    for start in STARTS:
        found = [(song, in_part(song, plan.thresholds, start)) for song in known]
        pairs = [(np.nanmean(song[0], axis=0), part) for song, part in found if part is not None]
        before, after = (np.array([one.max() for one in side]) for side in zip(*pairs, strict=True))
        other = sum(int(np.argmax(a) != np.argmax(b)) for a, b in pairs)
        crossed = int(np.sum((before >= 0.5) != (after >= 0.5)))
        off = np.sqrt(np.mean((after - before) ** 2))
        rows.append((len(pairs), other, 100 * np.mean(after - before), 100 * off, crossed))
    n_parts, other, mean, off, crossed = np.mean(rows, axis=0)
    least, most = min(row[-1] for row in rows), max(row[-1] for row in rows)
    return (
        f"{n_parts:.0f} heard in part, {other:.2f} of them with another genre; confidence {mean:+.1f} points "
        f"in the mean, {off:.1f} off in the single song; {crossed:.1f} ({least} to {most}) cross 50 %"
    )


def in_part(song: Song, thresholds: NDArray[np.float64], start: float = 0.5) -> NDArray[np.float64] | None:
    """What `auto` says of a song, shape (n_genres,), or None where it hears all of it."""
    probabilities, n_windows = song
    order = list(sampling.order(n_windows, start))
    if n_windows < sampling.LEAST_WINDOWS:
        return None
    for n_taken in range(sampling.FIRST_ROUND, n_windows, sampling.ROUND):
        windows = probabilities[order[:n_taken]]
        windows = windows[~np.isnan(windows[:, 0])]
        outlook = sampling.Outlook.OPEN
        if len(windows) >= sampling.LEAST_VOTES:
            outlook = sampling.outlook(windows, n_windows, thresholds)
        if outlook == sampling.Outlook.DECIDED:
            return sampling.unbiased(windows.mean(axis=0), windows, n_windows)
        if outlook == sampling.Outlook.CLOSE or n_taken >= n_windows / 2:
            break
    return None


def heard(path: Path, plan: Plan) -> Song:
    """All windows of a file, and how many a scan by parts counts in it."""
    excerpts = Excerpts(path, plan)
    excerpts.close()
    return whole.hear(path, plan).by_window, excerpts.n_windows


def differences(complete: dict[str, dict[str, Any]], part: dict[str, dict[str, Any]]) -> str:
    """How the verdicts on songs that were heard in part differ from those on the whole, in words."""
    partly = [name for name in complete if part[name]["n_windows"] < complete[name]["n_windows"]]
    same = [name for name in partly if part[name]["genres"][0]["genre"] == complete[name]["genres"][0]["genre"]]
    before, after = (np.array([one[name]["confidence"] for name in partly]) for one in (complete, part))
    crossed = int(np.sum((before >= 0.5) != (after >= 0.5)))
    return (
        f"{len(complete)} songs, {len(partly)} heard in part, {len(same)} of these with the whole's genre; "
        f"confidence {100 * np.mean(after - before):+.1f} points in the mean, "
        f"{100 * np.sqrt(np.mean((after - before) ** 2)):.1f} off in the single song; {crossed} cross 50 %"
    )


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    folders = [Path(word) for word in sys.argv[1:] if not word.isdecimal()]
    main(folders[0] if folders else music_folder(), *numbers)
