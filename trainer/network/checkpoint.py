"""The state of a training that may be interrupted: written after every epoch, so that it can go on."""

from __future__ import annotations

import dataclasses
import json
import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tagger.errors import OutputError

_FILE = "training.npz"
_GROUPS = ("variables", "optimizer", "best", "mean")


@dataclass
class State:
    """How far a training has come.

    Attributes:
        phase: The part it is in, from 0.
        phase_epoch: Epochs done in that part.
        epoch: Epochs done in all.
        best_score: The best so far.
        best_epoch: The epoch that reached it, from 1; 0 for none.
        n_worse: Judged epochs since.
        n_steps: Steps that the running mean has seen.
        variables: All variables of the network.
        optimizer: Those of the optimiser; empty at the start of a part.
        best: Weights of the best epoch.
        mean: Running mean of the weights; empty if there is none.
    """

    phase: int = 0
    phase_epoch: int = 0
    epoch: int = 0
    best_score: float = -np.inf
    best_epoch: int = 0
    n_worse: int = 0
    n_steps: int = 0
    variables: list[Any] = field(default_factory=list)
    optimizer: list[Any] = field(default_factory=list)
    best: list[Any] = field(default_factory=list)
    mean: list[Any] = field(default_factory=list)


def save(state: State, folder: Path) -> None:
    """Write a state, whole or not at all.

    Raises:
        OutputError: It cannot be written.
    """
    numbers = {entry.name: getattr(state, entry.name) for entry in dataclasses.fields(state)}
    arrays: dict[str, Any] = {
        f"{group}.{place:04d}": np.asarray(array)
        for group in _GROUPS
        for place, array in enumerate(numbers.pop(group))
    }
    partial = folder / f"{_FILE}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as stream:
            np.savez(stream, numbers=np.array(json.dumps(numbers)), **arrays)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(folder / _FILE)
    except OSError as error:
        raise OutputError(f"{folder}: the training's state cannot be written: {error.strerror}") from error


def load(folder: Path) -> State | None:
    """The state that was written into a folder; None if there is none.

    Raises:
        OutputError: It is damaged.
    """
    try:
        with (folder / _FILE).open("rb") as stream, np.load(stream, allow_pickle=False) as content:
            groups: dict[str, Any] = {
                group: [content[name] for name in sorted(content) if name.startswith(f"{group}.")]
                for group in _GROUPS
            }
            return State(**json.loads(str(content["numbers"])), **groups)
    except FileNotFoundError:
        return None
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise OutputError(
            f"{folder / _FILE}: the state of a training is damaged", hint="delete it to train from the start"
        ) from error
