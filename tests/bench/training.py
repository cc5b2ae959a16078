"""Training: whether windows are made as fast as the network learns from them."""

from __future__ import annotations

import dataclasses
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench import alone
from tests.bench.material import Material

RECIPES = ("cnn", "li2025-cnn", "vukotic2025-residual-four")
_N_CLIPS, _CLIP_SECONDS = 48, 30
_N_GENRES = 8


def measure(material: Material) -> dict[str, Any]:
    """Seconds a step: made by one thread alone, learned by the network alone, and both at once."""
    n_steps = max(8, 32 * material.extent.rounds)
    return {name: alone.call(step_seconds, recipe=name, n_steps=n_steps).value for name in RECIPES}


def table(found: Mapping[str, Any]) -> list[list[str]]:
    """Rows: a recipe, and what its steps cost."""
    rows = [["milliseconds a step of 32 windows", "made", "learned", "in training", "the network waits"]]
    for name, one in found.items():
        cells = [f"{1000 * one[key]:.1f}" for key in ("made", "learned", "training")]
        rows.append([name, *cells, f"{waiting(one):.0%}"])
    return rows


def waiting(one: Mapping[str, float]) -> float:
    """The share of a training's time in which the network waits for windows, 0 to 1."""
    return max(0.0, 1 - one["learned"] / one["training"])


def step_seconds(recipe: str, n_steps: int) -> dict[str, float]:
    """Time steps on frames of noise kept as clips are."""
    from trainer import recipes
    from trainer.data.inputs import Training
    from trainer.learner import EpochEnd
    from trainer.network import fitting, training

    chosen = recipes.find(recipe)
    chosen = dataclasses.replace(
        chosen,
        sampling=dataclasses.replace(chosen.sampling, windows_per_epoch=32 * n_steps),
        fitting=dataclasses.replace(
            chosen.fitting, batch_size=32, epochs=2, ema_momentum=0.0, mixed_precision=False, phases=()
        ),
    )
    with tempfile.TemporaryDirectory() as folder:
        supply = Training(_clips(Path(folder), chosen), _N_GENRES, chosen)
        network = fitting.Network(chosen, _N_GENRES)
        ends: list[EpochEnd] = []

        def note(end: EpochEnd) -> float:
            ends.append(end)
            return float(end.number)

        network.fit(supply, note, Path(folder, "state"))
        made = _median(lambda number: supply.batch(2, number), n_steps)
        batch = supply.batch(2, 0)
        learner = training.compiled(network.model, chosen.fitting, chosen.fitting.all_phases[0], n_steps)
        learn = (batch.windows, batch.targets, batch.weights)
        learned = _median(lambda number: learner.train_on_batch(*learn), n_steps)
    return {"made": made, "learned": learned, "training": ends[-1].seconds / n_steps}


def _clips(folder: Path, recipe: Any) -> list[Any]:
    from trainer.data.drawing import Clip

    rng = np.random.default_rng(0)
    n_frames = round(_CLIP_SECONDS * recipe.front_end.frames_per_second) + 1
    clips = []
    for index in range(_N_CLIPS):
        file = folder / f"{index}.npy"
        np.save(file, rng.normal(-30, 10, (n_frames, recipe.front_end.n_bands)).astype(np.float16))
        clips.append(Clip(file, index % _N_GENRES, "made", str(index)))
    return clips


def _median(step: Callable[[int], object], n_steps: int) -> float:
    """Median seconds of a step; the first, which may compile, is left out."""
    seconds = []
    for number in range(n_steps + 1):
        began = time.perf_counter()
        step(number % n_steps)
        seconds.append(time.perf_counter() - began)
    return float(np.median(seconds[1:]))
