"""What all runtimes share: the shape of a network, and what is wrong with files that hold none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tagger.errors import ModelError
from tagger.inference import card as cards
from tagger.inference.artefact import Artefact

Array = NDArray[np.float32]

LOGITS, EMBEDDING = "logits", "embedding"


class Runtime(Protocol):
    """What computes a network."""

    @property
    def name(self) -> str:
        """Its key in `RUNTIMES`."""

    @property
    def device(self) -> str:
        """What it runs on, for people."""

    def outputs(self, windows: Array) -> tuple[Array, Array]:
        """Run the network on a batch of windows, shape (batch_size, n_frames, n_bands).

        Returns:
            Logits, shape (batch_size, n_genres), and embeddings, shape (batch_size, n_values), n_values being 0
            for networks without.
        """

    def logits(self, windows: Array) -> Array:
        """The logits alone."""


def pair(outputs: Sequence[Array]) -> tuple[Array, Array]:
    """Logits and embeddings, the latter empty where the network has none."""
    logits = outputs[0]
    return logits, outputs[1] if len(outputs) > 1 else np.empty((len(logits), 0), np.float32)


def check_fit(artefact: Artefact, file: Path, n_frames: Any, n_bands: Any, n_genres: Any) -> None:
    """Raise `ModelError` for a network that takes or gives other numbers than its card says.

    A number of frames that is no number, such as a name or None, is one that the network leaves open.
    """
    card = artefact.card
    if isinstance(n_frames, int) and (n_frames != card.window.frames or card.window.variable):
        said = "of any length" if card.window.variable else f"of {card.window.frames}"
        raise ModelError(
            f"{file}: windows of {n_frames} frames do not fit the card, which says windows {said}",
            hint=cards.HINT,
        )
    if (n_bands, n_genres) != (card.front_end.n_bands, len(card.genres)):
        raise ModelError(
            f"{file}: {n_bands} bands in and {n_genres} genres out do not fit the card, "
            f"which has {card.front_end.n_bands} and {len(card.genres)}",
            hint=cards.HINT,
        )


def unusable(file: Path, error: Exception) -> ModelError:
    """What to raise for a file that a runtime refuses."""
    return ModelError(f"{file}: cannot be used: {first_line(error)}")


def unloadable(library: str, packages: str, other: str, error: Exception) -> ModelError:
    """What to raise for a library that a runtime needs and that cannot be loaded.

    Args:
        library: What it is called.
        packages: What is to be installed again.
        other: The runtime that does without it.
        error: What importing it raised.
    """
    return ModelError(
        f"{library} cannot be loaded: {first_line(error)}",
        hint=f"`pip install --force-reinstall {packages}`, or `--runtime {other}`, which does without it",
    )


def first_line(error: Exception) -> str:
    """The first line of what an error says, or its kind where it says nothing."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
