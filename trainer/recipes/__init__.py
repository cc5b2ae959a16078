"""Named recipes."""

from __future__ import annotations

from tagger.errors import SettingsError
from trainer.recipe import Recipe
from trainer.recipes import default

RECIPES: dict[str, Recipe] = {"default": default.RECIPE, "smoke": default.RECIPE.smoke()}


def find(name: str) -> Recipe:
    """The recipe of a name.

    Raises:
        SettingsError: There is no such recipe.
    """
    try:
        return RECIPES[name]
    except KeyError as error:
        raise SettingsError(f"{name}: no such recipe", hint=f"recipes are {', '.join(RECIPES)}") from error
