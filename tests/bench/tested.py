"""The tracks that tested a training, by models that did not learn from them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.records import Score


@dataclass(frozen=True, eq=False)
class Tested:
    """A table `tracks-PROTOCOL.csv` of a run folder.

    Attributes:
        genres: Of the model.
        files: Names of the tracks.
        groups: Artist or source of each track.
        y_true: Index of each track's genre, shape (n_tracks,).
        y_prob: What was said of it, shape (n_tracks, n_genres).
    """

    genres: tuple[str, ...]
    files: tuple[str, ...]
    groups: NDArray[Any]
    y_true: NDArray[np.intp]
    y_prob: NDArray[np.float64]

    @classmethod
    def read(cls, table: Path) -> Tested:
        """Read a table."""
        with table.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        genres = tuple(rows[0])[list(rows[0]).index("said") + 1 :]
        return cls(
            genres,
            tuple(row["file"] for row in rows),
            np.array([row["group"] for row in rows]),
            np.array([genres.index(row["genre"]) for row in rows], np.intp),
            np.array([[float(row[genre]) for genre in genres] for row in rows]),
        )

    def scores(self, index: int) -> tuple[Score, ...]:
        """What a verdict says of a track: every genre, strongest first."""
        order = np.argsort(-self.y_prob[index], kind="stable")
        return tuple(Score(self.genres[genre], float(self.y_prob[index, genre])) for genre in order)
