"""An explanation made by hand, for the sinks that show it."""

from pathlib import Path

import numpy as np

from tagger.explanation import (
    Attribution,
    BandEffect,
    Deciding,
    Excerpt,
    Explanation,
    Neighbour,
    Timeline,
    Waveform,
)
from tagger.records import Score, Track, Verdict

GENRES = ("Blues", "Jazz", "R&B", "Rock")
SCORES = (Score("Jazz", 0.62), Score("R&B", 0.23), Score("Rock", 0.1), Score("Blues", 0.05))
BANDS = (
    BandEffect("sub-bass", 20, 60, 0.004, "Jazz"),
    BandEffect("bass", 60, 250, -0.42, "R&B"),
    BandEffect("mids", 500, 2000, -0.13, "Jazz"),
)


def explanation(
    path: Path = Path("/music/$a <b> \udcff.mp3"),
    *,
    genre: str | None = "Jazz",
    bands: tuple[BandEffect, ...] = BANDS,
    neighbours: tuple[Neighbour, ...] = (Neighbour(Path("/music/other.mp3"), 0.93, "Jazz", 0.7, ("Bebop",)),),
) -> Explanation:
    """A track of twelve seconds: Jazz, then silence, then R&B."""
    rng = np.random.default_rng(0)
    rows = np.array([[0.1, 0.8, 0.05, 0.05], [0.0, 0.9, 0.1, 0.0], [np.nan] * 4, [0.1, 0.2, 0.6, 0.1]])
    places = np.array([[0, 3], [3, 6], [6, 9], [9, 12]], float)
    cells = rng.random((1200, 40)).astype(np.float32)
    excerpt = Excerpt(
        start_seconds=0.0,
        seconds_per_frame=0.01,
        spectrogram=rng.normal(-40, 12, (1200, 40)).astype(np.float32),
        band_hz=np.geomspace(50, 7500, 40),
        winner=Attribution("Jazz", cells),
        runner_up=Attribution("R&B", 1 - cells),
        method="integrated gradients",
    )
    return Explanation(
        verdict=Verdict(Track(path), SCORES, genre, 12.0, 3, "default", "" if genre else "confidence is low"),
        genres=GENRES,
        timeline=Timeline(places, np.array([-20.0, -18.0, -90.0, -22.0]), rows),
        waveform=Waveform(-rng.random(240).astype(np.float32), rng.random(240).astype(np.float32), 0.05),
        excerpt=excerpt,
        deciding=(Deciding(3, 6, 0.2, 0.9, 0.1), Deciding(0, 3, 0.11, 0.8, 0.05)),
        bands=bands,
        n_tried=3,
        tried_confidence=0.62,
        raw=(Score("Jazz", 0.48), Score("R&B", 0.27), Score("Rock", 0.15), Score("Blues", 0.1)),
        temperature=0.58,
        neighbours=neighbours,
        n_compared=len(neighbours),
        no_neighbours="" if neighbours else "no library has been scanned yet",
    )
