"""The frozen records that travel from stage to stage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:  # help and light commands need records, but not the 0.1 s that numpy takes to import
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Track:
    """A recording that was found.

    Attributes:
        path: Where it is. Bytes of a name that are not UTF-8 are kept as surrogate escapes (PEP 383).
    """

    path: Path


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """The fixed excerpt the network sees.

    Attributes:
        frames: Spectrogram, shape (n_frames, n_mels), float32, in the unit of the model's front-end.
        loudness_db: RMS level of the excerpt in dB; a full-scale square wave has 0 dB.
    """

    frames: NDArray[np.float32]
    loudness_db: float


@dataclass(frozen=True, slots=True)
class Score:
    """A genre and its probability, 0 to 1."""

    genre: str
    probability: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the user is told about a track.

    Attributes:
        track: The track that was heard.
        scores: Every genre of the model, strongest first.
        genre: The strongest genre, or None for "don't know".
        duration_seconds: Length of the audio that was decoded.
        n_windows: Number of windows the network saw.
        model: Name of the model.
        reason: Why there is no genre; empty if there is one.
    """

    track: Track
    scores: tuple[Score, ...]
    genre: str | None
    duration_seconds: float
    n_windows: int
    model: str
    reason: str = ""

    @property
    def confidence(self) -> float:
        """Calibrated probability of the strongest genre, 0 to 1, also when abstaining."""
        return self.scores[0].probability


@dataclass(frozen=True, slots=True)
class Tagged:
    """A track with its verdict and what was done about its tags.

    Attributes:
        verdict: What was heard.
        tags_before: Genres in the file before; None if its tags cannot be read.
        tags_after: Genres in the file now (in a dry run: what they would be).
        written: Whether the file was changed.
        reason: Why the file was written or left alone; empty if writing was not asked for.
        failed: Whether a write was tried and did not succeed.
    """

    verdict: Verdict
    tags_before: tuple[str, ...] | None = None
    tags_after: tuple[str, ...] | None = None
    written: bool = False
    reason: str = ""
    failed: bool = False

    @property
    def track(self) -> Track:
        """The track this is about."""
        return self.verdict.track


@dataclass(frozen=True, slots=True)
class Skipped:
    """A track with nothing to name, and why; nothing is wrong."""

    track: Track
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A track that could not be handled, and why."""

    track: Track
    reason: str


@dataclass(frozen=True, slots=True)
class Writing:
    """What may be done to files.

    Attributes:
        wanted: Whether genres are to be written at all.
        dry_run: Whether to say only what would be written.
    """

    wanted: bool = False
    dry_run: bool = False


Heard: TypeAlias = Verdict | Skipped | Failed
Result: TypeAlias = Tagged | Skipped | Failed
