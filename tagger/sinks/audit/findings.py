"""What an audit of a library found: frozen records, free of any page, picture or terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tagger.records import Credits, Score

N_BINS = 10
"""Of confidence, each a tenth wide."""

SURE = 0.5
"""Confidence from which what is heard is more likely right than wrong."""


class Standing(StrEnum):
    """How the tags of a track and what is heard in it stand to each other."""

    agrees = "agrees"
    differs = "differs"
    unsure = "don't know"
    foreign = "not comparable"
    untagged = "no genre"
    unread = "tags not read"


@dataclass(frozen=True, slots=True)
class Entry:
    """A track that was heard.

    Attributes:
        path: Where it is.
        scores: Every genre of the model, strongest first, with its calibrated probability.
        genre: What is heard; None for "don't know".
        tags: Genres in the file; None if they cannot be read.
        meant: Genres of the model that these may stand for; none if they are none of them.
        standing: How the two stand to each other.
        made: Who made it and what it is on, as its tags say.
    """

    path: Path
    scores: tuple[Score, ...]
    genre: str | None
    tags: tuple[str, ...] | None
    meant: tuple[str, ...]
    standing: Standing
    made: Credits = field(default_factory=Credits)

    @property
    def confidence(self) -> float:
        """Probability of the strongest genre, 0 to 1, also for "don't know"."""
        return self.scores[0].probability

    @property
    def tag_probability(self) -> float:
        """Probability of all genres together that the tags may stand for, 0 to 1."""
        return min(1.0, sum(score.probability for score in self.scores if score.genre in self.meant))


@dataclass(frozen=True, slots=True)
class Suspect:
    """A tag that is probably wrong.

    Attributes:
        entry: The track.
        surprise: Logarithm of how much the tag surprises, the more the higher: see `tagger.audit.suspects`.
        mistaken: How often the model says this of test tracks of the genre that stands there, 0 to 1; None if
            its card does not tell.
    """

    entry: Entry
    surprise: float
    mistaken: float | None


@dataclass(frozen=True, slots=True)
class Expectation:
    """How many tags are wrong, if the model is right as often here as in its tests.

    Attributes:
        judged: Tracks whose tags and sound are both known.
        differing: How many of these differ.
        by_itself: In how many the model alone would differ if every tag were right.
        wrong: How many tags are wrong then.
        fewest: The same at the lower end of the interval of the tests' accuracy.
        most: At its upper end.
        accuracy: Of the tests, weighted as the genres are here, 0 to 1.
    """

    judged: int
    differing: int
    by_itself: int
    wrong: int
    fewest: int
    most: int
    accuracy: float


@dataclass(frozen=True, slots=True)
class Variant:
    """Names of genres that are probably one, or that hold several.

    Attributes:
        kind: "spelling", "plural", "word order", "misspelling", "list" or "number".
        names: The names as they stand in tags, with how many tracks have them, the most frequent first.
        suggestion: What could stand in their place; several where one name holds several genres.
    """

    kind: str
    names: tuple[tuple[str, int], ...]
    suggestion: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Album:
    """An album whose tracks disagree.

    Attributes:
        folder: Where its tracks are; folders of its discs count as the folder above them.
        title: As the tags say it.
        size: Number of its tracks.
        is_compilation: Whether it joins many artists, so that to disagree is no mistake.
        tagged: Genres in the tags of its tracks, with how many tracks have them.
        heard: Genres heard for sure in its tracks, likewise.
        outliers: Tracks in which something else is heard for sure than in most.
    """

    folder: Path
    title: str
    size: int
    is_compilation: bool
    tagged: Mapping[str, int]
    heard: Mapping[str, int]
    outliers: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that was not heard, or whose tags were not read.

    Attributes:
        path: Where it is.
        kind: "failed", "skipped" (nothing to hear), "tags" or "not heard" (the cache does not know why).
        reason: In words.
    """

    path: Path
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Landscape:
    """The library in two dimensions: tracks that sound alike to the model are near each other.

    Attributes:
        method: How it was made, for people; empty if there is none.
        reason: Why there is none; empty if there is one.
        points: For each entry its place, each coordinate 0 to 1; None where nothing is remembered of how it
            sounds.
        beside: Of each genre, shares of genres among the nearest tracks on the map, the largest first.
    """

    method: str = ""
    reason: str = ""
    points: tuple[tuple[float, float] | None, ...] = ()
    beside: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Absent:
    """What the cache knows, but is not shown.

    Attributes:
        gone: Files that are no longer where they were.
        changed: Files that changed since they were heard.
        unplaced: Number of recordings that the cache knows without knowing where they are.
    """

    gone: tuple[Path, ...] = ()
    changed: tuple[Path, ...] = ()
    unplaced: int = 0


@dataclass(frozen=True, slots=True)
class Name:
    """A genre's name in tags, the number of tracks that have it, and genres of the model it may stand for."""

    name: str
    count: int
    meant: tuple[str, ...]


@dataclass(frozen=True)
class Audit:
    """Everything that was found.

    Attributes:
        model: Name of the model.
        genres: Its genres.
        entries: Every track that was heard, by path.
        names: The names of genres in tags, the most frequent first.
        heard: Number of tracks by what is heard, "don't know" left out.
        tagged: Number of tracks by what their tags stand for; one of several meanings counts for the first.
        standings: Number of tracks by how tags and sound stand to each other.
        histogram: Number of tracks in each tenth of confidence.
        confusion: Number of tracks, by what the tags say and what is heard, where both are known.
        suspects: Tags that are probably wrong, the most surprising first.
        expectation: How many are wrong; None if the card does not let us say.
        variants: Names that are probably one.
        albums: Albums whose tracks disagree, the worst first, compilations last.
        n_albums: Number of albums of two tracks or more.
        unread: Files that were not heard, or whose tags were not read.
        landscape: The map.
        absent: What the cache knows, but is not shown.
    """

    model: str
    genres: tuple[str, ...]
    entries: tuple[Entry, ...]
    names: tuple[Name, ...]
    heard: Mapping[str, int]
    tagged: Mapping[str, int]
    standings: Mapping[Standing, int]
    histogram: tuple[int, ...]
    confusion: Mapping[tuple[str, str], int]
    suspects: tuple[Suspect, ...]
    expectation: Expectation | None
    variants: tuple[Variant, ...]
    albums: tuple[Album, ...]
    n_albums: int
    unread: tuple[Unread, ...]
    landscape: Landscape = field(default_factory=Landscape)
    absent: Absent = field(default_factory=Absent)
