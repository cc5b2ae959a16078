"""Named recipes; those of published systems are called after their first author and year."""

from __future__ import annotations

import difflib

from tagger.errors import SettingsError
from trainer.recipe import Recipe
from trainer.recipes import (
    accurate,
    arrigo2025_yolo,
    compact_cnn,
    default,
    li2025_features,
    li2025_spectrograms,
    li2025_wav2vec2,
    musicnn_transfer,
    sanjeev2025_vgg,
    singh2024_cnn,
    vukotic2025_backbones,
    vukotic2025_cnn,
    vukotic2025_residual,
)

_FILES = (
    default,
    accurate,
    musicnn_transfer,
    compact_cnn,
    vukotic2025_cnn,
    vukotic2025_backbones,
    vukotic2025_residual,
    sanjeev2025_vgg,
    li2025_spectrograms,
    li2025_wav2vec2,
    li2025_features,
    arrigo2025_yolo,
    singh2024_cnn,
)

RECIPES: dict[str, Recipe] = {recipe.name: recipe for file in _FILES for recipe in file.RECIPES}

_N_NEAR = 5


def find(name: str) -> Recipe:
    """The recipe of a name.

    Raises:
        SettingsError: There is no such recipe.
    """
    try:
        return RECIPES[name]
    except KeyError as error:
        near = difflib.get_close_matches(name, RECIPES, n=_N_NEAR)
        hint = f"near it are {', '.join(near)}" if near else "`tagger train --list` shows them all"
        raise SettingsError(f"{name}: no such recipe", hint=hint) from error
