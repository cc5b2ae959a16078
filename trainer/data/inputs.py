"""Clips → windows: batches to learn from, and a clip's own windows to be judged by."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tagger.errors import CorpusError
from tagger.inference.frontend import Array
from trainer.data import augment, features
from trainer.data.drawing import Clip, draw, targets, weights
from trainer.learner import Batch, Drawn
from trainer.recipe import Recipe
from trainer.sampling import Augmentation


@dataclass(frozen=True, eq=False)
class Windows:
    """The windows of several clips, as inference would cut them.

    Attributes:
        frames: Shape (n_windows, n_frames, n_bands), float32.
        clips: Index of the clip of each window, shape (n_windows,), ascending.
    """

    frames: Array
    clips: NDArray[np.intp]


class Training:
    """A `trainer.learner.Supply` of the windows of clips, changed at random.

    As crops, genres are drawn alike, within a genre its corpora by their balance, within a corpus its clips
    alike: a long clip is not heard more often than a short one. Clips without a genre are drawn as genres
    more, with shares of their own. As windows, each comes once in an epoch, but for the few, others each time,
    that fill no batch.

    Args:
        clips: What to learn from.
        n_genres: Number of genres.
        recipe: Which windows, and how they may change.

    Raises:
        CorpusError: The recipe leaves no window.
    """

    def __init__(self, clips: Sequence[Clip], n_genres: int, recipe: Recipe) -> None:
        self._recipe, self._n_genres = recipe, n_genres
        self._plain = dataclasses.replace(recipe, augmentation=Augmentation())
        long_enough = [clip for clip in clips if recipe.sampling.keep_short or _is_long_enough(clip, recipe)]
        starts = [(clip, _loud(clip, _starts(clip, recipe), recipe)) for clip in long_enough]
        starts = [(clip, found) for clip, found in starts if found]
        self._clips = [clip for clip, _ in starts]
        self._places = [(index, start) for index, (_, found) in enumerate(starts) for start in found]
        if not any(self._clips[index].target >= 0 for index, _ in self._places):
            raise CorpusError(
                "no window is left to learn from",
                hint="clips may all be shorter than a window, or quieter than the recipe asks for",
            )
        n_places = np.bincount([index for index, _ in self._places], minlength=len(self._clips))
        self._first_places = np.concatenate([[0], np.cumsum(n_places)])
        self._shares = weights(
            self._clips,
            recipe.sampling.corpus_balance,
            partial_share=recipe.sampling.partial_share,
            background_share=recipe.sampling.background_share,
        )
        self._targets = targets(self._clips, n_genres, recipe)
        self._n_windows = recipe.sampling.windows_per_epoch or len(self._places)
        self._batch_size = min(recipe.fitting.batch_size, self._n_windows)
        self._genre_weights = self._weights_of_genres() if recipe.sampling.class_weights else np.ones(n_genres)
        self._order = lru_cache(maxsize=2)(self._drawn_order)  # batches of two epochs may be made at a time

    @property
    def n_batches(self) -> int:
        """See `Supply.n_batches`."""
        return self._n_windows // self._batch_size

    def batches(self, epoch: int) -> Iterator[Batch]:
        """See `Supply.batches`."""
        return (self.batch(epoch, number) for number in range(self.n_batches))

    def batch(self, epoch: int, number: int, *, changed: bool = True) -> Batch:
        """See `Supply.batch`."""
        recipe = self._recipe if changed else self._plain
        settings = recipe.augmentation
        rng = np.random.default_rng([self._recipe.seed, epoch, number])
        chosen = self._chosen(epoch, number)
        windows = np.stack([self._window(int(index), recipe, rng) for index in chosen])
        taught = self._targets[[self._owner(int(index)) for index in chosen]]
        windows = augment.apply(windows, settings, rng)
        if settings.mixup:
            windows, taught = augment.mix(windows, taught, settings.mixup, rng)
        return Batch(windows.astype(np.float32, copy=False), taught, self._weights(taught))

    @property
    def n_windows(self) -> int:
        """See `Supply.n_windows`."""
        return len(self._places)

    def windows(self, numbers: NDArray[np.intp]) -> Array:
        """See `Supply.windows`."""
        return np.stack([self._window_at(*self._places[number]) for number in numbers])

    def drawn(self, epoch: int, number: int) -> Drawn:
        """See `Supply.drawn`."""
        chosen, rng = self._chosen(epoch, number), np.random.default_rng([self._recipe.seed, epoch, number])
        if self._recipe.sampling.mode == "crops":
            first, n_places = self._first_places[chosen], np.diff(self._first_places)[chosen]
            chosen, owners = first + rng.integers(0, n_places), chosen
        else:
            owners = np.array([self._owner(int(index)) for index in chosen], np.intp)
        taught = self._targets[owners]
        return Drawn(chosen, taught, self._weights(taught), rng)

    def everything(self) -> tuple[Array, NDArray[np.intp], Array]:
        """See `Supply.everything`; clips without a genre are not among them."""
        places = [(index, start) for index, start in self._places if self._clips[index].target >= 0]
        windows = np.stack([self._window_at(index, start) for index, start in places])
        genres = np.array([self._clips[index].target for index, _ in places], np.intp)
        return windows, genres, self._genre_weights[genres].astype(np.float32)

    def _weights(self, taught: Array) -> Array:
        """How much windows count that teach this."""
        shares = taught[:, : self._n_genres]
        return (shares @ self._genre_weights + 1 - shares.sum(axis=1)).astype(np.float32)

    def _chosen(self, epoch: int, number: int) -> NDArray[np.intp]:
        return self._order(epoch)[number * self._batch_size : (number + 1) * self._batch_size]

    def _window_at(self, index: int, start: int) -> Array:
        return window_at(features.load(self._clips[index].file), start, self._recipe.window_frames)

    def _drawn_order(self, epoch: int) -> NDArray[np.intp]:
        """What the windows of an epoch are made of: clips to crop, or places."""
        rng = np.random.default_rng([self._recipe.seed, epoch])
        if self._recipe.sampling.mode == "crops":
            return draw(self._shares, self._n_windows, rng)
        n_rounds = -(-self._n_windows // len(self._places))
        return np.concatenate([rng.permutation(len(self._places)) for _ in range(n_rounds)])[: self._n_windows]

    def _owner(self, index: int) -> int:
        """The clip that an index of `_order` stands for."""
        return index if self._recipe.sampling.mode == "crops" else self._places[index][0]

    def _window(self, index: int, recipe: Recipe, rng: np.random.Generator) -> Array:
        clip = self._clips[self._owner(index)]
        if self._recipe.sampling.mode == "windows":
            return self._window_at(*self._places[index])
        if clip.starts is not None:
            return self._window_at(index, int(rng.choice(clip.starts)))
        return crop(features.load(clip.file), recipe, rng)

    def _weights_of_genres(self) -> NDArray[np.float64]:
        """Weights that make all genres count alike, 1 on average over windows."""
        genres = [genre for index, _ in self._places if (genre := self._clips[index].target) >= 0]
        counts = np.bincount(np.array(genres, np.intp), minlength=self._n_genres)
        n_present = np.count_nonzero(counts)
        return np.where(counts, len(genres) / (n_present * np.maximum(counts, 1)), 0.0)


def crop(values: NDArray[np.floating], recipe: Recipe, rng: np.random.Generator) -> Array:
    """A random window of a clip, at a random tempo; a shorter clip or piece is repeated until it fills it.

    Args:
        values: The frames of the clip, shape (n_frames, n_bands).
        recipe: Length of the window, and how it may change.
        rng: Random numbers.

    Returns:
        Shape (window_frames, n_bands), float32.
    """
    settings, n_frames = recipe.augmentation, recipe.window_frames
    tempo = 1.0 + rng.uniform(-settings.stretch, settings.stretch) if settings.stretch else 1.0
    length = min(len(values), _n_covered(n_frames, tempo))
    if settings.repeat_share and rng.random() < settings.repeat_share:
        seconds = rng.uniform(*settings.repeat_seconds)
        length = min(length, max(1, round(seconds * recipe.front_end.frames_per_second)))
    start = rng.integers(0, len(values) - length + 1)
    piece = np.asarray(values[start : start + length], np.float32)
    if tempo == 1.0:
        return piece[np.arange(n_frames) % length]
    places = np.arange(n_frames) * tempo
    before = np.floor(places).astype(np.intp)
    share = (places - before).astype(np.float32)[:, None]
    lower, upper = piece[before % length], piece[(before + 1) % length]
    return lower + share * (upper - lower)


def positions(n_frames: int, length: int, hop: int) -> list[int]:
    """First frames of the windows that `tagger.inference.window.slide` cuts from so many frames."""
    starts = list(range(0, n_frames - length + 1, hop))
    if not starts or starts[-1] + length < n_frames:
        starts.append(max(0, n_frames - length))
    return starts


def window_at(values: NDArray[np.floating], start: int, length: int) -> Array:
    """A window of a clip, shape (length, n_bands), float32; a shorter clip is repeated until it fills it."""
    piece = np.asarray(values[start : start + length], np.float32)
    return piece if len(piece) == length else piece[np.arange(length) % len(piece)]


def cut(clips: Sequence[Clip], recipe: Recipe, *, most: int | None = None) -> Windows:
    """The windows of clips, exactly as inference cuts them.

    Args:
        clips: The clips.
        recipe: Length and distance of windows.
        most: Most windows of a clip, spread evenly over it; None takes all.
    """
    pieces, owners = [], []
    for index, clip in enumerate(clips):
        starts = _starts(clip, recipe)
        if most is not None and len(starts) > most:
            starts = [starts[place] for place in np.linspace(0, len(starts) - 1, most).round().astype(int)]
        values = features.load(clip.file)
        pieces += [window_at(values, start, recipe.window_frames) for start in starts]
        owners += [index] * len(starts)
    return Windows(np.stack(pieces), np.array(owners, np.intp))


def _starts(clip: Clip, recipe: Recipe) -> Sequence[int]:
    if clip.starts is not None:
        return clip.starts
    return positions(len(features.load(clip.file)), recipe.window_frames, recipe.hop_frames)


def _loud(clip: Clip, starts: Sequence[int], recipe: Recipe) -> Sequence[int]:
    """The windows that are not much quieter than their clip."""
    if not recipe.sampling.quiet_db:
        return starts
    values = features.load(clip.file)
    least = float(values.max()) - recipe.sampling.quiet_db
    return [start for start in starts if float(values[start : start + recipe.window_frames].max()) > least]


def _is_long_enough(clip: Clip, recipe: Recipe) -> bool:
    return len(features.load(clip.file)) >= recipe.window_frames


def _n_covered(n_frames: int, tempo: float) -> int:
    """Number of frames that a window at a tempo reads."""
    return n_frames if tempo == 1.0 else int(np.floor((n_frames - 1) * tempo)) + 2
