"""Clips to learn from: what each teaches, and how often it is drawn."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagger.inference.frontend import Array
from trainer.recipe import Recipe

OPEN, BACKGROUND = -1, -2
"""Targets of clips that are learned from but never judged: labels leave several genres open; it is no music."""


@dataclass(frozen=True)
class Clip:
    """A clip to learn from or to be judged by.

    Attributes:
        file: Its frames.
        target: Its genre, an index; `OPEN` or `BACKGROUND` if it has none, and is only learned from.
        corpus: Where it comes from.
        group: Its artist or source track.
        starts: First frames of the windows that may be used; None for all that inference cuts, and for crops at
            any place.
        also: Genres that its further labels name beyond doubt, indices.
        allowed: Its label set, indices; empty if its labels exclude nothing. See `labels.allowed`.
    """

    file: Path
    target: int
    corpus: str
    group: str
    starts: tuple[int, ...] | None = None
    also: tuple[int, ...] = ()
    allowed: tuple[int, ...] = ()


def targets(clips: Sequence[Clip], n_genres: int, recipe: Recipe) -> Array:
    """What each clip teaches: see `Sampling.partial` and `first_share`.

    Returns:
        Shares of the genres, shape (n_clips, n_genres), float32, each row summing to 1, but for what is no
        music: 0. Where a network's loss is "partial", as many columns again: the same shares for clips whose
        labels leave several genres open, else zeros. Rows can then be mixed, and what is asked of a set stays
        apart from what a genre is asked.
    """
    sampling = recipe.sampling
    shares = np.zeros((len(clips), n_genres), np.float32)
    for row, clip in zip(shares, clips, strict=True):
        if clip.target == BACKGROUND:
            continue
        others = [genre for genre in clip.allowed if genre != clip.target] if sampling.partial else []
        first_share = 0.0 if clip.target < 0 else sampling.first_share if others else 1.0
        row[others] = (1 - first_share) / max(1, len(others))
        if clip.target >= 0:
            row[clip.target] = first_share
    if recipe.fitting.loss != "partial" or recipe.learner != "network":
        return shares
    are_sets = np.array([[clip.target == OPEN] for clip in clips])
    return np.concatenate([shares, np.where(are_sets, shares, np.float32(0))], axis=1)


def weights(
    clips: Sequence[Clip], corpus_balance: float, *, partial_share: float = 0.0, background_share: float = 0.0
) -> NDArray[np.float64]:
    """Probability of each clip to be drawn, shape (n_clips,), summing to 1.

    Args:
        clips: To draw from; of some genre at least one.
        corpus_balance: See `Sampling`.
        partial_share: Of the clips whose labels leave several genres open together, if there are any.
        background_share: Of those that are no music.
    """
    n_clips = Counter((clip.target, clip.corpus) for clip in clips)
    of_genre: dict[int, float] = defaultdict(float)
    for (target, _), count in n_clips.items():
        of_genre[target] += count**corpus_balance
    asked = {OPEN: partial_share, BACKGROUND: background_share}
    share_of = {target: share for target, share in asked.items() if target in of_genre}
    rest = (1.0 - sum(share_of.values())) / (len(of_genre) - len(share_of))
    shares = [
        n_clips[clip.target, clip.corpus] ** (corpus_balance - 1)
        / of_genre[clip.target]
        * share_of.get(clip.target, rest)
        for clip in clips
    ]
    return np.array(shares)


def draw(shares: NDArray[np.float64], n: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Systematic sampling: each clip comes within one time of as often as its share says, in random order."""
    places = (rng.random() + np.arange(n)) / n
    chosen = np.searchsorted(np.cumsum(shares) / shares.sum(), places, side="right")
    return rng.permutation(np.minimum(chosen, len(shares) - 1))
