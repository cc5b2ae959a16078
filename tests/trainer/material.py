"""Generated music: three "genres" that no one can confuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 22050
GENRES = ("clicks", "noise", "tones")


def sound(genre: str, rng: np.random.Generator, seconds: float = 4.0) -> NDArray[np.float64]:
    """A clip of a genre, its details random."""
    t = np.arange(int(seconds * RATE)) / RATE
    if genre == "noise":
        return 0.2 * rng.standard_normal(len(t))
    if genre == "tones":
        notes = rng.uniform(150, 1500, 4)
        return 0.2 * np.sin(2 * np.pi * notes[(t * 4).astype(int) % 4] * t)
    y = np.zeros(len(t))
    y[:: int(RATE / rng.uniform(6, 12))] = 0.9
    return y


def write(path: Path, genre: str, rng: np.random.Generator, seconds: float = 4.0) -> Path:
    """Put a clip of a genre into a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound(genre, rng, seconds), RATE)
    return path


def folder(root: Path, rng: np.random.Generator, n_clips: int = 12) -> Path:
    """A folder corpus: sub-folders are genres, below them artists of two clips each."""
    for genre in GENRES:
        for number in range(n_clips):
            write(root / genre / f"{genre}-artist{number // 2}" / f"{number}.wav", genre, rng)
    return root
