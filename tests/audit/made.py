"""Entries and audits made by hand."""

from __future__ import annotations

import math
from pathlib import Path

from tagger.audit.names import Meanings
from tagger.records import Credits, Score
from tagger.sinks.audit.findings import Audit, Entry, Landscape, Standing, Suspect, Unread

GENRES = ("Blues", "Classical", "Electronic", "Hip-Hop", "Metal", "Pop", "Rock")
MEANINGS = Meanings(GENRES)


def entry(
    path: str | Path,
    tags: tuple[str, ...] | None,
    genre: str,
    confidence: float = 0.9,
    *,
    known: bool = True,
    artist: str = "",
    album_artist: str = "",
    album: str = "",
    is_compilation: bool = False,
    **others: float,
) -> Entry:
    """A track whose probabilities are given for some genres; the others share what is left."""
    given = {genre: confidence} | {name.replace("_", "-"): share for name, share in others.items()}
    rest = [name for name in GENRES if name not in given]
    left = (1 - math.fsum(given.values())) / len(rest)
    scores = [Score(name, given.get(name, left)) for name in GENRES]
    meant = tuple(dict.fromkeys(one for tag in tags or () for one in MEANINGS.of(tag)))
    standing = Standing.agrees if genre in meant else Standing.differs if meant else Standing.foreign
    if not tags:
        standing = Standing.unread if tags is None else Standing.untagged
    return Entry(
        path=Path(path),
        scores=tuple(sorted(scores, key=lambda score: -score.probability)),
        genre=genre if known else None,
        tags=tags,
        meant=meant,
        standing=standing if known or not meant else Standing.unsure,
        made=Credits(artist, album_artist, album, is_compilation),
    )


def audit(entries: list[Entry], unread: tuple[Unread, ...] = ()) -> Audit:
    """An audit of these, its suspects in the order of the entries and its map a row of points."""
    differing = [one for one in entries if one.standing == Standing.differs]
    n_points = max(1, len(entries) - 1)
    return Audit(
        model="a model",
        genres=GENRES,
        entries=tuple(entries),
        names=(),
        heard={},
        tagged={},
        standings={},
        histogram=(len(entries), *(0,) * 9),
        confusion={("Rock", "Pop"): 2, ("Rock", "Rock"): 3},
        suspects=tuple(Suspect(one, 1.0, 0.25) for one in differing),
        expectation=None,
        variants=(),
        albums=(),
        n_albums=0,
        unread=unread,
        landscape=Landscape("by hand", points=tuple((n / n_points, 0.5) for n in range(len(entries)))),
    )
