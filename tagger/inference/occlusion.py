"""What a verdict owes to parts of the sound, found by letting them stand still: needs no gradients.

Zeiler & Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger.inference.canvas import Canvas
from tagger.inference.frontend import Array

Floats = NDArray[np.float64]
Predict = Callable[[Array], Floats]
"""Windows, shape (n_windows, n_frames, n_values) → calibrated probabilities, shape (n_windows, n_genres)."""

_AT_A_TIME = 64
_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Band:
    """A band of frequencies, as musicians and sound engineers call it.

    Attributes:
        name: For people.
        low_hz: Lower edge.
        high_hz: Upper edge.
    """

    name: str
    low_hz: float
    high_hz: float

    def holds(self, hz: Floats) -> NDArray[np.bool_]:
        """Which of some frequencies are in it."""
        return (self.low_hz <= hz) & (hz < self.high_hz)


BANDS = (
    Band("sub-bass", 20, 60),
    Band("bass", 60, 250),
    Band("low mids", 250, 500),
    Band("mids", 500, 2000),
    Band("presence", 2000, 6000),
    Band("brilliance", 6000, 20000),
)
"""From the lowest."""


def log_odds(probabilities: Floats) -> Floats:
    """Logarithm of p / (1 - p): unlike p it goes on to grow when a window is all but certain."""
    p = np.clip(probabilities, _LEAST, 1 - _LEAST)
    return np.log(p) - np.log1p(-p)


def without_band(canvases: Sequence[Canvas], in_band: NDArray[np.bool_], predict: Predict) -> Floats:
    """Probabilities of windows in which nothing moves in a band, shape (n_windows, n_genres).

    Args:
        canvases: The windows.
        in_band: Which bands of the spectrogram stand still, shape (n_bands,).
        predict: The model.
    """
    return _predicted(
        (canvas.without(np.broadcast_to(in_band, canvas.spectrogram.shape)) for canvas in canvases), predict
    )


def maps(
    canvas: Canvas, targets: Sequence[int], predict: Predict, *, n_times: int = 8, n_heights: int = 8
) -> Array:
    """How much each part of a window speaks for genres: the log odds they lose when it stands still.

    Args:
        canvas: The window.
        targets: Indices of the genres.
        predict: The model.
        n_times: Parts along time.
        n_heights: Parts along frequency.

    Returns:
        Shape (n_targets, n_frames, n_bands); less than 0 where a part speaks against the genre.
    """
    shape = canvas.spectrogram.shape
    parts = list(itertools.product(_parts(shape[0], n_times), _parts(shape[1], n_heights)))
    whole = log_odds(predict(canvas.without(np.zeros(shape, np.bool_))[None]))[0]
    lost = whole - log_odds(_predicted((canvas.without(_marked(shape, part)) for part in parts), predict))
    found = np.zeros((len(targets), *shape), np.float32)
    for (times, heights), row in zip(parts, lost, strict=True):
        found[:, times, heights] = row[list(targets), None, None]
    return found


def _predicted(windows: Iterable[Array], predict: Predict) -> Floats:
    rest, found = iter(windows), []
    while part := list(itertools.islice(rest, _AT_A_TIME)):
        found.append(predict(np.stack(part)))
    return np.concatenate(found)


def _parts(length: int, n_parts: int) -> Iterator[slice]:
    """A length cut into parts as equal as can be, none of them empty."""
    cuts = np.linspace(0, length, min(n_parts, length) + 1).round().astype(int)
    return (slice(start, end) for start, end in itertools.pairwise(cuts))


def _marked(shape: tuple[int, ...], part: tuple[slice, slice]) -> NDArray[np.bool_]:
    cells = np.zeros(shape, np.bool_)
    cells[part] = True
    return cells
