"""Clips → batches of windows: random crops to learn from, a clip's own windows to be judged by.

Genres are drawn alike, within a genre its corpora by their balance, within a corpus its clips alike: a
long clip is not heard more often than a short one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagger.inference import window
from tagger.inference.frontend import Array, Frames
from trainer.data import augment, features
from trainer.recipe import Recipe


@dataclass(frozen=True)
class Clip:
    """A clip to learn from or to be judged by.

    Attributes:
        file: Its spectrogram.
        target: Its genre, an index.
        corpus: Where it comes from.
        group: Its artist or source track.
    """

    file: Path
    target: int
    corpus: str
    group: str


@dataclass(frozen=True, eq=False)
class Windows:
    """The windows of several clips, as inference would cut them.

    Attributes:
        frames: Shape (n_windows, n_frames, n_mels), float32, dB.
        clips: Index of the clip of each window, shape (n_windows,), ascending.
    """

    frames: Array
    clips: NDArray[np.intp]


def batches(
    clips: Sequence[Clip], n_genres: int, recipe: Recipe, rng: np.random.Generator
) -> Iterator[tuple[Array, Array]]:
    """Batches to learn from, without end.

    Yields:
        Windows, shape (batch_size, n_frames, n_mels), and their targets, shape (batch_size, n_genres).
    """
    shares = weights(clips, recipe.corpus_balance)
    one_hot = np.eye(n_genres, dtype=np.float32)
    while True:
        order = _draw(shares, recipe.crops_per_epoch, rng)
        for start in range(0, len(order) - recipe.batch_size + 1, recipe.batch_size):
            chosen = [clips[index] for index in order[start : start + recipe.batch_size]]
            crops = np.stack([crop(features.load(clip.file), recipe, rng) for clip in chosen])
            crops = augment.apply(crops, recipe.augmentation, rng)
            targets = one_hot[[clip.target for clip in chosen]]
            if recipe.augmentation.mixup:
                crops, targets = augment.mix(crops, targets, recipe.augmentation.mixup, rng)
            yield crops.astype(np.float32, copy=False), targets


def weights(clips: Sequence[Clip], corpus_balance: float) -> NDArray[np.float64]:
    """Probability of each clip to be drawn, shape (n_clips,), summing to 1."""
    n_clips = Counter((clip.target, clip.corpus) for clip in clips)
    of_genre: dict[int, float] = defaultdict(float)
    for (target, _), count in n_clips.items():
        of_genre[target] += count**corpus_balance
    shares = [
        n_clips[clip.target, clip.corpus] ** (corpus_balance - 1) / of_genre[clip.target] / len(of_genre)
        for clip in clips
    ]
    return np.array(shares)


def crop(log_mel: NDArray[np.floating], recipe: Recipe, rng: np.random.Generator) -> Array:
    """A random window of a clip, at a random tempo; a shorter clip or piece is repeated until it fills it.

    Args:
        log_mel: The clip, shape (n_frames, n_mels).
        recipe: Length of the window, and how it may change.
        rng: Random numbers.

    Returns:
        Shape (window_frames, n_mels), float32.
    """
    settings, n_frames = recipe.augmentation, recipe.window_frames
    tempo = 1.0 + rng.uniform(-settings.stretch, settings.stretch) if settings.stretch else 1.0
    length = min(len(log_mel), _n_covered(n_frames, tempo))
    if settings.repeat_share and rng.random() < settings.repeat_share:
        seconds = rng.uniform(*settings.repeat_seconds)
        length = min(length, max(1, round(seconds * recipe.front_end.frames_per_second)))
    start = rng.integers(0, len(log_mel) - length + 1)
    piece = np.asarray(log_mel[start : start + length], np.float32)
    if tempo == 1.0:
        return piece[np.arange(n_frames) % length]
    places = np.arange(n_frames) * tempo
    before = np.floor(places).astype(np.intp)
    share = (places - before).astype(np.float32)[:, None]
    lower, upper = piece[before % length], piece[(before + 1) % length]
    return lower + share * (upper - lower)


def cut(clips: Sequence[Clip], recipe: Recipe, *, most: int | None = None) -> Windows:
    """The windows of clips, exactly as inference cuts them.

    Args:
        clips: The clips.
        recipe: Length and distance of windows.
        most: Most windows of a clip, spread evenly over it; None takes all.
    """
    pieces, owners = [], []
    for index, clip in enumerate(clips):
        log_mel = np.asarray(features.load(clip.file), np.float32)
        frames = Frames(log_mel, np.ones(len(log_mel), np.float32))
        windows = [one.frames for one in window.slide([frames], recipe.window_frames, recipe.hop_frames)]
        if most is not None and len(windows) > most:
            windows = [windows[place] for place in np.linspace(0, len(windows) - 1, most).round().astype(int)]
        pieces += windows
        owners += [index] * len(windows)
    return Windows(np.stack(pieces), np.array(owners, np.intp))


def _n_covered(n_frames: int, tempo: float) -> int:
    """Number of frames that a window at a tempo reads."""
    return n_frames if tempo == 1.0 else int(np.floor((n_frames - 1) * tempo)) + 2


def _draw(shares: NDArray[np.float64], n: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Systematic sampling: each clip comes within one time of as often as its share says, in random order."""
    places = (rng.random() + np.arange(n)) / n
    chosen = np.searchsorted(np.cumsum(shares) / shares.sum(), places, side="right")
    return rng.permutation(np.minimum(chosen, len(shares) - 1))
