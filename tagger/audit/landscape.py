"""The library in two dimensions: what sounds alike to the model comes to lie near each other.

The embeddings are cut to their 50 strongest directions (principal components), and t-SNE (van der Maaten &
Hinton, Journal of Machine Learning Research 9, 2008) lays them out. Of large libraries it lays out landmarks,
and each other track goes between the landmarks that are nearest to it, so that 10,000 tracks take seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tagger.sinks.audit.findings import Landscape

Floats = NDArray[np.float64]

LANDMARKS = 1200
"""Tracks that t-SNE lays out at most."""

_DIRECTIONS = 50
_PERPLEXITY = 30.0
_FEWEST_FOR_TSNE = 10
_ITERATIONS = 500
_NEIGHBOURS = 5
_SEED = 0
_ROWS_AT_ONCE = 1000
_ASKED = 1000  # tracks whose neighbours are looked up


def layout(embeddings: Sequence[bytes]) -> Landscape:
    """Give each track a place.

    Args:
        embeddings: Of each track, float32; empty where none is remembered.
    """
    sizes = [len(one) for one in embeddings if one]
    size = max(set(sizes), key=sizes.count, default=0)
    own = [number for number, one in enumerate(embeddings) if size and len(one) == size]
    if len(own) < 2:
        return Landscape(reason="how tracks sound is remembered of fewer than two")
    X = np.stack([np.frombuffer(embeddings[number], np.float32) for number in own]).astype(np.float64)
    X, directions = _principal(np.nan_to_num(X))
    if not directions:
        return Landscape(reason="all tracks sound the same to the model")
    places, method = _laid_out(X)
    points: list[tuple[float, float] | None] = [None] * len(embeddings)
    for number, (x, y) in zip(own, _in_unit_square(places), strict=True):
        points[number] = (round(float(x), 4), round(float(y), 4))
    return Landscape(method=method, points=tuple(points))


def beside(landscape: Landscape, genres: Sequence[str]) -> dict[str, dict[str, float]]:
    """Of each genre, what the nearest tracks on the map are: shares of genres, the largest first.

    Args:
        landscape: The map.
        genres: What is heard in each entry; empty for "don't know".
    """
    own = [number for number, place in enumerate(landscape.points) if place and genres[number]]
    if len(own) < 2:
        return {}
    places = np.array([landscape.points[number] for number in own], np.float32)
    asked = np.random.default_rng(_SEED).permutation(len(own))[:_ASKED]
    found: dict[str, Counter[str]] = {}
    for start in range(0, len(asked), _ROWS_AT_ONCE):
        some = asked[start : start + _ROWS_AT_ONCE]
        distances = ((places[some, None] - places[None]) ** 2).sum(axis=2)
        distances[np.arange(len(some)), some] = np.inf
        for one, nearest in zip(some, distances.argmin(axis=1), strict=True):
            found.setdefault(genres[own[one]], Counter())[genres[own[nearest]]] += 1
    return {
        genre: {other: count / counts.total() for other, count in counts.most_common()}
        for genre, counts in sorted(found.items())
    }


def _principal(X: Floats) -> tuple[Floats, int]:
    """Turn rows to their strongest directions, and tell how many there are."""
    centred = X - X.mean(axis=0)
    strengths, directions = np.linalg.eigh(centred.T @ centred / len(X))
    kept = np.argsort(strengths)[::-1][:_DIRECTIONS]
    kept = kept[strengths[kept] > 1e-9 * max(float(strengths.max()), 1e-12)]
    signs = np.sign(directions[np.abs(directions).argmax(axis=0), np.arange(directions.shape[1])])
    return centred @ (directions * signs)[:, kept], len(kept)


def _laid_out(X: Floats) -> tuple[Floats, str]:
    """Two coordinates for each row, and what was done."""
    if len(X) < _FEWEST_FOR_TSNE or X.shape[1] < 2:
        flat = np.zeros((len(X), 2))
        flat[:, : min(2, X.shape[1])] = X[:, :2]
        return flat, "principal components"
    if len(X) <= LANDMARKS:
        return _tsne(X), "t-SNE"
    chosen = np.sort(np.random.default_rng(_SEED).permutation(len(X))[:LANDMARKS])
    places = np.empty((len(X), 2))
    places[chosen] = _tsne(X[chosen])
    rest = np.setdiff1d(np.arange(len(X)), chosen)
    for start in range(0, len(rest), _ROWS_AT_ONCE):
        some = rest[start : start + _ROWS_AT_ONCE]
        places[some] = _between(X[some], X[chosen], places[chosen])
    return places, f"t-SNE of {LANDMARKS:,} tracks, the others between those that sound most like them"


def _tsne(X: Floats) -> Floats:
    from sklearn.manifold import TSNE  # takes a second to load, which other reports need not spend

    perplexity = min(_PERPLEXITY, (len(X) - 1) / 3)
    start = X[:, :2] / X[:, 0].std() * 1e-4
    model = TSNE(2, perplexity=perplexity, init=start, learning_rate="auto", max_iter=_ITERATIONS)
    return np.asarray(model.fit_transform(X), np.float64)


def _between(X: Floats, landmarks: Floats, places: Floats) -> Floats:
    """Places between those of the nearest landmarks, the nearest counting most."""
    squares = (X**2).sum(axis=1)[:, None] - 2 * X @ landmarks.T + (landmarks**2).sum(axis=1)
    nearest = np.argpartition(squares, _NEIGHBOURS, axis=1)[:, :_NEIGHBOURS]
    near = np.maximum(np.take_along_axis(squares, nearest, axis=1), 0)
    width = near.mean(axis=1, keepdims=True) / 4 + 1e-12
    weights = np.exp((near.min(axis=1, keepdims=True) - near) / width)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray((weights[:, :, None] * places[nearest]).sum(axis=1))


def _in_unit_square(places: Floats) -> Floats:
    """The same picture, moved and scaled, its longer side from 0 to 1."""
    low, high = places.min(axis=0), places.max(axis=0)
    side = max(float((high - low).max()), 1e-12)
    return np.asarray((places - (low + high) / 2) / side + 0.5)
