"""Answers, scores and runs made up at random, for tests of what is made of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from trainer import evaluate, runs
from trainer.answers import Answers
from trainer.recipe import Recipe
from trainer.runs import Run

GENRES = ("Blues", "Drum & Bass", "R&B <live>")


def answers(seed: int, n: int = 60, lean: float = 1.0) -> Answers:
    """Answers that lean towards the truth; each row has a second label."""
    rng = np.random.default_rng(seed)
    y_true = rng.integers(0, len(GENRES), n)
    odds = np.exp(rng.normal(size=(n, len(GENRES))) + lean * np.eye(len(GENRES))[y_true])
    accepted = np.eye(len(GENRES), dtype=bool)[y_true]
    accepted[np.arange(n), (y_true + 1) % len(GENRES)] = True
    return Answers(
        GENRES,
        y_true,
        odds / odds.sum(axis=1, keepdims=True),
        np.array([f"artist {number}" for number in rng.integers(0, 15, n)], object),
        rng.choice(np.array(["one", "two"], object), n),
        np.array([f"<{number}>.mp3" for number in range(n)], object),
        accepted,
    )


def scores(*protocols: tuple[str, bool]) -> dict[str, Any]:
    """What a run reached by protocols, of which some leak."""
    found = {}
    for seed, (name, leaky) in enumerate(protocols):
        said = answers(seed, lean=4.0 if leaky else 1.0)
        one = evaluate.of_answers(said) | {"curves": evaluate.curves(said)}
        thresholds = dict.fromkeys(GENRES, 0.5)
        found[name] = {
            "leaky": leaky,
            "per_window": one,
            "per_track": one | {"written": evaluate.written(said, thresholds)},
        }
    yardstick = {"model": "a yardstick", "per_track": evaluate.of_answers(answers(9, lean=0.5))}
    return {"protocols": found, "baseline": yardstick}


def run(place: Path, seed: int = 0, *protocols: tuple[str, bool], recipe: Recipe | None = None) -> Run:
    """A finished run of three epochs."""
    recipe = recipe or Recipe(seed=seed)
    made = runs.create(
        place,
        dataset="folder:music",
        recipe=recipe.name,
        recipe_numbers=recipe.as_dict(),
        protocol="artists",
        seed=seed,
        backend="tensorflow",
    )
    epoch = {"of": 3, "loss": 1.0, "validation_loss": 1.1, "learning_rate": 1e-3, "seconds": 2.0, "best": True}
    lines = [epoch | {"number": n, "validation_accuracy": 0.4, "validation_macro_f1": 0.3} for n in (1, 2, 3)]
    (made.folder / runs.LOG).write_text("".join(json.dumps(line) + "\n" for line in lines))
    if protocols:
        runs.write_scores(made, scores(*protocols))
    return runs.mark(made, "finished")
