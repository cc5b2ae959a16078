"""Recipes are whole, plain data."""

from __future__ import annotations

import dataclasses
import json

import pytest

from tagger.errors import SettingsError
from trainer import network, recipes


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_every_recipe_is_sound(name):
    """Its network exists, its windows overlap and fit, and its numbers survive JSON."""
    recipe = recipes.find(name)
    assert recipe.network in network.NETWORKS
    assert 1 <= recipe.hop_frames <= recipe.window_frames
    assert recipe.batch_size <= recipe.crops_per_epoch
    assert recipe.warmup_epochs < recipe.epochs
    assert json.loads(json.dumps(recipe.as_dict()))["window_frames"] == recipe.window_frames


def test_names_of_models_differ():
    """No recipe overwrites the model of another."""
    assert len({recipe.name for recipe in recipes.RECIPES.values()}) == len(recipes.RECIPES)


def test_a_recipe_cannot_be_changed():
    """A run cannot alter its recipe by accident."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipes.find("default").epochs = 1


def test_an_unknown_recipe_is_refused_with_the_names_there_are():
    """The hint names them all."""
    with pytest.raises(SettingsError, match="no such recipe") as caught:
        recipes.find("nonesuch")
    assert all(name in caught.value.hint for name in recipes.RECIPES)
