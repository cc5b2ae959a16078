"""Named recipes; those of published systems are called after their first author and year."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from typing import Any

from tagger.errors import SettingsError
from trainer.recipe import Recipe
from trainer.recipes import (
    arrigo2025_yolo,
    default,
    li2025_features,
    li2025_spectrograms,
    li2025_wav2vec2,
    sanjeev2025_vgg,
    singh2024_cnn,
    vukotic2025_backbones,
    vukotic2025_cnn,
    vukotic2025_residual,
)

_FILES = (
    default,
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


def find(name: str) -> Recipe:
    """The recipe of a name.

    Raises:
        SettingsError: There is no such recipe.
    """
    try:
        return RECIPES[name]
    except KeyError as error:
        near = [one for one in RECIPES if one.startswith(name.partition("-")[0])]
        hint = f"near it are {', '.join(near)}" if near else "`tagger train --list` shows them all"
        raise SettingsError(f"{name}: no such recipe", hint=hint) from error


def changed(recipe: Recipe, assignments: Iterable[str]) -> Recipe:
    """A recipe with other numbers.

    Args:
        recipe: To be changed.
        assignments: Each a name, "=" and a value in JSON or a word, such as `fitting.epochs=5` or
            `network_parameters.colour=green`.

    Raises:
        SettingsError: There is no such number, or the value is of another kind.
    """
    for assignment in assignments:
        name, separator, text = assignment.partition("=")
        if not separator:
            raise SettingsError(f"{assignment}: no value", hint="write NAME=VALUE, such as fitting.epochs=5")
        try:
            recipe = _with(recipe, name.strip().split("."), _value(text), assignment)
        except (ValueError, TypeError) as error:
            raise SettingsError(f"{assignment}: {str(error).splitlines()[0]}") from error
    return recipe


def _with(part: Any, names: list[str], value: Any, assignment: str) -> Any:
    """A recipe, or a part of one, with one value changed."""
    name, *below = names
    if isinstance(part, Mapping):
        if below and not isinstance(part.get(name), Mapping):
            raise SettingsError(f"{assignment}: {name} has no parts")
        return {**part, name: _with(part[name], below, value, assignment) if below else _tuples(value)}
    numbers = {entry.name: getattr(part, entry.name) for entry in dataclasses.fields(part)}
    if name not in numbers:
        raise SettingsError(f"{assignment}: a recipe has no {name}", hint=f"it has {', '.join(numbers)}")
    old = numbers[name]
    if below:
        if not dataclasses.is_dataclass(old) and not isinstance(old, Mapping):
            raise SettingsError(f"{assignment}: {name} has no parts")
        return dataclasses.replace(part, **{name: _with(old, below, value, assignment)})
    if dataclasses.is_dataclass(old) or isinstance(old, Mapping):
        raise SettingsError(
            f"{assignment}: {name} is a group", hint=f"name one of its parts: {name}.PART=VALUE"
        )
    return dataclasses.replace(part, **{name: _alike(old, _tuples(value), assignment)})


def _alike(old: Any, value: Any, assignment: str) -> Any:
    """The value, if it is of the kind of the old one; whole numbers do for others."""
    if isinstance(old, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if old is not None and value is not None and type(old) is not type(value):
        raise SettingsError(
            f"{assignment}: {value!r} is of another kind than {old!r}", hint=f"give a value like {old!r}"
        )
    return value


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.strip()


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
