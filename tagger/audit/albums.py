"""Albums whose tracks disagree: in their tags, or in what is heard."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from tagger.sinks.audit.findings import SURE, Album, Entry
from tagger.sinks.tags import spelling

_DISC = re.compile(r"(?:cd|dis[ck]|disque|vol(?:ume)?|side|seite|part)[\s._-]*(?:\d{1,2}|[a-d])", re.IGNORECASE)
_VARIOUS = frozenset(
    map(spelling.key, ["Various", "Various Artists", "VA", "V.A.", "Verschiedene", "Diverse", "Divers"])
)

# So many artists on an album without an album artist are no guests any more.
_MANY_ARTISTS = 3


def group(entries: Iterable[Entry]) -> dict[tuple[Path, str], list[Entry]]:
    """The tracks of each album of two tracks or more, by its folder and the key of its title.

    Discs in folders of their own are one album; tracks without an album in their tags are in none.
    """
    found: dict[tuple[Path, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        if key := spelling.key(entry.album):
            folder = entry.path.parent
            found[folder.parent if _DISC.fullmatch(folder.name) else folder, key].append(entry)
    return {album: tracks for album, tracks in found.items() if len(tracks) > 1}


def disagreeing(entries: Iterable[Entry]) -> tuple[int, tuple[Album, ...]]:
    """Number of albums, and those whose tracks disagree, the worst first, compilations last."""
    grouped = group(entries)
    albums = [(_album(folder, tracks), _strife(tracks)) for (folder, _), tracks in grouped.items()]
    worst = sorted(
        ((album, strife) for album, strife in albums if len(album.tagged) > 1 or album.outliers),
        key=lambda one: (
            one[0].is_compilation,
            -one[1] - _share_of_outliers(one[0]),
            one[0].folder,
            one[0].title,
        ),
    )
    return len(albums), tuple(album for album, _ in worst)


def _album(folder: Path, tracks: list[Entry]) -> Album:
    tagged = _spelled_alike(one for track in tracks for one in _telling(track))
    sure = [track for track in tracks if track.genre and track.confidence >= SURE]
    heard = Counter(track.genre for track in sure if track.genre)
    ((main, n_main),) = heard.most_common(1) or [("", 0)]
    is_majority = n_main > len(sure) / 2
    return Album(
        folder=folder,
        title=tracks[0].album,
        size=len(tracks),
        is_compilation=_is_compilation(tracks),
        tagged=dict(tagged.most_common()) if _differ(tracks) else dict(tagged.most_common(1)),
        heard=dict(heard.most_common()),
        outliers=tuple(track.path for track in sure if track.genre != main) if is_majority else (),
    )


def _differ(tracks: list[Entry]) -> bool:
    """Whether the tags of tracks differ by more than spelling; none is not another one."""
    return len({frozenset(map(spelling.key, telling)) for track in tracks if (telling := _telling(track))}) > 1


def _telling(track: Entry) -> tuple[str, ...]:
    """The genres in the tags of a track, each once, but for those that say nothing."""
    return tuple(dict.fromkeys(tag for tag in track.tags or () if not spelling.says_nothing(tag)))


def _spelled_alike(names: Iterable[str]) -> Counter[str]:
    """Count names, each by its first spelling."""
    first: dict[str, str] = {}
    return Counter(first.setdefault(spelling.key(name), name) for name in names)


def _is_compilation(tracks: list[Entry]) -> bool:
    """Whether an album joins many artists: it says so, or names no other and most of its tracks differ."""
    owners = {spelling.key(track.album_artist) for track in tracks if track.album_artist}
    if owners:
        return bool(owners & _VARIOUS)
    artists = {spelling.key(track.artist) for track in tracks if track.artist}
    return len(artists) >= _MANY_ARTISTS and len(artists) > len(tracks) / 2


def _strife(tracks: list[Entry]) -> float:
    """Share of tracks whose tags stand for none of the genres that most tracks' tags may stand for.

    Finer names of one genre are no strife to speak of: each counts as a twentieth.
    """
    meant = Counter(genre for track in tracks for genre in track.meant)
    ((main, _),) = meant.most_common(1) or [("", 0)]
    others = sum(bool(track.meant) and main not in track.meant for track in tracks)
    names = len({spelling.key(tag) for track in tracks for tag in _telling(track)})
    return (others + 0.05 * names) / len(tracks)


def _share_of_outliers(album: Album) -> float:
    return len(album.outliers) / album.size
