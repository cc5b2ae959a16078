"""How a run listens, and how it is told to end."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import threading
from dataclasses import asdict, dataclass, field

import numpy as np
from numpy.typing import NDArray

from tagger.inference.abstain import Rule
from tagger.inference.artefact import Artefact
from tagger.inference.runtime import Runtime
from tagger.inference.vote import METHODS

# Raised with whatever changes the numbers of a verdict without changing the model.
_NUMBERS = 5


@dataclass(frozen=True)
class Plan:
    """How a model listens.

    Attributes:
        artefact: The model folder.
        runtime: What computes its network.
        window_frames: Length of a window, in frames.
        hop_frames: Distance of windows, in frames.
        batch_size: Number of windows the network takes at a time, always.
        jobs: Number of tracks decoded side by side.
        vote: A key of `tagger.inference.vote.METHODS`.
        rule: Which verdicts are named; the others are "don't know".
        effort: How much of a track is heard: "full" for all, "auto" for enough, "fast" for a few windows.
    """

    artefact: Artefact
    runtime: Runtime
    window_frames: int
    hop_frames: int
    batch_size: int = 64
    jobs: int = 1
    vote: str = "soft"
    rule: Rule = field(default_factory=Rule)
    effort: str = "full"

    @functools.cached_property
    def ways(self) -> tuple[bytes, ...]:
        """The ways of listening whose results will do: this one, and that which hears all."""
        return tuple(dict.fromkeys([self.way, dataclasses.replace(self, effort="full").way]))

    @functools.cached_property
    def kin(self) -> tuple[bytes, ...]:
        """The ways of listening whose embeddings compare with this one's, the most thorough first.

        An embedding is the mean of the windows that were heard, however they voted.
        """
        efforts, votes = ("full", "auto", "fast"), (self.vote, *METHODS)
        ways = [dataclasses.replace(self, effort=one, vote=how).way for one in efforts for how in votes]
        return tuple(dict.fromkeys(ways))

    @functools.cached_property
    def thresholds(self) -> NDArray[np.float64]:
        """Confidence from which the model's card lets each genre be written, shape (n_genres,)."""
        card = self.artefact.card
        return np.array([card.thresholds[genre] for genre in card.genres])

    @functools.cached_property
    def way(self) -> bytes:
        """Digest of all that shapes the numbers of a verdict; other ways of listening give other numbers."""
        card = self.artefact.card
        shaping = {
            "numbers": _NUMBERS,
            "checksums": dict(card.checksums),
            "front_end": asdict(card.front_end),
            "temperature": card.calibration.temperature,
            "genres": list(card.genres),
            "thresholds": self.thresholds.tolist(),
            "window": [self.window_frames, self.hop_frames],
            "vote": self.vote,
            "effort": self.effort,
        }
        return hashlib.blake2b(json.dumps(shaping, sort_keys=True).encode(), digest_size=16).digest()


class Halt:
    """Asks a run to end: `after_tracks_in_hand` finishes what was begun, `now` drops it."""

    def __init__(self) -> None:
        self.after_tracks_in_hand = threading.Event()
        self.now = threading.Event()
