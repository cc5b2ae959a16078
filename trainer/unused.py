"""Numbers that a user changes though what learns would never look at them: the card would claim them."""

from __future__ import annotations

from collections.abc import Iterable

from tagger.errors import SettingsError
from trainer.recipe import Recipe

# Parts of a recipe that a learner leaves alone; a group stands for all its parts.
_UNUSED: dict[str, tuple[str, ...]] = {
    "network": (),
    "classical": (
        "standardise",
        "augmentation",
        "fitting",
        "quantise",
        # All windows are learned, each once, and by the genre of its clip alone.
        "sampling.mode",
        "sampling.windows_per_epoch",
        "sampling.corpus_balance",
        "sampling.partial",
        "sampling.first_share",
        "sampling.partial_share",
        "sampling.background_share",
        "sampling.made_sounds",
    ),
    "wav2vec2": (
        "standardise",
        "fitting.loss",
        "fitting.warmup_epochs",
        "quantise",
        "sampling.background_share",
        "sampling.made_sounds",
    ),
}
_UNUSED_BY_NEIGHBOURS = ("sampling.class_weights",)
_USED = "fitting.inner_folds"  # by all: it says on what calibration and the last training rest


def check(recipe: Recipe, assignments: Iterable[str], epochs: int | None) -> None:
    """Refuse what a recipe would ignore.

    Args:
        recipe: With all its changes.
        assignments: What was changed; see `changes.changed`.
        epochs: Most epochs, if the user limits them.

    Raises:
        SettingsError: The recipe's learner does not use one of these numbers.
    """
    unused = _UNUSED[recipe.learner] + (_UNUSED_BY_NEIGHBOURS if recipe.network == "knn" else ())
    for assignment in assignments:
        name = assignment.partition("=")[0].strip()
        if name != _USED and any(f"{name}.".startswith(f"{one}.") for one in unused):
            raise SettingsError(
                f"{assignment}: what {recipe.name} learns with does not use {name}",
                hint="leave it out, or take another recipe",
            )
    if epochs is not None and recipe.learner == "classical":
        raise SettingsError(
            f"--epochs: {recipe.name} learns all at once, and not in epochs",
            hint="leave --epochs out, or take another recipe",
        )
