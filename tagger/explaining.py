"""Why a track got its verdict: windows, bands, cells of its spectrogram, and what sounds alike."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagger import engine
from tagger.engine import conclusion, reasons, whole
from tagger.engine.whole import Whole
from tagger.explanation import Deciding, Explanation, Neighbour, Timeline, Waveform
from tagger.inference import influence, neighbours
from tagger.inference.card import Calibration
from tagger.records import Score, Stamp
from tagger.sinks.cache import Cache, Known, Ranking

Floats = NDArray[np.float64]

N_DECIDING = 5
N_NEIGHBOURS = 5

NO_LIBRARY = "no library has been scanned yet with this model (`tagger scan` does it)"
NO_EMBEDDING = "this model gives no embedding to compare by"
NOT_SOUGHT = "none was looked for"
"""Why there are no neighbours."""

_MOST_POINTS = 1200  # of the outline of the samples: more than a picture has columns


def explain(
    path: Path,
    plan: engine.Plan,
    *,
    cache: Cache | None = None,
    with_gradients: bool = True,
    on_stage: Callable[[str], None] = lambda stage: None,
) -> Explanation:
    """Hear a track, and find out why its verdict is what it is.

    Args:
        path: The file.
        plan: How to listen: see `pipeline.prepare`; all is heard, whatever its effort.
        cache: Where tracks that sound alike are looked for; None to look nowhere.
        with_gradients: Whether maps come from the Keras network where there is one, which loads TensorFlow.
        on_stage: Called with what begins, in words.

    Raises:
        DecodeError: It cannot be decoded.
        NothingToHearError: It holds no audio, or no window is loud enough to have a vote.
        ModelError: The network cannot be used.
    """
    on_stage("hearing")
    heard = whole.hear(path, dataclasses.replace(plan, effort="full"))
    card, verdict = plan.artefact.card, heard.verdict()
    targets = [card.genres.index(score.genre) for score in verdict.scores[:2]]
    leads = _leads(heard, targets)
    on_stage("trying bands")
    trial = reasons.bands(heard, targets[0])
    uses_gradients = reasons.by_gradients(plan, with_gradients=with_gradients)
    on_stage("taking gradients; loading TensorFlow" if uses_gradients else "trying parts of the spectrogram")
    excerpt = reasons.excerpt(heard, targets, leads, with_gradients=with_gradients)
    near, n_compared, why_none = _neighbours(heard, cache)
    return Explanation(
        verdict=verdict,
        genres=card.genres,
        timeline=Timeline(heard.places, heard.loudness_db, heard.by_window),
        waveform=_waveform(heard),
        excerpt=excerpt,
        deciding=_deciding(heard, targets, leads),
        bands=trial.effects,
        n_tried=trial.n_tried,
        tried_confidence=trial.confidence,
        raw=_raw(heard),
        temperature=card.calibration.temperature,
        neighbours=near,
        n_compared=n_compared,
        no_neighbours=why_none,
    )


def _leads(heard: Whole, targets: Sequence[int]) -> Floats:
    """What each window did for the winner's lead; 0 of those without a vote."""
    leads = np.zeros(len(heard.places))
    loudness_db = heard.loudness_db[heard.is_audible]
    leads[heard.is_audible] = influence.leads(
        heard.probabilities, loudness_db, heard.plan.vote, targets[0], targets[1]
    )
    return leads


def _deciding(heard: Whole, targets: Sequence[int], leads: Floats) -> tuple[Deciding, ...]:
    """The windows that did most, most first; of those that speak against the winner none, unless all do."""
    audible = np.flatnonzero(heard.is_audible)
    first = audible[np.argsort(-leads[audible], kind="stable")][:N_DECIDING]
    first = first[: max(1, int((leads[first] > 0).sum()))]
    rows = heard.by_window[:, list(targets)]
    return tuple(Deciding(*map(float, (*heard.places[n], leads[n], *rows[n]))) for n in first)


def _raw(heard: Whole) -> tuple[Score, ...]:
    """What the windows say without calibration."""
    artefact = heard.plan.artefact
    card = dataclasses.replace(artefact.card, calibration=Calibration(temperature=1.0))
    plan = dataclasses.replace(heard.plan, artefact=dataclasses.replace(artefact, card=card))
    ranking = conclusion.ranked(heard.logits, heard.loudness_db[heard.is_audible], plan)
    return tuple(Score(card.genres[index], probability) for index, probability in ranking)


def _waveform(heard: Whole) -> Waveform:
    """The outline of the samples, with at most so many points."""
    n_each = -(-len(heard.lows) // _MOST_POINTS)
    starts = np.arange(0, len(heard.lows), n_each)
    lows, highs = np.minimum.reduceat(heard.lows, starts), np.maximum.reduceat(heard.highs, starts)
    return Waveform(lows, highs, n_each * heard.point_seconds)


def _neighbours(heard: Whole, cache: Cache | None) -> tuple[tuple[Neighbour, ...], int, str]:
    """The recordings that sound most alike, of how many, and why there are none; itself is not among them."""
    if cache is None:
        return (), 0, NOT_SOUGHT
    if not heard.embedding.size:
        return (), 0, NO_EMBEDDING
    itself = cache.recording(heard.path, Stamp.of(heard.path.stat()))
    n_genres = len(heard.plan.artefact.card.genres)
    library = [
        one
        for one in cache.library(heard.plan.kin)
        if one.recording != itself and one.heard.ranking and one.heard.is_sound(n_genres)
        if len(one.heard.embedding) == heard.embedding.nbytes
    ]
    if not library:
        return (), 0, NO_LIBRARY
    embeddings = np.stack([np.frombuffer(one.heard.embedding, np.float32) for one in library])
    similarities = neighbours.similarities(heard.embedding, embeddings)
    nearest = np.argsort(-similarities, kind="stable")[:N_NEIGHBOURS]
    return tuple(_neighbour(library[n], float(similarities[n]), heard) for n in nearest), len(library), ""


def _neighbour(known: Known, similarity: float, heard: Whole) -> Neighbour:
    index, confidence = Ranking.unpack(known.heard.ranking)[0]
    genre = heard.plan.artefact.card.genres[index]
    return Neighbour(known.path, similarity, genre, confidence, known.genres)
