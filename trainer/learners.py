"""From a recipe to the learner it asks for; each library is loaded only by recipes that need it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from trainer.data import features
from trainer.data.drawing import Clip
from trainer.learner import Learner
from trainer.recipe import Recipe


def make(recipe: Recipe, n_genres: int, clips: Sequence[Clip]) -> Learner:
    """An untrained model, seeded.

    Args:
        recipe: Its learner, architecture and parameters.
        n_genres: Number of genres.
        clips: What it will learn from, for recipes that standardise.

    Raises:
        SettingsError: A package is missing, or a parameter makes no sense.
        ModelError: Pretrained weights cannot be had.
    """
    parameters = dict(recipe.network_parameters)
    if recipe.learner == "classical":
        from trainer import classical

        return classical.FeatureModel(recipe.network, n_genres, seed=recipe.seed, **parameters)
    if recipe.learner == "wav2vec2":
        from trainer import wav2vec2

        return wav2vec2.SpeechModel(n_genres, recipe, **parameters)
    from trainer.network import fitting

    return fitting.Network(recipe, n_genres, **(statistics(clips) if recipe.standardise else {}))


def check(recipe: Recipe) -> None:
    """Make sure that a learner which is made in no time can be made, before anything is heard for it.

    Raises:
        SettingsError: A package is missing, or a parameter is unknown.
    """
    if recipe.learner == "classical":
        make(recipe, 2, ())


def statistics(clips: Sequence[Clip]) -> dict[str, Any]:
    """Mean and standard deviation of each band over the frames of clips, as plain lists; no scale is 0."""
    n_frames, total, squares = 0, 0.0, 0.0
    for clip in clips:
        values = np.asarray(features.load(clip.file), np.float64)
        n_frames, total = n_frames + len(values), total + values.sum(axis=0)
        squares = squares + (values**2).sum(axis=0)
    mean = np.asarray(total / max(1, n_frames))
    scale = np.sqrt(np.maximum(np.asarray(squares / max(1, n_frames)) - mean**2, 0))
    return {"mean": mean.tolist(), "scale": np.where(scale > 1e-8 * (1 + np.abs(mean)), scale, 1.0).tolist()}
