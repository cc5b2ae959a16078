"""The frozen records that travel from stage to stage."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:  # help and light commands need records, but not the 0.1 s that numpy takes to import
    import numpy as np
    from numpy.typing import NDArray


UNCHANGED = "already has this genre"
"""The reason of a file that is left alone because it needs nothing."""

SILENT, CLIPPED, DONT_KNOW = "silent", "clipped", "don't know"
"""What people are told of a moment that has no genre."""


def below(confidence: float, threshold: float) -> str:
    """Say in whole percent that a confidence is too low, without ever saying that a number is below itself."""
    percent = round(confidence * 100)
    if percent >= threshold * 100:
        percent = math.floor(round(confidence * 100, 6))  # so that 0.29 is not 28 %
    return f"confidence {percent} % is below {threshold * 100:g} %"


@dataclass(frozen=True, slots=True)
class Track:
    """A recording that was found.

    Attributes:
        path: Where it is. Bytes of a name that are not UTF-8 are kept as surrogate escapes (PEP 383).
    """

    path: Path


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells that a file is the same and was not written since, as far as its folder knows.

    Attributes:
        device: Number of the file system.
        inode: Number of the file there.
        size: Length in bytes.
        mtime_ns: Time of the last change of its content, in nanoseconds.
        ctime_ns: Time of the last change of anything about it.
    """

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        """Take it from what `os.stat` says."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """The fixed excerpt the network sees.

    Attributes:
        frames: Shape (n_frames, n_bands), float32, in the unit of the model's front-end.
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
class Credits:
    """What stands in the tags of a file; empty where they say nothing, the first of several values.

    Attributes:
        artist: Who plays.
        album_artist: Whose album it is.
        album: Its title.
        is_compilation: Whether the tags say that it is one of several artists.
    """

    artist: str = ""
    album_artist: str = ""
    album: str = ""
    is_compilation: bool = False


@dataclass(frozen=True, slots=True)
class Album:
    """What was heard in the tracks of an album together.

    Attributes:
        title: By its tags.
        n_tracks: How many of its tracks were heard.
        scores: Every genre of the model as its tracks have it together, strongest first.
        reason: Why the album has no say on its tracks; empty if it has.
    """

    title: str
    n_tracks: int
    scores: tuple[Score, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a track stands against its album.

    Attributes:
        album: What was heard in the album.
        own: Every genre as the track by itself has it, strongest first.
    """

    album: Album
    own: tuple[Score, ...]

    @property
    def told(self) -> Literal["agrees", "differs", "left alone"]:
        """Whether the track by itself has the album's strongest genre, or the album has no say."""
        if self.album.reason:
            return "left alone"
        return "agrees" if self.own[0].genre == self.album.scores[0].genre else "differs"


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
        stamp: What the file was when it was heard; None if that is not known.
        standing: What its album says; None where albums are not judged, or it is on none.
    """

    track: Track
    scores: tuple[Score, ...]
    genre: str | None
    duration_seconds: float
    n_windows: int
    model: str
    reason: str = ""
    stamp: Stamp | None = None
    standing: Standing | None = None

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
        planned: Whether only a dry run kept the file from being changed.
    """

    verdict: Verdict
    tags_before: tuple[str, ...] | None = None
    tags_after: tuple[str, ...] | None = None
    written: bool = False
    reason: str = ""
    failed: bool = False
    planned: bool = False

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
class Notice:
    """What happens in watched folders besides results.

    Attributes:
        kind: "found" a file that will be heard, "moved" one that was seen before, "gone" one that is no more;
            "lost" a watched folder that cannot be reached, "back" one that can be again, "rescan" one that is
            looked through since changes may have been missed.
        path: What it is about.
        old: Where it was before, if it was moved.
    """

    kind: Literal["found", "moved", "gone", "lost", "back", "rescan"]
    path: Path
    old: Path | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Audio of a live source that nobody heard, in the place where it would have been.

    Attributes:
        seconds: How much is missing; 0 where that is not known.
        reason: Why, for people.
    """

    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class Moment:
    """What a live source sounds like at one time, told when a window of it has been heard.

    Attributes:
        end_seconds: Where the window ends, in seconds of the source, gaps included.
        scores: Every genre of the model as the rolling vote has it, strongest first; empty before any window
            was loud enough.
        genre: What is shown; None for "don't know".
        reason: Why there is no genre; empty if there is one.
        is_new: Whether something else begins here: another piece, another genre.
        level_db: RMS level of the window in dB; a full-scale square wave has 0 dB.
        is_silent: Whether the window is too quiet to say anything.
        is_clipped: Whether samples of the window are at the limit of what the source can tell.
        behind_seconds: How long after the window's last sample came this is told.
        lost_seconds: Audio lost so far, gaps and windows dropped together.
    """

    end_seconds: float
    scores: tuple[Score, ...]
    genre: str | None
    reason: str = ""
    is_new: bool = False
    level_db: float = 0.0
    is_silent: bool = False
    is_clipped: bool = False
    behind_seconds: float = 0.0
    lost_seconds: float = 0.0

    @property
    def told(self) -> str:
        """What people are told: "silent", the genre, "clipped", or "don't know"."""
        if self.is_silent:
            return SILENT
        if self.genre is not None:
            return self.genre
        return CLIPPED if self.is_clipped else DONT_KNOW


Heard: TypeAlias = Verdict | Skipped | Failed
Result: TypeAlias = Tagged | Skipped | Failed
