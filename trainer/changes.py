"""The numbers of a recipe as a user changes them, and what they must be."""

from __future__ import annotations

import collections.abc
import dataclasses
import json
import math
import operator
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any, Literal, Union

from tagger.errors import SettingsError
from trainer.recipe import Recipe
from trainer.recipes import RECIPES
from trainer.sampling import Augmentation

_MOST_FRAMES_PER_SECOND = 1000
_MOST_VALUES = 2**24  # a window of 64 MB

# Networks with a class beyond the genres, and the layer that holds it.
_KNOW_NO_MUSIC = {"two-heads": "deep_classes", "two-trunks": "deep_classes"}
_OF_PHASES = ("fitting.epochs", "fitting.learning_rate")

_CALLED = {int: "a whole number", float: "a number", str: "a word", bool: "true or false", type(None): "null"}

# What numbers must be, a test of it, and the numbers; those that may be None pass as None.
_LAWS: tuple[tuple[str, Callable[[Any], bool], tuple[str, ...]], ...] = (
    ("a name for a folder", lambda value: value == PurePath(value).name not in ("", ".."), ("name",)),
    (
        "at least 1",
        lambda value: value >= 1,
        (
            "window_frames",
            "hop_frames",
            "min_examples",
            "min_groups",
            "validation_windows",
            "baseline_coefficients",
            "sampling.made_sounds",
            "selection.most",
            "augmentation.equaliser_knots",
            "fitting.batch_size",
            "fitting.epochs",
            "fitting.plateau_patience",
        ),
    ),
    ("at most 1024", lambda value: value <= 1024, ("front_end.n_mels",)),
    ("at least 2", lambda value: value >= 2, ("selection.n_genres",)),
    (
        "0, or at least 2",
        lambda value: value == 0 or value >= 2,
        ("fitting.inner_folds", "front_end.win_length"),
    ),
    (
        "at least 0",
        lambda value: value >= 0,
        (
            "selection.least",
            "sampling.windows_per_epoch",
            "sampling.quiet_db",
            "augmentation.pitch_bands",
            "augmentation.equaliser_db",
            "augmentation.low_pass_slope_db",
            "augmentation.gain_db",
            "augmentation.noise_db",
            "augmentation.time_masks",
            "augmentation.time_mask_frames",
            "augmentation.band_masks",
            "augmentation.band_mask_bands",
            "augmentation.mixup",
            "fitting.warmup_epochs",
            "fitting.weight_decay",
            "fitting.patience",
        ),
    ),
    ("above 0", lambda value: value > 0, ("fitting.learning_rate",)),
    ("above 0 and at most 1", lambda value: 0 < value <= 1, ("sampling.first_share",)),
    ("above 0 and below 1", lambda value: 0 < value < 1, ("fitting.plateau_factor",)),
    (
        "at least 0 and below 1",
        lambda value: 0 <= value < 1,
        (
            "augmentation.stretch",
            "augmentation.zoom",
            "augmentation.dynamic_range",
            "fitting.ema_momentum",
            "sampling.partial_share",
            "sampling.background_share",
        ),
    ),
    (
        "within 0 to 1",
        lambda value: 0 <= value <= 1,
        (
            "threshold",
            "sampling.corpus_balance",
            "augmentation.repeat_share",
            "augmentation.low_pass_share",
            "augmentation.low_pass_least",
            "augmentation.floor_share",
            "fitting.label_smoothing",
        ),
    ),
    ("within 1e-30 to 1", lambda value: 1e-30 <= value <= 1, ("front_end.amin",)),  # else not in float32
    ("within 0 to 4294967295", lambda value: 0 <= value < 2**32, ("seed",)),
    (
        "three numbers above 0 that sum to 1",
        lambda value: min(value) > 0 and math.isclose(sum(value), 1, abs_tol=1e-6),
        ("shares",),
    ),
    (
        "two numbers above 0, the lower first",
        lambda value: 0 < value[0] <= value[1],
        ("augmentation.repeat_seconds",),
    ),
    ("two numbers, the lower first", lambda value: value[0] <= value[1], ("augmentation.floor_db",)),
)


def changed(recipe: Recipe, assignments: Iterable[str]) -> Recipe:
    """A recipe with other numbers.

    Args:
        recipe: To be changed.
        assignments: Each a name, "=" and a value in JSON or a word, such as `threshold=0.7` or
            `network_parameters.colour=green`.

    Raises:
        SettingsError: There is no such number, or the value is of another kind.
    """
    for assignment in assignments:
        name, separator, text = assignment.partition("=")
        if not separator:
            raise SettingsError(f"{assignment}: no value", hint="write NAME=VALUE, such as threshold=0.7")
        if recipe.fitting.phases and name.strip() in _OF_PHASES:
            raise SettingsError(
                f"{assignment}: each phase of {recipe.name} has its own",
                hint="`--epochs N` limits all phases",
            )
        try:
            recipe = _with(recipe, name.strip().split("."), _value(text), assignment)
        except (ValueError, TypeError, OverflowError) as error:
            problem = f"{assignment}: {str(error).splitlines()[0]}"
            raise SettingsError(
                problem, hint="numbers are changed in turn, and must go together each time"
            ) from error
    return recipe


def check(recipe: Recipe) -> None:
    """Make sure that a recipe, each number of which is of its kind, can be trained by.

    Raises:
        SettingsError: A number is out of range, or does not go with another.
    """
    for law, holds, names in _LAWS:
        for name in names:
            value = operator.attrgetter(name)(recipe)
            if value is not None and not holds(value):
                raise SettingsError(f"{name}={_written(value)}: out of range", hint=f"it must be {law}")
    for problem, hint in _clashes(recipe):
        raise SettingsError(problem, hint=hint)


def _clashes(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """What does not go together, each with a hint; ranges hold."""
    length, hop, front_end = recipe.window_frames, recipe.hop_frames, recipe.front_end
    networks = sorted({one.network for one in RECIPES.values() if one.learner == recipe.learner})
    if recipe.network not in networks:
        problem = f"network={recipe.network}: there is none for the learner {recipe.learner}"
        yield problem, f"it has {', '.join(networks)}"
    sampling = recipe.sampling
    can_learn = (
        recipe.network in _KNOW_NO_MUSIC
        and recipe.fitting.loss == "partial"
        and sampling.mode == "crops"
        and any(phase.output == _KNOW_NO_MUSIC[recipe.network] for phase in recipe.fitting.phases)
    )
    if sampling.background_share and not can_learn:
        problem = f"sampling.background_share={sampling.background_share}: it would not learn what is no music"
        needed = "with fitting.loss=partial, sampling.mode=crops and the phases of their recipe"
        yield problem, f"it takes the network {' or '.join(_KNOW_NO_MUSIC)}, {needed}"
    if (rest := 1 - sampling.partial_share - sampling.background_share) <= 0:
        problem = "sampling.partial_share and sampling.background_share leave no window for clips with a genre"
        yield problem, f"together they must be below 1, and are {1 - rest:g}"
    if recipe.augmentation != Augmentation() and not any(phase.changed for phase in recipe.fitting.all_phases):
        problem = f"augmentation: no phase of {recipe.name} changes its windows"
        yield problem, "leave its numbers as they are, or take another recipe"
    if hop > length:
        problem = f"hop_frames={hop}: frames between windows would be lost"
        yield problem, f"it must be at most window_frames, {length}"
    if (n_values := length * front_end.n_bands) > _MOST_VALUES:
        problem = f"window_frames={length}: {n_values} values in a window"
        yield problem, f"they must be at most {_MOST_VALUES}; each frame has {front_end.n_bands}"
    if front_end.is_spectral and (rate := front_end.frames_per_second) > _MOST_FRAMES_PER_SECOND:
        problem = f"front_end.hop_length={front_end.hop_length}: {rate:.0f} frames a second"
        yield problem, f"spectra must be at most {_MOST_FRAMES_PER_SECOND} a second"
    if front_end.kind == "log_mel" and (n_empty := int((~front_end.filter_bank.any(axis=0)).sum())):
        problem = f"front_end.n_mels={front_end.n_mels}: {n_empty} bands are too narrow to hear anything"
        yield problem, "take fewer bands, a longer n_fft, or fmin and fmax further apart"


def fits(value: Any, hint: Any) -> bool:
    """Whether a value, as plain data or a record, is of the kind that an annotation promises.

    Args:
        value: The value; a whole number does for a float, but no truth value for any number.
        hint: The annotation of a field of a record, evaluated.
    """
    kind, arguments = typing.get_origin(hint), typing.get_args(hint)
    if kind is Literal:
        return value in arguments
    if kind in (Union, types.UnionType):
        return any(fits(value, one) for one in arguments)
    if kind is tuple:
        kinds = (
            arguments[:1] * len(value) if arguments[1:] == (...,) and isinstance(value, tuple) else arguments
        )
        return isinstance(value, tuple) and len(value) == len(kinds) and all(map(fits, value, kinds))
    if kind is collections.abc.Mapping:
        return isinstance(value, Mapping) and all(fits(one, arguments[1]) for one in value.values())
    if hint in (int, float):
        return not isinstance(value, bool) and isinstance(value, int if hint is int else (int, float))
    return hint is Any or isinstance(value, hint)


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
    is_group = dataclasses.is_dataclass(old) or isinstance(old, Mapping)
    if below and not is_group:
        raise SettingsError(f"{assignment}: {name} has no parts")
    if is_group and not below:
        raise SettingsError(
            f"{assignment}: {name} is a group", hint=f"name one of its parts: {name}.PART=VALUE"
        )
    new = _with(old, below, value, assignment) if below else _tuples(value)
    hint = typing.get_type_hints(type(part))[name]
    return dataclasses.replace(part, **{name: _alike(old, new, hint, assignment)})


def _alike(old: Any, value: Any, hint: Any, assignment: str) -> Any:
    """The value, if it is of the kind of its field; whole numbers do for others."""
    if fits(value, hint):
        return float(value) if hint is float else value
    if words := _words(hint):
        raise SettingsError(f"{assignment}: {value!r} is not known", hint=f"it is one of {', '.join(words)}")
    is_optional = typing.get_origin(hint) is types.UnionType
    kinds = " or ".join(_CALLED.get(one, "a list") for one in typing.get_args(hint)) if is_optional else ""
    raise SettingsError(
        f"{assignment}: {value!r} is of another kind than {old!r}",
        hint=f"give {kinds or f'a value like {_written(old)}'}",
    )


def _words(hint: Any) -> list[str]:
    """The words that an annotation allows, if it names them."""
    kinds = (hint, *typing.get_args(hint))
    return [word for kind in kinds if typing.get_origin(kind) is Literal for word in typing.get_args(kind)]


def _written(value: Any) -> str:
    """A value as it is written on the command line."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _value(text: str) -> Any:
    """The value that is written in JSON; all else is a word, numbers that JSON cannot hold as well."""
    try:
        value = json.loads(text)
        json.dumps(value, allow_nan=False)
    except ValueError:
        return text.strip()
    return value


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
