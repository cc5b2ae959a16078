"""What an explanation of a verdict says: frozen records, which any sink can show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tagger.records import Score, Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Method = Literal["integrated gradients", "occlusion"]

DECISIVE = 0.1
"""A band decided if the winner loses so much of its probability without it."""


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """What was heard, window by window.

    Attributes:
        places: Start and end of each window, in seconds, shape (n_windows, 2).
        loudness_db: RMS level of each, shape (n_windows,); a full-scale square wave has 0 dB.
        probabilities: Calibrated, in the order of the model's genres, shape (n_windows, n_genres); NaN where a
            window is too quiet to have a vote.
    """

    places: NDArray[np.float64]
    loudness_db: NDArray[np.float64]
    probabilities: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.places)


@dataclass(frozen=True, slots=True, eq=False)
class Waveform:
    """The outline of the samples.

    Attributes:
        lows: Least sample of each of some equal stretches of time, shape (n_points,).
        highs: Greatest sample of each, shape (n_points,).
        seconds_per_point: Length of a stretch; the last may be shorter.
    """

    lows: NDArray[np.float32]
    highs: NDArray[np.float32]
    seconds_per_point: float


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """Which cells of a spectrogram speak for a genre.

    Attributes:
        genre: The genre.
        cells: In the shape of the spectrogram, 0 to 1, the strongest 0.5 % of the excerpt having 1; all 0 if
            nothing speaks for it.
    """

    genre: str
    cells: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Excerpt:
    """The part of the track whose spectrogram is shown.

    Attributes:
        start_seconds: Where it begins in the track.
        seconds_per_frame: Distance of frames.
        spectrogram: In dB, shape (n_frames, n_bands), low bands first.
        band_hz: Middle of each band, shape (n_bands,).
        winner: What speaks for the winner.
        runner_up: What speaks for the runner-up.
        method: What the maps come from: the network ("integrated gradients"), or trying ("occlusion").
    """

    start_seconds: float
    seconds_per_frame: float
    spectrogram: NDArray[np.float32]
    band_hz: NDArray[np.float64]
    winner: Attribution
    runner_up: Attribution
    method: Method

    @property
    def end_seconds(self) -> float:
        """Where it ends in the track."""
        return self.start_seconds + len(self.spectrogram) * self.seconds_per_frame


@dataclass(frozen=True, slots=True)
class Deciding:
    """A window that did much for the verdict.

    Attributes:
        start_seconds: Where it begins.
        end_seconds: Where it ends.
        lead: How much less the winner would lead the runner-up in the whole track without it; less than 0 if
            it would lead by more.
        winner: Probability of the winner in the window.
        runner_up: Probability of the runner-up there.
    """

    start_seconds: float
    end_seconds: float
    lead: float
    winner: float
    runner_up: float


@dataclass(frozen=True, slots=True)
class BandEffect:
    """What becomes of the verdict if nothing moves in a band of frequencies.

    Attributes:
        name: The band, for people.
        low_hz: Its lower edge.
        high_hz: Its upper edge, at most what the model hears.
        change: Of the winner's probability; less than 0 if the band speaks for it.
        genre: The strongest genre then.
    """

    name: str
    low_hz: float
    high_hz: float
    change: float
    genre: str

    @property
    def is_decisive(self) -> bool:
        """Whether the winner owes this band much, or even its place."""
        return self.change <= -DECISIVE


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A track of the library that sounds alike to the model.

    Attributes:
        path: Where it was when it was last seen; None if that is not known.
        similarity: Cosine of the two embeddings, -1 to 1.
        genre: The strongest genre that was heard in it.
        confidence: Its probability, 0 to 1.
        tags: Genres that stood in the file; None if they were not read.
    """

    path: Path | None
    similarity: float
    genre: str
    confidence: float
    tags: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Why a track got its verdict.

    Attributes:
        verdict: That of `tagger scan --effort full`.
        genres: The model's, in its order.
        timeline: What was heard when.
        waveform: The outline of the samples.
        excerpt: The spectrogram of the part that did most, and what in it speaks for which genre.
        deciding: The windows that did most, most first; at most five, at least one, and of several all speak
            for the winner.
        bands: What each band of frequencies does, low ones first.
        n_tried: Number of windows, spread over the track, in which the bands were tried.
        tried_confidence: The winner's probability in these windows with all bands.
        raw: Every genre without calibration, strongest first.
        temperature: What the logits are divided by to calibrate them; 1 changes nothing.
        neighbours: Tracks of the library that sound alike, nearest first.
        n_compared: Number of recordings of the library that were compared.
        no_neighbours: Why there are none, in words; empty if there are.
    """

    verdict: Verdict
    genres: tuple[str, ...]
    timeline: Timeline
    waveform: Waveform
    excerpt: Excerpt
    deciding: tuple[Deciding, ...]
    bands: tuple[BandEffect, ...]
    n_tried: int
    tried_confidence: float
    raw: tuple[Score, ...]
    temperature: float
    neighbours: tuple[Neighbour, ...] = ()
    n_compared: int = 0
    no_neighbours: str = ""

    @property
    def winner(self) -> str:
        """The strongest genre, whether it is named or not."""
        return self.verdict.scores[0].genre

    @property
    def runner_up(self) -> str:
        """The second strongest; a model knows two genres at least."""
        return self.verdict.scores[1].genre

    @property
    def raw_confidence(self) -> float:
        """Probability of the winner without calibration, 0 to 1."""
        return next(score.probability for score in self.raw if score.genre == self.winner)

    @property
    def decided(self) -> tuple[BandEffect, ...]:
        """The bands that decided, the strongest first; none if no band did alone."""
        return tuple(sorted((band for band in self.bands if band.is_decisive), key=lambda band: band.change))
