"""How a verdict becomes a tag: said in the user's genres, weighed against what the file holds, then written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from tagger import paths
from tagger.errors import ChangedError, SettingsError, TagError, UntaggableError
from tagger.inference import abstain
from tagger.inference.card import Card
from tagger.records import UNCHANGED, Stamp, Tagged, Verdict
from tagger.settings import Settings
from tagger.sinks import profiles, tags, taxonomy
from tagger.sinks.cache import Cache
from tagger.sinks.changes import Writer
from tagger.sinks.entries import Note
from tagger.sinks.rehearsing import Rehearsal
from tagger.sinks.tags import fields, policy, spelling
from tagger.sinks.tags.fields import Field
from tagger.sinks.tags.interface import Manner, Values
from tagger.sources import packets

_SAID = "said by a person"
_COMPLETED = "has this genre, but not in every place and field"


@dataclass(frozen=True)
class Tagging:
    """What verdicts become, resolved once.

    Attributes:
        settings: What the user set.
        card: Of the model whose verdicts these are.
        rule: Which verdicts are named.
        taxonomy: The user's genres.
        field: Where genres are written.
        confidence_field: Where the confidence is; None for nowhere.
        runners_up_field: Where the genres that were not written are; None for nowhere.
        manner: How values are put into tags.
        multi: Most genres to write; None for no limit but the settings'.
        wanted: Whether decisions are wanted at all.
        writer: Carries them out; None says only what would be written.
        rehearsal: Sees what would be written where there is no writer.
    """

    settings: Settings
    card: Card
    rule: abstain.Rule
    taxonomy: taxonomy.Taxonomy
    field: Field
    confidence_field: Field | None
    runners_up_field: Field | None
    manner: Manner
    multi: int | None
    rehearsal: Rehearsal
    wanted: bool = False
    writer: Writer | None = None

    @property
    def completes(self) -> bool:
        """Whether a file that has the genre may be written all the same, to bring everything else in step."""
        return self.settings.policy not in {"only-missing", "only-generic"}

    @property
    def warnings(self) -> list[str]:
        """What the user may have mistyped: names of the map that the model does not have."""
        known = {spelling.key(genre) for genre in self.card.genres}
        strange = [key for key in self.taxonomy.map if key not in known]
        return [f"{self.settings.map}: the model has no genre like {key!r}" for key in strange]


def prepare(settings: Settings, card: Card, *, wanted: bool = False, writer: Writer | None = None) -> Tagging:
    """Resolve what the settings say about tags.

    Raises:
        SettingsError: A field or a file of genres makes no sense, or a promise cannot be made.
    """
    profile = profiles.PROFILES[settings.profile]
    manner = profile.manner
    if settings.separator is not None:
        manner = Manner(manner.id3_version, settings.separator, manner.joined, manner.wav_info)
    if "/" in manner.separator:
        raise SettingsError('the separator "/" is part of genres such as R&B/Soul', hint='"; " is usual')
    if not spelling.is_storable(manner.separator):
        raise SettingsError(
            f"the separator {manner.separator!r} has a control character, which no tag can hold",
            hint='"; " is usual',
        )
    named = (settings.field, settings.confidence_field, settings.runners_up_field)
    chosen = [None if name is None else fields.parse(name) for name in named]
    given = [field.name.casefold() for field in chosen if field]  # TXXX:STYLE is STYLE but in ID3
    if len(set(given)) < len(given):
        raise SettingsError("two kinds of values would go into one field", hint="give each a field of its own")
    files = [
        None if name is None else paths.expanded(name)
        for name in (settings.genres, settings.tree, settings.map)
    ]
    limits = [limit for limit in (settings.multi, profile.multi) if limit is not None]
    found = Tagging(
        settings=settings,
        card=card,
        rule=abstain.rule(settings, card),
        taxonomy=taxonomy.load(*files),
        field=chosen[0] or fields.GENRE,
        confidence_field=chosen[1],
        runners_up_field=chosen[2],
        manner=manner,
        multi=min(limits, default=None),
        rehearsal=Rehearsal(packets.digest, hardlinks=settings.hardlinks),
        wanted=wanted,
        writer=writer,
    )
    if not any(map(found.taxonomy.allows, card.genres)):
        raise SettingsError(
            "none of the model's genres is among yours, or below one of them",
            hint=f"the model knows {', '.join(card.genres)}",
        )
    return found


def tag(heard: Verdict, tagging: Tagging, cache: Cache | None = None) -> Tagged:
    """Decide what to do about a file's tags, and do it if that is wanted.

    Args:
        heard: What was heard.
        tagging: What verdicts become.
        cache: Knows the genres in files that did not change; None reads them.

    Raises:
        ChangedError: The file is not the one that was heard; nothing was written.
    """
    verdict = tagging.taxonomy.translate(heard, tagging.rule.refusal)
    try:
        before = _before(heard, tagging, cache)
    except UntaggableError as error:
        return Tagged(verdict, reason=error.reason if tagging.wanted else "")
    except TagError as error:
        return Tagged(verdict, reason=error.reason, failed=tagging.wanted)
    if not tagging.wanted:
        return Tagged(verdict, before, before)
    threshold = _threshold(heard, verdict, tagging)
    decision = policy.decide(
        before,
        _genres(verdict, tagging),
        verdict.confidence,
        policy=tagging.settings.policy,
        threshold=threshold,
        broader=tagging.taxonomy.is_broader,
    )
    if decision.reason == UNCHANGED and tagging.completes and verdict.confidence >= threshold:
        decision = policy.Decision(before, _COMPLETED)
    if decision.genres is None:
        return Tagged(verdict, before, before, reason=decision.reason)
    try:
        return _written(verdict, before, decision.genres, decision.reason, tagging, cache)
    except ChangedError:
        raise
    except UntaggableError as error:
        return Tagged(verdict, before, before, reason=error.reason)
    except TagError as error:
        return Tagged(verdict, before, before, reason=error.reason, failed=True)


def assign(heard: Verdict, genre: str, tagging: Tagging, cache: Cache | None = None) -> Tagged:
    """Write the genre that a person said, whatever stood there and whatever was heard.

    Args:
        heard: What was heard, and what the file was then.
        genre: What the person said, as it is to be written.
        tagging: Where and how to write; its policy and thresholds are for verdicts, and do not count.
        cache: Knows the genres in files that did not change; None reads them.

    Raises:
        TagError: The file cannot be read or written, or is not the one that was heard; it is as it was.
    """
    path = heard.track.path
    try:
        is_another = heard.stamp is not None and Stamp.of(path.stat()) != heard.stamp
    except OSError as error:
        raise TagError(path, error.strerror or str(error)) from error
    if is_another:  # what the cache knows of it was true then
        raise ChangedError(path, "it changed after it was heard")
    before, after = _before(heard, tagging, cache), (genre,)
    if before == after and not tagging.completes:
        return Tagged(heard, before, before, reason=UNCHANGED)
    return _written(heard, before, after, _SAID, tagging, cache, {tagging.field: after})


def _written(
    verdict: Verdict,
    before: tuple[str, ...],
    after: tuple[str, ...],
    reason: str,
    tagging: Tagging,
    cache: Cache | None,
    values: Values | None = None,
) -> Tagged:
    """Write, or see whether it could be done; where nothing had to be changed, say so."""
    path, values = verdict.track.path, values or _values(verdict, after, tagging)

    def edit(file: BinaryIO) -> bool:
        return tags.apply(path, file, values, tagging.manner)

    if tagging.writer is None:
        planned = tagging.rehearsal.rewrite(path, edit, stamp=verdict.stamp)
        return Tagged(verdict, before, after, planned=planned, reason=reason if planned else UNCHANGED)
    note = Note(str(tagging.field), before, after)
    written = tagging.writer.rewrite(path, edit, note, stamp=verdict.stamp)
    if cache is not None and verdict.stamp is not None and written:
        cache.keep_genres(Stamp.of(path.stat()), tags.read(path), verdict.stamp)
    return Tagged(verdict, before, after, written=written, reason=reason if written else UNCHANGED)


def _before(heard: Verdict, tagging: Tagging, cache: Cache | None) -> tuple[str, ...]:
    """What stands in the field, told without opening the file where it did not change since it was read."""
    is_usual = tagging.field == fields.GENRE and tagging.manner.reads_as_usual
    if cache is None or heard.stamp is None or not is_usual:
        return tags.read(heard.track.path, tagging.field, tagging.manner)
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
    """Confidence from which this verdict is written: what the user asks for, else the model's for the genre."""
    is_users = tagging.settings.min_confidence is not None or tagging.settings.max_error is not None
    asked = tagging.rule.threshold if is_users else tagging.card.thresholds.__getitem__
    return tagging.taxonomy.threshold(heard, verdict, asked)


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
