"""What a training run tells whoever watches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


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
