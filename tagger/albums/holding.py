"""The way of albums through a scan: tracks are held until their folder has been heard, then judged together."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from tagger.albums import grouping, pooling
from tagger.errors import TagError
from tagger.records import Credits, Failed, Heard, Score, Standing, Track, Verdict
from tagger.sinks.tags import credits

Found: TypeAlias = Track | Failed | None
# Far below what other audio makes of a track, far above what rounding does.
_ALIKE = 1e-3

Refusal: TypeAlias = Callable[[Iterable[str], float], str]


def judged(
    tracks: Iterable[Found],
    hear: Callable[[Iterable[Found]], Iterator[Heard]],
    *,
    votes: bool,
    refusal: Refusal,
) -> Iterator[Heard]:
    """Hear tracks, and give each the standing it has in its album.

    A track without an album comes out as soon as it is heard. The others of a folder wait until all of its
    tracks that were found have been heard, and come out together, album by album, in the order in which they
    were found: what waits is never more than the folders that are being heard. Where the run is ended before,
    albums are judged by what was heard of them.

    Args:
        tracks: What was found, one folder after the other; a folder that is left and comes again is another.
        hear: Hears tracks, in any order; see `engine.hear`.
        votes: Whether a track is named with its album's help; else only what the album says is told.
        refusal: Told a genre and its probability, says why it is not named; empty if it is.
    """
    shelf = _Shelf()
    for heard in hear(shelf.taken(tracks)):
        found = _credits(heard.track.path) if isinstance(heard, Verdict) else Credits()
        if isinstance(heard, Verdict) and grouping.title(found):
            shelf.hold(heard, found)
        else:
            shelf.passed(heard.track)
            yield heard
        for album in shelf.complete():
            yield from _told(album, votes, refusal)
    for album in shelf.all():
        yield from _told(album, votes, refusal)


def again(heard: Iterable[Heard], before: Mapping[Track, Verdict]) -> Iterator[Heard]:
    """Judge tracks that were heard again, since their files had changed: as before where they sound as before.

    Args:
        heard: What is heard now.
        before: What `judged` gave.
    """
    for now in heard:
        first = before.get(now.track)
        if not isinstance(now, Verdict) or first is None or first.standing is None:
            yield now
        elif _is_alike(now.scores, first.standing.own):
            yield dataclasses.replace(first, stamp=now.stamp)
        else:
            yield dataclasses.replace(now, standing=Standing(first.standing.album, now.scores))


def _is_alike(one: tuple[Score, ...], other: tuple[Score, ...]) -> bool:
    shares = {score.genre: score.probability for score in other}
    return all(abs(score.probability - shares[score.genre]) < _ALIKE for score in one)


@dataclass(frozen=True, slots=True)
class _Member:
    """A track of an album, and its place in the order in which tracks were found."""

    number: int
    verdict: Verdict
    credits: Credits


@dataclass(eq=False)
class _Folder:
    """What is known of a folder so far."""

    n_waiting: int = 0
    is_left: bool = False
    members: list[_Member] = field(default_factory=list)


class _Shelf:
    """Holds the tracks of folders; one thread at a time takes tracks, another holds what was heard of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folders: list[_Folder] = []
        self._found: dict[Track, tuple[int, _Folder]] = {}
        self._n_taken = 0

    def taken(self, tracks: Iterable[Found]) -> Iterator[Found]:
        """Pass tracks on, and remember in which folder they are."""
        last: Path | None = None
        for track in tracks:
            if isinstance(track, Track):
                with self._lock:
                    if (place := grouping.place(track.path)) != last:
                        self._leave()
                        self._folders.append(_Folder())
                    self._folders[-1].n_waiting += 1
                    self._found[track] = self._n_taken, self._folders[-1]
                    self._n_taken += 1
                last = place
            yield track
        with self._lock:
            self._leave()

    def hold(self, verdict: Verdict, found: Credits) -> None:
        """Keep a track until its folder is complete."""
        with self._lock:
            number, folder = self._found.pop(verdict.track)
            folder.n_waiting -= 1
            folder.members.append(_Member(number, verdict, found))

    def passed(self, track: Track) -> None:
        """Do not wait for a track any more."""
        with self._lock:
            if (place := self._found.pop(track, None)) is not None:  # what was not found has none
                place[1].n_waiting -= 1

    def complete(self) -> list[list[_Member]]:
        """Hand out the albums of which nothing more will come."""
        with self._lock:
            ready = [folder for folder in self._folders if folder.is_left and not folder.n_waiting]
            self._folders = [folder for folder in self._folders if folder not in ready]
        return _albums(ready)

    def all(self) -> list[list[_Member]]:
        """Hand out all that is held."""
        return _albums(self._folders)

    def _leave(self) -> None:
        """No more tracks of the last folder will come."""
        if self._folders:
            self._folders[-1].is_left = True


def _albums(folders: Iterable[_Folder]) -> list[list[_Member]]:
    """The albums of folders and the tracks of each, in the order in which they were found."""
    albums = []
    for folder in folders:
        members = sorted(folder.members, key=lambda one: one.number)
        groups = grouping.group([(one.verdict.track.path, one.credits) for one in members])
        albums += [[members[index] for index in indices] for indices in groups]
    return albums


def _credits(path: Path) -> Credits:
    """What a file's tags say; nothing where they cannot be read."""
    try:
        return credits.read(path)
    except TagError:
        return Credits()


def _told(members: Sequence[_Member], votes: bool, refusal: Refusal) -> Iterator[Verdict]:
    """The tracks of an album with their standings, and with its help if wanted."""
    own = [one.verdict.scores for one in members]
    album = pooling.judge(members[0].credits.album, own, grouping.objection(one.credits for one in members))
    helped = pooling.helped(own) if votes and not album.reason else own
    for one, scores in zip(members, helped, strict=True):
        standing = Standing(album, one.verdict.scores)
        verdict = dataclasses.replace(one.verdict, standing=standing)
        yield verdict if scores is one.verdict.scores else _named(verdict, scores, refusal)


def _named(verdict: Verdict, scores: tuple[Score, ...], refusal: Refusal) -> Verdict:
    reason = refusal([scores[0].genre], scores[0].probability)
    return dataclasses.replace(verdict, scores=scores, genre=None if reason else scores[0].genre, reason=reason)
