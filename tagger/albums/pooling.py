"""What the tracks of an album say together, and what each says with the help of the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tagger.records import Album, Score

Scores: TypeAlias = tuple[Score, ...]
_Floats: TypeAlias = NDArray[np.float64]

LONE = "no other of its tracks was heard"

LEAST_AGREEING = 0.5
"""Share of the tracks that must have the album's genre as their strongest, else they are of several kinds."""

PRIOR_TRACKS = 4.0
"""Weight of the prior, in tracks: with so many others, half of what is expected of a track comes from them."""


def judge(title: str, tracks: Sequence[Scores], objection: str = "") -> Album:
    """Hear the tracks of an album together.

    A genre's probability is the share of the tracks that is expected to have it: the mean over what `helped`
    says of them. The album has no say where there is an objection, where it has one track only, or where its
    strongest genre is the strongest in fewer than `LEAST_AGREEING` of its tracks by themselves.

    Args:
        title: Of the album.
        tracks: What each track by itself says: every genre of the model; one track at least, in any order.
        objection: Why they need not be of one kind, by their tags: see `grouping.objection`.
    """
    genres, pooled = _matrix(helped(tracks))
    together = _sum(pooled) / len(pooled)
    order = np.lexsort((np.arange(len(genres)), -together))
    scores = tuple(Score(genres[index], float(together[index])) for index in order)
    agreeing = sum(one[0].genre == scores[0].genre for one in tracks)
    if not objection and len(tracks) == 1:
        objection = LONE
    elif not objection and agreeing < LEAST_AGREEING * len(tracks):
        objection = f"only {agreeing} of its {len(tracks)} tracks sound most like {scores[0].genre}"
    return Album(title, len(tracks), scores, objection)


def helped(tracks: Sequence[Scores]) -> list[Scores]:
    """What each track of an album says with the help of the others; the sum of a track's probabilities is 1.

    Empirical Bayes: the genres of an album's tracks are draws from shares of its own, which a Dirichlet
    distribution around equal shares describes beforehand (Gelman et al., Bayesian Data Analysis, 3rd ed., 2013,
    chapters 3.4 and 5). The other tracks tell of these shares, each by its probabilities, and the shares weigh
    what the track itself says: p(g) × (PRIOR_TRACKS / n_genres + sum of the others' p(g)), scaled to sum 1. A
    track without others is what it is by itself, and the order of tracks does not matter, to the last digit.

    Args:
        tracks: What each track by itself says: every genre of the model.

    Returns:
        For each track, every genre, strongest first; equals are in the track's own order.
    """
    if len(tracks) == 1:
        return list(tracks)
    genres, own = _matrix(tracks)
    others = np.maximum(_sum(own) - own, 0.0)  # rounding may leave a little less than nothing
    weighed = own * (PRIOR_TRACKS / len(genres) + others)
    weighed /= weighed.sum(axis=1, keepdims=True)
    column = {genre: index for index, genre in enumerate(genres)}
    found = []
    for scores, row in zip(tracks, weighed, strict=True):
        pooled = [Score(score.genre, float(row[column[score.genre]])) for score in scores]
        found.append(tuple(sorted(pooled, key=lambda score: -score.probability)))
    return found


def _matrix(tracks: Sequence[Scores]) -> tuple[list[str], _Floats]:
    """The genres by name, and the tracks' probabilities, shape (n_tracks, n_genres)."""
    genres = sorted(score.genre for score in tracks[0])
    column = {genre: index for index, genre in enumerate(genres)}
    own = np.empty((len(tracks), len(genres)))
    for row, scores in zip(own, tracks, strict=True):
        for score in scores:
            row[column[score.genre]] = score.probability
    return genres, own


def _sum(own: _Floats) -> _Floats:
    """Sum over tracks in an order of its own, so that rounding does not depend on theirs."""
    total: _Floats = np.sort(own, axis=0).sum(axis=0)
    return total
