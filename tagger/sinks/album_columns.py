r"""What reports tell of albums, behind the other columns: format version 3.

album             title of the album that the track is on; null if it is on none
album_standing    "agrees" or "differs": whether the track by itself has the album's genre; "left alone"
                  where the album has no say
album_genre       strongest genre of the album's tracks together; null where it has no say
album_confidence  its probability, 0 to 1; null likewise
album_tracks      number of its tracks that were heard
album_reason      why it has no say; empty if it has
own_genres        as `genres`: what the track by itself says; [] if nothing was heard
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tagger.records import Score, Verdict

COLUMNS = (
    "album",
    "album_standing",
    "album_genre",
    "album_confidence",
    "album_tracks",
    "album_reason",
    "own_genres",
)


def of(verdict: Verdict | None, top_k: int | None) -> dict[str, Any]:
    """The values of `COLUMNS`, in their order; of genres the `top_k` strongest, or all."""
    row: dict[str, Any] = dict.fromkeys(COLUMNS) | {"album_reason": "", "own_genres": []}
    if verdict is None:
        return row
    standing = verdict.standing
    if standing is None:
        return row | {"own_genres": ranked(verdict.scores[:top_k])}
    album = standing.album
    row |= {"album": album.title, "album_standing": standing.told, "album_tracks": album.n_tracks}
    row |= {"album_reason": album.reason, "own_genres": ranked(standing.own[:top_k])}
    if not album.reason:
        top = album.scores[0]
        row |= {"album_genre": top.genre, "album_confidence": round(top.probability, 4)}
    return row


def ranked(scores: Sequence[Score]) -> list[dict[str, Any]]:
    """Genres and probabilities as reports list them."""
    return [{"genre": score.genre, "probability": round(score.probability, 4)} for score in scores]
