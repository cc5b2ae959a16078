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

WEIGHT = 0.5
"""Of all other tracks of an album together; with more than a half, two tracks would take each other's genre."""


def judge(title: str, tracks: Sequence[Scores], objection: str = "") -> Album:
    """Hear the tracks of an album together.

    A genre's probability is the mean over the tracks: the share of them that is expected to have it. The album
    has no say where there is an objection, where it has one track only, or where its strongest genre is not the
    strongest in more than half of its tracks.

    Args:
        title: Of the album.
        tracks: What each track by itself says: every genre of the model; one track at least, in any order.
        objection: Why they need not be of one kind, by their tags: see `grouping.objection`.
    """
    genres, own = _matrix(tracks)
    together = _sum(own) / len(own)
    order = np.lexsort((np.arange(len(genres)), -together))
    scores = tuple(Score(genres[index], float(together[index])) for index in order)
    agreeing = sum(one[0].genre == scores[0].genre for one in tracks)
    if not objection and len(tracks) == 1:
        objection = LONE
    elif not objection and 2 * agreeing <= len(tracks):
        objection = f"only {agreeing} of its {len(tracks)} tracks sound most like {scores[0].genre}"
    return Album(title, len(tracks), scores, objection)


def helped(tracks: Sequence[Scores]) -> list[Scores]:
    """What each track of an album says with the help of the others; the sum of a track's probabilities is 1.

    A linear opinion pool (Stone, The Opinion Pool, 1961): `WEIGHT` times the mean of the others, and the rest
    of the weight for the track itself. Tracks of an album are wrong together, as they share what misleads the
    model; to multiply their probabilities, as if they were not, made confidences far higher than the share of
    right verdicts. A track without others is what it is by itself, and the order of tracks does not matter, to
    the last digit.

    Args:
        tracks: What each track by itself says: every genre of the model.

    Returns:
        For each track, every genre, strongest first; equals are in the track's own order.
    """
    if len(tracks) == 1:
        return list(tracks)
    genres, own = _matrix(tracks)
    others = np.maximum(_sum(own) - own, 0.0) / (len(own) - 1)  # rounding may leave a little less than nothing
    pooled = (1 - WEIGHT) * own + WEIGHT * others
    column = {genre: index for index, genre in enumerate(genres)}
    found = []
    for scores, row in zip(tracks, pooled, strict=True):
        mixed = [Score(score.genre, float(row[column[score.genre]])) for score in scores]
        found.append(tuple(sorted(mixed, key=lambda score: -score.probability)))
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
