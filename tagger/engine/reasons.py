"""Why the verdict on a track is what it is: bands that decided, and what in a spectrogram speaks for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger.engine import whole
from tagger.engine.plan import Plan
from tagger.engine.whole import Whole
from tagger.explanation import Attribution, BandEffect, Excerpt, Method
from tagger.inference import calibrate, canvas, occlusion, sampling, vote
from tagger.inference.canvas import Canvas
from tagger.inference.frontend import Array

Floats = NDArray[np.float64]

_EXCERPT_SECONDS = 30.0

# Windows in which bands are tried. Describing a sound takes longer than a network, so there are fewer.
_MOST_TRIED, _MOST_TRIED_SOUNDS = 64, 8
_MOST_MAPPED_SOUNDS = 2


@dataclass(frozen=True)
class Trial:
    """What became of the verdict when bands stood still.

    Attributes:
        effects: What each band does, low ones first.
        n_tried: Number of windows in which that was tried.
        confidence: The winner's probability in these windows with all bands.
    """

    effects: tuple[BandEffect, ...]
    n_tried: int
    confidence: float


def bands(heard: Whole, winner: int) -> Trial:
    """Let bands of frequencies stand still, one after the other, and vote anew.

    Args:
        heard: The track.
        winner: Index of its strongest genre.
    """
    plan, front_end = heard.plan, heard.plan.artefact.card.front_end
    audible = np.flatnonzero(heard.is_audible)
    n_most = _MOST_TRIED if front_end.is_spectral else _MOST_TRIED_SOUNDS
    chosen = [number for number, _ in zip(sampling.order(len(audible)), range(n_most), strict=False)]
    tried = audible[sorted(chosen)]
    canvases = list(_canvases(heard, tried).values())
    loudness_db = heard.loudness_db[tried]
    before = float(vote.cast(heard.by_window[tried], loudness_db, plan.vote)[0][winner])
    effects = []
    for band in occlusion.BANDS:
        in_band = band.holds(canvas.band_hz(front_end))
        if in_band.any():
            windows = occlusion.without_band(canvases, in_band, _predictor(heard))
            track, order = vote.cast(windows, loudness_db, plan.vote)
            top = min(band.high_hz, canvas.top_hz(front_end))
            genre = plan.artefact.card.genres[order[0]]
            effects.append(BandEffect(band.name, band.low_hz, top, float(track[winner]) - before, genre))
    return Trial(tuple(effects), len(tried), before)


def excerpt(heard: Whole, targets: Sequence[int], leads: Floats, *, with_gradients: bool) -> Excerpt:
    """The part of the track that did most for the verdict, and what in it speaks for which genre.

    Args:
        heard: The track.
        targets: Indices of the winner and of the runner-up.
        leads: What each window did for the winner's lead, shape (n_windows,).
        with_gradients: Whether maps come from the Keras network where there is one.

    Raises:
        ModelError: The network cannot be used.
    """
    plan = heard.plan
    front_end, genres = plan.artefact.card.front_end, plan.artefact.card.genres
    numbers = _part(heard, leads)
    canvases = _canvases(heard, numbers)
    maps, method = _maps(heard, canvases, targets, with_gradients=with_gradients)
    rate = canvas.shown(front_end).frames_per_second
    start, end = float(heard.places[numbers[0], 0]), float(heard.places[numbers[-1], 1])
    offsets = [round((heard.places[number, 0] - start) * rate) for number in numbers]
    n_frames = max(1, round((end - start) * rate))
    spectrogram = _joined([canvases[number].spectrogram for number in numbers], offsets)[:n_frames]
    cells = [_joined([maps[number][row] for number in numbers], offsets)[:n_frames] for row in (0, 1)]
    winner, runner_up = (
        Attribution(genres[index], canvas.strengths(evidence))
        for index, evidence in zip(targets, cells, strict=True)
    )
    return Excerpt(start, 1 / rate, spectrogram, canvas.band_hz(front_end), winner, runner_up, method)


def by_gradients(plan: Plan, *, with_gradients: bool) -> bool:
    """Whether maps come from the Keras network, which loads TensorFlow, if that is wanted."""
    return with_gradients and plan.artefact.has_keras and plan.artefact.card.front_end.is_spectral


def _part(heard: Whole, leads: Floats) -> list[int]:
    """Numbers of neighbouring windows that together did most for the verdict."""
    front_end = heard.plan.artefact.card.front_end
    hop_seconds = heard.plan.hop_frames / front_end.frames_per_second
    n_part = min(len(leads), max(1, round(_EXCERPT_SECONDS / hop_seconds)))
    if not front_end.is_spectral:
        n_part = min(n_part, _MOST_MAPPED_SOUNDS)
    first = int(np.argmax(np.convolve(leads, np.ones(n_part), "valid")))
    return list(range(first, first + n_part))


def _maps(
    heard: Whole, canvases: Mapping[int, Canvas], targets: Sequence[int], *, with_gradients: bool
) -> tuple[dict[int, Array], Method]:
    """Evidence in each window, shape (n_targets, n_frames, n_bands); none in windows that have no vote."""
    artefact = heard.plan.artefact
    maps = {n: np.zeros((len(targets), *one.spectrogram.shape), np.float32) for n, one in canvases.items()}
    audible = [number for number in canvases if heard.is_audible[number]]
    if audible and by_gradients(heard.plan, with_gradients=with_gradients):
        from tagger.inference.gradients import Gradients

        windows = np.stack([canvases[number].spectrogram for number in audible])
        maps.update(
            zip(audible, Gradients(artefact).maps(windows, canvas.still(windows), targets), strict=True)
        )
        return maps, "integrated gradients"
    for number in audible:
        maps[number] = occlusion.maps(canvases[number], targets, _predictor(heard))
    return maps, "occlusion"


def _canvases(heard: Whole, numbers: Sequence[int] | NDArray[np.intp]) -> dict[int, Canvas]:
    """Windows whose cells can be made to stand still, by their numbers, which are in order."""
    plan, front_end = heard.plan, heard.plan.artefact.card.front_end
    wanted = [int(number) for number in numbers]
    if front_end.is_spectral:
        windows = whole.windows(heard.path, plan, wanted)
        return {number: canvas.Frames(windows[number].frames) for number in wanted}
    sounds = whole.samples(heard.path, plan, {number: heard.places[number] for number in wanted})
    return {number: canvas.Sound(y, front_end, plan.window_frames) for number, y in sounds.items()}


def _predictor(heard: Whole) -> occlusion.Predict:
    plan = heard.plan
    return lambda windows: calibrate.probabilities(plan.runtime.logits(windows), plan.artefact.card.calibration)


def _joined(parts: Sequence[Array], offsets: Sequence[int]) -> Array:
    """Windows laid one after the other, each in its place; where they overlap, their mean."""
    n_frames = max(offset + len(part) for part, offset in zip(parts, offsets, strict=True))
    total, times = np.zeros((n_frames, parts[0].shape[1]), np.float32), np.zeros((n_frames, 1), np.float32)
    for part, offset in zip(parts, offsets, strict=True):
        total[offset : offset + len(part)] += part
        times[offset : offset + len(part)] += 1
    return (total / np.maximum(times, 1)).astype(np.float32)
