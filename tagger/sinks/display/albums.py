"""What people are told of albums, beside their tracks."""

from __future__ import annotations

from tagger.records import Album, Score, Tagged
from tagger.sinks.display import drawing


def cell(result: Tagged) -> str:
    """What the album of a track says, and where the track stands, in one cell; empty for one on no album."""
    standing = result.verdict.standing
    if standing is None:
        return ""
    album = heading(standing.album)
    return album if standing.album.reason else f"{album}; {standing.told}{_by_itself(result)}"


def heading(album: Album) -> str:
    """An album and what its tracks say together, or why it has no say."""
    tracks = f"{album.n_tracks} track{'' if album.n_tracks == 1 else 's'}"
    told = f"left alone: {album.reason}" if album.reason else _score(album.scores[0])
    return f"{album.title}, {tracks}: {told}"


def beside(result: Tagged) -> str:
    """What sets a track apart from the others of its album; empty if nothing does."""
    standing = result.verdict.standing
    if standing is None or standing.told != "differs":
        return ""
    return f"its album: {_score(standing.album.scores[0])}{_by_itself(result)}"


def _by_itself(result: Tagged) -> str:
    """The track's own strongest genre, where its album's help made it another one."""
    standing = result.verdict.standing
    if standing is None or standing.own[0].genre == result.verdict.scores[0].genre:
        return ""
    return f"; by itself {_score(standing.own[0])}"


def _score(score: Score) -> str:
    return f"{score.genre} {drawing.percent(score.probability)}"
