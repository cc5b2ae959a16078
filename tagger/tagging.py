"""How a verdict becomes a tag: said in the user's genres, weighed against what the file holds, then written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tagger.errors import ChangedError, SettingsError, TagError, UntaggableError
from tagger.inference.card import Card
from tagger.records import Stamp, Tagged, Verdict
from tagger.settings import Settings
from tagger.sinks import changes, profiles, tags, taxonomy
from tagger.sinks.cache import Cache
from tagger.sinks.changes import Writer
from tagger.sinks.journal import Note
from tagger.sinks.tags import fields, policy
from tagger.sinks.tags.fields import Field
from tagger.sinks.tags.interface import Manner, Values


@dataclass(frozen=True)
class Tagging:
    """What verdicts become, resolved once.

    Attributes:
        settings: What the user set.
        card: Of the model whose verdicts these are.
        taxonomy: The user's genres.
        field: Where genres are written.
        confidence_field: Where the confidence is; None for nowhere.
        runners_up_field: Where the genres that were not written are; None for nowhere.
        manner: How values are put into tags.
        multi: Most genres to write; None for no limit but the settings'.
        wanted: Whether decisions are wanted at all.
        writer: Carries them out; None says only what would be written.
    """

    settings: Settings
    card: Card
    taxonomy: taxonomy.Taxonomy
    field: Field
    confidence_field: Field | None
    runners_up_field: Field | None
    manner: Manner
    multi: int | None
    wanted: bool = False
    writer: Writer | None = None


def prepare(settings: Settings, card: Card, *, wanted: bool = False, writer: Writer | None = None) -> Tagging:
    """Resolve what the settings say about tags.

    Raises:
        SettingsError: A field or a file of genres makes no sense.
    """
    profile = profiles.PROFILES[settings.profile]
    manner = profile.manner
    if settings.separator is not None:
        manner = Manner(manner.id3_version, settings.separator, manner.joined, manner.wav_info)
    named = (settings.field, settings.confidence_field, settings.runners_up_field)
    chosen = [None if name is None else fields.parse(name) for name in named]
    given = [str(field).casefold() for field in chosen if field]
    if len(set(given)) < len(given):
        raise SettingsError("two kinds of values would go into one field", hint="give each a field of its own")
    files = [
        None if name is None else Path(name).expanduser()
        for name in (settings.genres, settings.tree, settings.map)
    ]
    limits = [limit for limit in (settings.multi, profile.multi) if limit is not None]
    return Tagging(
        settings=settings,
        card=card,
        taxonomy=taxonomy.load(*files),
        field=chosen[0] or fields.GENRE,
        confidence_field=chosen[1],
        runners_up_field=chosen[2],
        manner=manner,
        multi=min(limits, default=None),
        wanted=wanted,
        writer=writer,
    )


def tag(heard: Verdict, tagging: Tagging, cache: Cache | None = None) -> Tagged:
    """Decide what to do about a file's tags, and do it if that is wanted.

    Args:
        heard: What was heard.
        tagging: What verdicts become.
        cache: Knows the genres in files that did not change; None reads them.

    Raises:
        ChangedError: The file is not the one that was heard; nothing was written.
    """
    verdict = tagging.taxonomy.translate(heard, tagging.settings.min_confidence or 0.0)
    path = verdict.track.path
    try:
        before = _before(heard, tagging, cache)
    except UntaggableError as error:
        return Tagged(verdict, reason=error.reason if tagging.wanted else "")
    except TagError as error:
        return Tagged(verdict, reason=error.reason, failed=tagging.wanted)
    if not tagging.wanted:
        return Tagged(verdict, before, before)
    genres = _genres(verdict, tagging)
    decision = policy.decide(
        before,
        genres,
        verdict.confidence,
        policy=tagging.settings.policy,
        threshold=_threshold(heard, verdict, tagging),
        broader=tagging.taxonomy.is_broader,
    )
    if decision.genres is None:
        return Tagged(verdict, before, before, reason=decision.reason)
    edit = _edit(path, _values(verdict, decision.genres, tagging), tagging.manner)
    try:
        if tagging.writer is None:
            changes.rehearse(path, edit, hardlinks=tagging.settings.hardlinks)
            return Tagged(verdict, before, decision.genres, reason=decision.reason)
        note = Note(str(tagging.field), before, decision.genres)
        written = tagging.writer.rewrite(path, edit, note, stamp=verdict.stamp)
        if cache is not None and verdict.stamp is not None and written:
            cache.keep_genres(Stamp.of(path.stat()), tags.read(path), verdict.stamp)
    except ChangedError:
        raise
    except UntaggableError as error:
        return Tagged(verdict, before, before, reason=error.reason)
    except TagError as error:
        return Tagged(verdict, before, before, reason=error.reason, failed=True)
    return Tagged(verdict, before, decision.genres, written=written, reason=decision.reason)


def _before(heard: Verdict, tagging: Tagging, cache: Cache | None) -> tuple[str, ...]:
    """What stands in the field, told without opening the file where it did not change since it was read."""
    if cache is None or heard.stamp is None or tagging.field != fields.GENRE:
        return tags.read(heard.track.path, tagging.field)
    known = cache.genres(heard.stamp)
    if known is None:
        known = tags.read(heard.track.path)
        cache.keep_genres(heard.stamp, known)
    return known


def _genres(verdict: Verdict, tagging: Tagging) -> tuple[str, ...]:
    """The genres to write, strongest first; none for "don't know"."""
    if verdict.genre is None:
        return ()
    allowed = [score for score in verdict.scores if tagging.taxonomy.allows(score.genre)]
    return policy.pick(allowed, multi=tagging.multi, ratio=tagging.settings.ratio)


def _threshold(heard: Verdict, verdict: Verdict, tagging: Tagging) -> float:
    """Confidence from which this verdict is written: the user's, else the model's for the genre."""
    if tagging.settings.min_confidence is not None:
        return tagging.settings.min_confidence
    return tagging.taxonomy.threshold(heard, verdict, tagging.card.thresholds)


def _values(verdict: Verdict, genres: tuple[str, ...], tagging: Tagging) -> Values:
    """What is to stand in all fields."""
    values: dict[Field, tuple[str, ...]] = {tagging.field: genres}
    if tagging.confidence_field is not None:
        values[tagging.confidence_field] = (f"{verdict.confidence:.2f}",)
    if tagging.runners_up_field is not None:
        others = [score for score in verdict.scores[: tagging.settings.top_k] if score.genre not in genres]
        if others:
            values[tagging.runners_up_field] = tuple(f"{one.genre} {one.probability:.2f}" for one in others)
    return values


def _edit(path: Path, values: Values, manner: Manner) -> Callable[[BinaryIO], bool]:
    return lambda file: tags.apply(path, file, values, manner)
