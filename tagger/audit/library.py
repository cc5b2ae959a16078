"""A library as the cache knows it, and the records that an audit is made of."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tagger import engine, tagging
from tagger.audit.names import Meanings
from tagger.engine import conclusion
from tagger.errors import TagError
from tagger.records import Credits, Failed, Result, Skipped, Stamp, Tagged, Track, Verdict
from tagger.sinks.audit.findings import Absent, Entry, Standing, Unread
from tagger.sinks.cache import Cache, Place, Ranking
from tagger.sinks.tags import credits, spelling
from tagger.tagging import Tagging


@dataclass(frozen=True)
class Kept:
    """What the cache knows of a library.

    Attributes:
        results: As a scan would give them.
        unheard: Files that it met, but of which it knows nothing by this model in this way.
        absent: What it knows, but what is not there any more.
    """

    results: tuple[Result, ...]
    unheard: tuple[Unread, ...] = ()
    absent: Absent = field(default_factory=Absent)


def kept(cache: Cache, plan: engine.Plan, tags: Tagging) -> Kept:
    """Give what is remembered of every file that is where it was and did not change; nothing is heard.

    Args:
        cache: What was heard before.
        plan: How it would be listened to.
        tags: What is done about tags: nothing.
    """
    results: list[Result] = []
    unheard: list[Unread] = []
    gone: list[Place] = []
    changed: list[Path] = []
    there = set()
    places = cache.places(plan.ways)
    for place in places:
        try:
            stamp = Stamp.of(place.path.stat())
        except OSError:
            gone.append(place)
            continue
        there.add(place.stamp[:2])
        if not place.is_of(stamp):
            changed.append(place.path)
        elif (verdict := _verdict(place, stamp, plan)) is None:
            unheard.append(
                Unread(place.path, "not heard", "this model did not hear it in this way yet, or could not")
            )
        else:
            results.append(tagging.tag(verdict, tags, cache) if isinstance(verdict, Verdict) else verdict)
    moved = [place for place in gone if place.stamp[:2] in there]
    absent = Absent(
        gone=tuple(place.path for place in gone if place not in moved),
        changed=tuple(changed),
        unplaced=cache.unplaced(),
    )
    return Kept(tuple(results), tuple(unheard), absent)


def _verdict(place: Place, stamp: Stamp, plan: engine.Plan) -> Verdict | Skipped | None:
    """What is remembered of a file; None if that is nothing."""
    heard, track = place.heard, Track(place.path)
    if heard is None or not heard.is_sound(len(plan.artefact.card.genres)):
        return None
    if heard.reason:
        return Skipped(track, heard.reason)
    ranking = Ranking.unpack(heard.ranking)
    found = conclusion.verdict(track, ranking, plan, heard.duration_seconds, heard.n_windows)
    return dataclasses.replace(found, stamp=stamp)


def credits_of(
    results: Iterable[Result], places: Mapping[Path, Place], cache: Cache | None
) -> dict[Path, Credits]:
    """Who made the tracks and what they are on, as the cache knows it, else as their tags say."""
    found: dict[Path, Credits] = {}
    read: list[tuple[Path, Stamp, tuple[str, ...]]] = []
    for result in results:
        if not isinstance(result, Tagged):
            continue
        path, stamp = result.track.path, result.verdict.stamp
        place = places.get(located(path))
        if place and place.credits and stamp and place.is_of(stamp):
            artist, album_artist, album, *flags = place.credits
            found[path] = Credits(artist, album_artist, album, any(flags))
            continue
        try:
            found[path] = credits.read(path)
        except TagError:
            found[path] = Credits()
        if stamp is not None:
            read.append((path, stamp, _texts(found[path])))
    if cache is not None and read:
        cache.keep_credits(read)
    return found


def _texts(made: Credits) -> tuple[str, ...]:
    """As the cache keeps them."""
    return made.artist, made.album_artist, made.album, "compilation" if made.is_compilation else ""


def located(path: Path) -> Path:
    """A path as the cache keeps it."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - as in the cache


def entries(results: Iterable[Result], meanings: Meanings, made: Mapping[Path, Credits]) -> tuple[Entry, ...]:
    """The tracks that were heard, by path."""
    found = [_entry(one, meanings, made[one.track.path]) for one in results if isinstance(one, Tagged)]
    return tuple(sorted(found, key=lambda entry: entry.path))


def _entry(result: Tagged, meanings: Meanings, made: Credits) -> Entry:
    verdict, tags = result.verdict, result.tags_before
    texts = () if tags is None else tags
    meant = tuple(dict.fromkeys(genre for text in texts for genre in meanings.of(text)))
    return Entry(
        path=verdict.track.path,
        scores=verdict.scores,
        genre=verdict.genre,
        tags=tags,
        meant=meant,
        standing=_standing(tags, meant, verdict.genre),
        made=made,
    )


def _standing(tags: tuple[str, ...] | None, meant: tuple[str, ...], genre: str | None) -> Standing:
    if tags is None:
        return Standing.unread
    if all(map(spelling.says_nothing, tags)):
        return Standing.untagged
    if not meant:
        return Standing.foreign
    if genre is None:
        return Standing.unsure
    return Standing.agrees if genre in meant else Standing.differs


def unread(results: Iterable[Result]) -> tuple[Unread, ...]:
    """Files that were not heard, and those whose tags were not read."""
    found = []
    for result in results:
        match result:
            case Failed():
                found.append(Unread(result.track.path, "failed", result.reason))
            case Skipped():
                found.append(Unread(result.track.path, "skipped", result.reason))
            case Tagged(tags_before=None):
                reason = result.reason or "no genre can be read from this kind of file"
                found.append(Unread(result.track.path, "tags", reason))
    return tuple(sorted(found, key=lambda one: (one.kind, one.path)))
