"""Which tags are probably wrong: ranked by how much they surprise a model that knows its own mistakes.

A tag surprises, first, by the odds of what is heard to what the tag says, from the calibrated probabilities of
the track; as in Confident Learning (Northcutt, Jiang & Chuang, Journal of Artificial Intelligence Research 70,
2021), where a label is doubted by the probabilities of a model that did not learn it. Second, by how much
oftener the model says this of test tracks where it is true than of test tracks of the tag's genre, from the
confusion matrix in its card: what it often mixes up surprises little. The sum of both logarithms ranks; it is
no probability.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger.inference.card import Card
from tagger.sinks.audit.findings import SURE, Entry, Expectation, Standing, Suspect

Floats = NDArray[np.float64]

# Below it a probability says no more than that the genre is out of the question.
_LEAST_PROBABILITY = 0.005

# Test tracks, of which no genre has more than a few hundred, tell no smaller share.
_LEAST_SHARE = 0.01

# Imagined test tracks of each genre that get answers as all test tracks do, so that few real ones say little.
_IMAGINED = 5.0

_FEWEST = 20  # tracks from which a share is taken
_Z = 1.96  # of a normal distribution, 95 % lie so many standard deviations around its mean


@dataclass(frozen=True, eq=False)
class Habits:
    """What a model answers to test tracks of each genre.

    Attributes:
        genres: Of the model.
        shares: How often it answers each genre, shape (n_genres, n_genres), true genres down; rows add to 1.
        recall: How often it is right about each genre, shape (n_genres,).
        accuracy: How often it is right about all of them, 0 to 1, with the ends of its interval.
    """

    genres: tuple[str, ...]
    shares: Floats
    recall: Floats
    accuracy: tuple[float, float, float]

    @classmethod
    def of(cls, card: Card) -> Habits | None:
        """Read them from the scores per track in a card; None where these do not tell."""
        scores = card.scores.get("per_track")
        if not isinstance(scores, dict):
            return None
        try:
            counts = np.array(scores["confusion_matrix"], dtype=np.float64)
            accuracy = scores["accuracy"]
            ends = tuple(float(accuracy[end]) for end in ("value", "low", "high"))
        except (KeyError, TypeError, ValueError):
            return None
        n_genres = len(card.genres)
        is_whole = counts.shape == (n_genres, n_genres) and counts.min() >= 0 and 0 < counts.sum() < math.inf
        if not is_whole or not 0 < ends[1] <= ends[0] <= ends[2] <= 1:
            return None
        value, low, high = ends
        support, right = counts.sum(axis=1), np.diagonal(counts)
        recall = np.where(support >= _FEWEST, right / np.maximum(support, 1), value)
        answers = np.tile(counts.sum(axis=0) / counts.sum(), (n_genres, 1)) * (1 - value)
        answers += value * np.eye(n_genres)
        shares = (counts + _IMAGINED * answers) / (support + _IMAGINED)[:, None]
        return cls(card.genres, shares, recall, (value, low, high))

    def mistaken(self, meant: Iterable[str], heard: str) -> float:
        """How often the model hears this in test tracks of the genre, of several, that it does so for most."""
        return max(float(self.shares[self.genres.index(one), self.genres.index(heard)]) for one in meant)


def ranked(entries: Iterable[Entry], habits: Habits | None) -> tuple[Suspect, ...]:
    """Tags that differ from what is heard for sure, the most surprising first.

    Args:
        entries: All tracks.
        habits: What the model mixes up; None ranks by the track's own probabilities alone.
    """
    found = [_suspect(entry, entry.genre, habits) for entry in entries if _is_suspect(entry) and entry.genre]
    return tuple(sorted(found, key=lambda one: (-one.surprise, one.entry.path)))


def _is_suspect(entry: Entry) -> bool:
    return entry.standing == Standing.differs and entry.confidence >= SURE


def _suspect(entry: Entry, heard: str, habits: Habits | None) -> Suspect:
    odds = entry.confidence / max(entry.tag_probability, _LEAST_PROBABILITY)
    if habits is None:
        return Suspect(entry, math.log(odds), None)
    mistaken = habits.mistaken(entry.meant, heard)
    ratio = habits.mistaken([heard], heard) / max(mistaken, _LEAST_SHARE)
    return Suspect(entry, math.log(odds) + math.log(ratio), mistaken)


def expectation(entries: Sequence[Entry], habits: Habits | None) -> Expectation | None:
    """How many tags are wrong, if the model is right as often here as it was in its tests.

    Of n tracks with rightly tagged share s and recall r, the model agrees with s r n, so that s is the share of
    agreement by r: an agreement by chance with a wrong tag is left out, which makes the figure too low. The
    bounds take the ends of both shares' intervals (Wilson's for the agreement: Probable inference, the law of
    succession, and statistical inference, J. of the American Statistical Association 22, 1927), which makes
    them wider than one interval of 95 % would have to be.

    Args:
        entries: All tracks.
        habits: Of the model; None if its card does not tell.

    Returns:
        None where too little can be compared, or the card does not tell.
    """
    judged = [entry for entry in entries if entry.standing in {Standing.agrees, Standing.differs}]
    if habits is None or len(judged) < _FEWEST:
        return None
    value, low, high = habits.accuracy
    recalls = [max(habits.recall[habits.genres.index(one)] for one in entry.meant) for entry in judged]
    recall = float(np.mean(recalls))
    n_agreeing = sum(entry.standing == Standing.agrees for entry in judged)

    least, most = _interval(n_agreeing / len(judged), len(judged))

    def wrong(agreeing: float, accuracy: float) -> int:
        return round(len(judged) * (1 - min(1.0, agreeing / max(accuracy, 1e-9))))

    return Expectation(
        judged=len(judged),
        differing=len(judged) - n_agreeing,
        by_itself=round(len(judged) * (1 - recall)),
        wrong=wrong(n_agreeing / len(judged), recall),
        fewest=wrong(most, recall * low / value),
        most=wrong(least, min(1.0, recall * high / value)),
        accuracy=recall,
    )


def _interval(share: float, n: int) -> tuple[float, float]:
    """Wilson's interval of 95 % for a share of n."""
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)
