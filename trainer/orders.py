"""What a user asks to be trained: from the words of a command line to a run, and back when it goes on."""

from __future__ import annotations

import dataclasses
import json
import os
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagger import paths, settings
from tagger.errors import SettingsError, TaggerError
from trainer import changes, corpora, recipes, runs, unused
from trainer.corpora.interface import Corpus
from trainer.data import kept, splits
from trainer.progress import Progress
from trainer.recipe import Recipe
from trainer.runs import Run

if TYPE_CHECKING:
    from trainer.train import Trained

ALL_PROTOCOLS = ("windows", "tracks", "artists")
_PLACES = ("data", "background", "out")


@dataclass(frozen=True)
class Order:
    """What is to be trained.

    Attributes:
        dataset: What to learn from; see `corpora.load`.
        data: Where its files are, if it needs to be told.
        recipe: Name of the recipe.
        protocol: How to split, several joined by commas; "all" stands for `ALL_PROTOCOLS`.
        out: The model folder; None for the user's own, by the recipe's name.
        allow_leaks: Whether the same audio may be on two sides.
        all_data: Whether the model that is kept learns from all examples.
        epochs: Most epochs of every phase; None for the recipe's.
        seed: None for the recipe's.
        weights: Weights to begin with; None for the recipe's.
        smoke: Whether the recipe is made small.
        changes: Numbers of the recipe to be changed; see `changes.changed`.
        bootstrap: Number of rounds of the bootstrap over training tracks; 0 for none.
        learning_curve: Number of rounds of the learning curve; 0 for none.
        background: A folder of sounds that are no music, to be learned too; None for made ones only.
    """

    dataset: str
    data: Path | None = None
    recipe: str = "default"
    protocol: str = ""
    out: Path | None = None
    allow_leaks: bool = False
    all_data: bool = False
    epochs: int | None = None
    seed: int | None = None
    weights: str | None = None
    smoke: bool = False
    changes: tuple[str, ...] = ()
    bootstrap: int = 0
    learning_curve: int = 0
    background: Path | None = None

    def as_dict(self) -> dict[str, Any]:
        """The order as plain data, paths made absolute, from which `resumed` makes it again."""
        values = dataclasses.asdict(self)
        places = {name: str(paths.expanded(values[name]).resolve()) for name in _PLACES if values[name]}
        return values | places


def chosen(order: Order) -> Recipe:
    """The recipe that an order means, every number as it will be used.

    Raises:
        SettingsError: There is no such recipe, or it cannot be changed so.
    """
    recipe = recipes.find(order.recipe)
    if order.smoke:
        recipe = recipe.smoke()
    recipe = changes.changed(recipe, order.changes)
    if order.seed is not None:
        recipe = dataclasses.replace(recipe, seed=order.seed)
    if order.weights is not None and "weights" in recipe.network_parameters:
        parameters = {**recipe.network_parameters, "weights": order.weights}
        recipe = dataclasses.replace(recipe, network_parameters=parameters)
    elif order.weights not in (None, "none"):
        raise SettingsError(
            f"--weights: {recipe.name} begins with random weights, and knows no others",
            hint="leave --weights out, or take a recipe of a pretrained network",
        )
    if order.epochs is not None:
        phases = tuple(dataclasses.replace(one, epochs=order.epochs) for one in recipe.fitting.phases)
        fitting = dataclasses.replace(recipe.fitting, epochs=order.epochs, phases=phases)
        recipe = dataclasses.replace(recipe, fitting=fitting)
    changes.check(recipe)
    unused.check(recipe, order.changes, order.epochs)
    # What its ingredients are worth was measured on the recipe as it is.
    return recipe if recipe == recipes.find(order.recipe) else dataclasses.replace(recipe, ablations=())


def resumed(name: str, place: Path | None) -> tuple[Order, Run]:
    """The order of a run that is to go on, and the run.

    Args:
        name: Its name, see `runs.find`.
        place: The folder of all runs; None for the user's own.

    Raises:
        SettingsError: There is no such run, it is done or damaged, or its recipe is another by now.
    """
    run = runs.find(place or runs.home(), name)
    if run.status == "finished":
        raise SettingsError(f"{run.name}: it is finished", hint="`tagger runs` shows what it reached")
    order = _read(run)
    if not corpora.takes_data(order.dataset):  # runs were begun before it was refused
        order = dataclasses.replace(order, data=None)
    if _plain(chosen(order)) != run.recipe_numbers:
        raise SettingsError(
            f"{run.name}: the recipe {order.recipe} has other numbers by now", hint="train it anew"
        )
    return order, run


def corpus(order: Order) -> Corpus:
    """The corpus that an order means, once it is known that its recipe and its protocol can be had.

    Raises:
        CorpusError: There is no such corpus, or it cannot be used.
        SettingsError: There is no such recipe or protocol, or the recipe cannot be changed so.
    """
    recipe = chosen(order)
    _check_protocol(order.protocol)
    if order.background is not None and not recipe.sampling.background_share:
        raise SettingsError(
            f"--background: {recipe.name} learns nothing from what is no music",
            hint="leave --background out, or take the recipe default",
        )
    found = corpora.load(order.dataset, data=order.data, cache=kept.archives(settings.home_folder("cache")))
    return corpora.beside(found, order.background) if order.background is not None else found


def carry_out(
    order: Order, found: Corpus, place: Path | None, progress: Progress, run: Run | None = None
) -> Trained:
    """Train what is asked for, in a run folder of its own.

    Args:
        order: What is asked for.
        found: Its corpus.
        place: The folder of all runs; None for the user's own.
        progress: Told how the run goes.
        run: One that goes on; None begins a new one.

    Raises:
        TaggerError: The order makes no sense, the corpus supports no training, or a folder cannot be written.
    """
    recipe = chosen(order)
    _check_protocol(order.protocol)
    out = paths.expanded(order.out or settings.home_folder("data") / "models" / recipe.name)

    run = run or _begun(order, recipe, out, place)
    with runs.held(run):
        run = runs.mark(run, "running")
        progress.say(f"run folder: {run.folder}")
        return _trained(order, recipe, found, out, run, progress)


def _trained(order: Order, recipe: Recipe, found: Corpus, out: Path, run: Run, progress: Progress) -> Trained:
    """Train, and note how it ended."""
    from trainer import train  # loads Keras, which takes seconds

    try:
        trained = train.run(
            found,
            recipe,
            out,
            run=run,
            cache=settings.home_folder("cache"),
            protocols=ALL_PROTOCOLS
            if order.protocol == "all"
            else tuple(one.strip() for one in order.protocol.split(",")),
            allow_leaks=order.allow_leaks,
            all_data=order.all_data,
            studies={"bootstrap": order.bootstrap, "learning_curve": order.learning_curve},
            progress=progress,
        )
        run = runs.mark(run, "finished" if trained.finished else "interrupted")
        if not trained.finished:
            progress.say(f"these are scores of unfinished training: `--resume {run.folder}` goes on with it")
        _report(run, trained, progress)
    except KeyboardInterrupt:
        runs.mark(run, "interrupted")
        progress.say(f"`--resume {run.folder}` goes on with it")
        raise
    except Exception as error:
        runs.mark(run, "failed", error.message if isinstance(error, TaggerError) else repr(error))
        raise
    return trained


def _report(run: Run, trained: Trained, progress: Progress) -> None:
    """Write the report of a run; a model that was trained is not lost for want of pictures."""
    from trainer import report  # loads matplotlib

    try:
        page = report.of_run(run, trained.card.corpora, trained.card.split["notes"])
    except SettingsError as error:
        progress.say(f"no report: {error.message}; {error.hint}")
    else:
        progress.say(f"report: {page}")


def _read(run: Run) -> Order:
    """The order of a run.

    Raises:
        SettingsError: It is damaged.
    """
    hints = typing.get_type_hints(Order)
    try:
        values = dict(run.order)
        for key in _PLACES:
            values[key] = Path(values[key]) if values.get(key) else None
        order = Order(**values | {"changes": tuple(values["changes"])})
        for name, hint in hints.items():
            if not changes.fits(getattr(order, name), hint):
                raise ValueError(f"{name} is of another kind")
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsError(
            f"{run.folder / runs.RUN}: its order cannot be read", hint="train it anew"
        ) from error
    return order


def _check_protocol(protocol: str) -> None:
    """Make sure that there is such a protocol, before anything is heard.

    Raises:
        SettingsError: There is none.
    """
    for one in map(str.strip, protocol.split(",")):
        name, _, number = one.partition(":")
        if name == "kfold" and not (number.isdecimal() and int(number) >= 3):
            raise SettingsError(f"{one}: no number of folds", hint="write kfold:N with N at least 3")
        if name != "kfold" and one not in splits.PROTOCOLS and protocol not in ("", "all"):
            raise SettingsError(
                f"{one or protocol}: no such protocol",
                hint=f"protocols are {', '.join(splits.PROTOCOLS)}, several joined by commas, or all",
            )


def _begun(order: Order, recipe: Recipe, out: Path, place: Path | None) -> Run:
    return runs.create(
        place or runs.home(),
        dataset=order.dataset,
        recipe=recipe.name,
        recipe_numbers=_plain(recipe),
        protocol=order.protocol,
        seed=recipe.seed,
        model=str(out),
        backend=_backend(recipe),
        order=order.as_dict(),
    )


def _backend(recipe: Recipe) -> str:
    """What computes a recipe."""
    if recipe.learner == "network":
        return f"Keras on {os.environ.get('KERAS_BACKEND', 'tensorflow')}"
    return {"classical": "scikit-learn or XGBoost", "wav2vec2": "PyTorch"}[recipe.learner]


def _plain(recipe: Recipe) -> Mapping[str, Any]:
    """The numbers of a recipe as JSON gives them back, without what they were found to be worth."""
    numbers = json.loads(json.dumps(recipe.as_dict()))
    del numbers["ablations"]
    return numbers
