r"""An audit for other programs.

Format version 1. JSON: one object; its keys are those of `whole`. CSV: one row for each track that was heard,
the columns `COLUMNS`, first the tags that are probably wrong in their order, then the other tracks by path;
several genres are joined by "; ". Bytes of a name that are not UTF-8 are escapes, \udc80 to \udcff.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from tagger.sinks.audit.findings import N_BINS, Audit, Entry, Suspect

FORMAT_VERSION = 1

COLUMNS = (
    "rank",
    "path",
    "standing",
    "tags",
    "tags_mean",
    "genre",
    "confidence",
    "tag_probability",
    "mistaken",
    "surprise",
    "artist",
    "album",
    "x",
    "y",
)


def whole(audit: Audit) -> dict[str, Any]:
    """Everything, as JSON holds it."""
    return {
        "format": FORMAT_VERSION,
        "kind": "audit",
        "model": audit.model,
        "counts": _counts(audit),
        "genres": _genres(audit),
        "names": [{"name": one.name, "tracks": one.count, "means": list(one.meant)} for one in audit.names],
        "histogram": [
            {"from": number / N_BINS, "to": (number + 1) / N_BINS, "tracks": count}
            for number, count in enumerate(audit.histogram)
        ],
        "confusion": [
            {"tag": said, "genre": genre, "tracks": count}
            for (said, genre), count in sorted(audit.confusion.items())
        ],
        "expectation": _expectation(audit),
        "variants": [
            {"kind": one.kind, "names": dict(one.names), "suggestion": list(one.suggestion)}
            for one in audit.variants
        ],
        "albums": [
            {
                "folder": str(one.folder),
                "title": one.title,
                "tracks": one.size,
                "is_compilation": one.is_compilation,
                "tags": dict(one.tagged),
                "genres": dict(one.heard),
                "outliers": list(map(str, one.outliers)),
            }
            for one in audit.albums
        ],
        "unread": [{"path": str(one.path), "kind": one.kind, "reason": one.reason} for one in audit.unread],
        "gone": list(map(str, audit.absent.gone)),
        "changed": list(map(str, audit.absent.changed)),
        "map": {
            "method": audit.landscape.method,
            "reason": audit.landscape.reason,
            "beside": {
                genre: {other: round(share, 4) for other, share in shares.items()}
                for genre, shares in audit.landscape.beside.items()
            },
        },
        "tracks": list(tracks(audit)),
    }


def _counts(audit: Audit) -> dict[str, Any]:
    return {
        "heard": len(audit.entries),
        **{standing.name: count for standing, count in sorted(audit.standings.items())},
        "suspects": len(audit.suspects),
        "variants": len(audit.variants),
        "albums": audit.n_albums,
        "albums_disagreeing": sum(not one.is_compilation for one in audit.albums),
        "unread": len(audit.unread),
        "gone": len(audit.absent.gone),
        "changed": len(audit.absent.changed),
        "unplaced": audit.absent.unplaced,
    }


def _genres(audit: Audit) -> list[dict[str, Any]]:
    return [
        {"genre": genre, "heard": audit.heard.get(genre, 0), "tagged": audit.tagged.get(genre, 0)}
        for genre in audit.genres
    ]


def _expectation(audit: Audit) -> dict[str, Any] | None:
    found = audit.expectation
    if found is None:
        return None
    return {
        "judged": found.judged,
        "differing": found.differing,
        "by_itself": found.by_itself,
        "wrong": found.wrong,
        "fewest": found.fewest,
        "most": found.most,
        "accuracy": round(found.accuracy, 4),
    }


def tracks(audit: Audit) -> Iterator[dict[str, Any]]:
    """The columns of every track that was heard, suspects first in their order."""
    points = audit.landscape.points or (None,) * len(audit.entries)
    places = {entry.path: point for entry, point in zip(audit.entries, points, strict=True)}
    suspects = {one.entry.path: (rank, one) for rank, one in enumerate(audit.suspects, start=1)}
    rest = [entry for entry in audit.entries if entry.path not in suspects]
    for entry in [*(one.entry for one in audit.suspects), *rest]:
        yield _track(entry, suspects.get(entry.path), places[entry.path])


def _track(
    entry: Entry, suspicion: tuple[int, Suspect] | None, place: tuple[float, float] | None
) -> dict[str, Any]:
    rank, suspect = suspicion or (None, None)
    mistaken = suspect.mistaken if suspect else None
    values: Mapping[str, Any] = {
        "rank": rank,
        "path": str(entry.path),
        "standing": entry.standing.value,
        "tags": None if entry.tags is None else list(entry.tags),
        "tags_mean": list(entry.meant),
        "genre": entry.genre,
        "confidence": round(entry.confidence, 4),
        "tag_probability": round(entry.tag_probability, 4) if entry.meant else None,
        "mistaken": None if mistaken is None else round(mistaken, 4),
        "surprise": round(suspect.surprise, 4) if suspect else None,
        "artist": entry.made.artist,
        "album": entry.made.album,
        "x": place[0] if place else None,
        "y": place[1] if place else None,
    }
    return {name: values[name] for name in COLUMNS}


def table(audit: Audit) -> str:
    """The tracks as CSV after RFC 4180."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in tracks(audit):
        writer.writerow("; ".join(cell) if isinstance(cell, list) else cell for cell in row.values())
    return text.getvalue()
