"""What a training run tells whoever watches it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class Epoch:
    """What one epoch reached.

    Attributes:
        number: From 1.
        of: Most epochs there will be.
        loss: Training loss, on augmented windows.
        validation_loss: Cross-entropy of the validation tracks' probabilities, in nats.
        validation_accuracy: Share of validation tracks that were named rightly, 0 to 1.
        validation_macro_f1: Mean F1 of the genres over validation tracks, 0 to 1.
        learning_rate: At the end of the epoch.
        seconds: Time it took.
        best: Whether it is the best so far.
        score: What weights are chosen by; higher is better.
    """

    number: int
    of: int
    loss: float
    validation_loss: float
    validation_accuracy: float
    validation_macro_f1: float
    learning_rate: float
    seconds: float
    best: bool
    score: float = 0.0


class Progress(Protocol):
    """Whoever watches a training run."""

    def stage(self, name: str, total: int = 0) -> None:
        """A part of the run begins; `total` steps will follow, 0 if that is unknown."""

    def advance(self) -> None:
        """One step of the part is done."""

    def epoch(self, epoch: Epoch) -> None:
        """An epoch is done."""

    def say(self, message: str) -> None:
        """Something the user should know."""


class Quiet:
    """Nobody watches."""

    def stage(self, name: str, total: int = 0) -> None:
        """See `Progress.stage`."""

    def advance(self) -> None:
        """See `Progress.advance`."""

    def epoch(self, epoch: Epoch) -> None:
        """See `Progress.epoch`."""

    def say(self, message: str) -> None:
        """See `Progress.say`."""


def write_log(log: Path, epoch: Epoch) -> None:
    """Add an epoch to a log, as a line of JSON; what a crash cut off before it stays a line of its own."""
    with log.open("a+b") as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - 1))
        torn = stream.read() not in (b"", b"\n")
        stream.write(b"\n" * torn + json.dumps(dataclasses.asdict(epoch)).encode() + b"\n")


def read_log(log: Path) -> list[dict[str, Any]]:
    """The epochs of a log so far, as plain data; a line that a crash cut off is passed over."""
    found: dict[int, dict[str, Any]] = {}
    with contextlib.suppress(FileNotFoundError):
        for line in log.read_text("utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError, TypeError, KeyError):
                epoch = json.loads(line)
                found[int(epoch["number"])] = epoch  # one that was resumed may come twice: the later counts
    return [found[number] for number in sorted(found)]
