"""Albums whose tracks disagree: in their tags, or in what is heard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tagger.albums import grouping
from tagger.sinks.audit.findings import SURE, Album, Entry
from tagger.sinks.tags import spelling


def group(entries: Iterable[Entry]) -> list[list[Entry]]:
    """The tracks of each album of two tracks or more: see `grouping.group`."""
    tracks = list(entries)
    found = grouping.group([(track.path, track.made) for track in tracks])
    return [[tracks[index] for index in album] for album in found if len(album) > 1]


def disagreeing(entries: Iterable[Entry]) -> tuple[int, tuple[Album, ...]]:
    """Number of albums, and those whose tracks disagree, the worst first, compilations last."""
    grouped = group(entries)
    albums = [(_album(tracks), _strife(tracks)) for tracks in grouped]
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


def _album(tracks: list[Entry]) -> Album:
    tagged = _spelled_alike(one for track in tracks for one in _telling(track))
    sure = [track for track in tracks if track.genre and track.confidence >= SURE]
    heard = Counter(track.genre for track in sure if track.genre)
    ((main, n_main),) = heard.most_common(1) or [("", 0)]
    is_majority = n_main > len(sure) / 2
    return Album(
        folder=grouping.place(tracks[0].path),
        title=tracks[0].made.album,
        size=len(tracks),
        is_compilation=bool(grouping.objection(track.made for track in tracks)),
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
