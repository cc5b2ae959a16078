"""The genres in a file's own tags: read, and changed with nothing else in the file changed.

Nothing else imports mutagen. A container family is one module beside this one and one or more lines of
`CONTAINERS`; which of them a file belongs to is decided by its content, never by its suffix.
"""

from __future__ import annotations

import contextlib
import os
import stat
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

import mutagen
import mutagen.flac
import mutagen.oggflac
import mutagen.oggopus
import mutagen.oggspeex
import mutagen.oggvorbis

from tagger import errors
from tagger.sinks.tags import apev2, asf, dsf, fields, id3chunks, mp3, mp4, sniff, spelling, vorbis, wave
from tagger.sinks.tags.fields import Field
from tagger.sinks.tags.interface import (
    Family,
    Manner,
    NotKeepableError,
    NotStorableError,
    Place,
    Values,
)

CONTAINERS: Mapping[str, Family] = MappingProxyType(
    {
        "MP3": mp3.Mp3(),
        "True Audio": mp3.Mp3(),
        "AIFF": id3chunks.Aiff(),
        "WAV": wave.Wave(),
        "DSF": dsf.Dsf(),
        "FLAC": vorbis.Comments(mutagen.flac.FLAC),
        "Ogg Vorbis": vorbis.Comments(mutagen.oggvorbis.OggVorbis),
        "Ogg Opus": vorbis.Comments(mutagen.oggopus.OggOpus),
        "Ogg FLAC": vorbis.Comments(mutagen.oggflac.OggFLAC),
        "Ogg Speex": vorbis.Comments(mutagen.oggspeex.OggSpeex),
        "MP4": mp4.Mp4(),
        "ASF (WMA)": asf.Asf(),
        "Monkey's Audio": apev2.Ape(),
        "WavPack": apev2.Ape(),
        "Musepack": apev2.Ape(),
    }
)
"""The kinds of file with a writer, by the name that `sniff.kind` gives them."""


def read(
    path: str | os.PathLike[str], field: Field = fields.GENRE, manner: Manner | None = None
) -> tuple[str, ...]:
    """Read a field of a file, in the order of its values there.

    Where the genre says nothing, as "Other" does, another place in the file may: an ID3v1 tag, RIFF INFO, an
    ID3 tag in front of FLAC. All of them are replaced when a genre is written, so none may be overlooked.

    Args:
        path: The file. Bytes of its name that are not UTF-8 are surrogate escapes.
        field: Which field.
        manner: How values are joined where only one is possible; None as by default.

    Returns:
        One string per genre, numeric ID3 genres by name ("17" is "Rock"); empty if there is none.

    Raises:
        UntaggableError: There is no writer for this kind of file, or for its kind of tag.
        TagError: The file cannot be opened, or its tags are damaged.
    """
    manner = manner or Manner()
    with ours(path), opened(path) as file:
        family = _family(file)
        found = family.read(file, field)
        named = family.places(file) if field == fields.GENRE else ()
        if all(map(spelling.says_nothing, found)):
            found = next(filter(None, map(_telling, named)), found)
        one_text_only = manner.separator != Manner().separator and any(map(_joins, named))
        if manner.joined or one_text_only:
            found = tuple(
                part.strip() for text in found for part in text.split(manner.separator) if part.strip()
            )
        return found


def places(path: str | os.PathLike[str]) -> tuple[str, tuple[Place, ...]]:
    """Name the container of a file, and list every place in it that names genres.

    Raises:
        UntaggableError: There is no writer for this kind of file, or for its kind of tag.
        TagError: The file cannot be opened, or its tags are damaged.
    """
    with ours(path), opened(path) as file:
        return sniff.kind(file), _family(file).places(file)


def apply(path: str | os.PathLike[str], file: BinaryIO, values: Values, manner: Manner | None = None) -> bool:
    """Make `values` the values of fields in an open file, with nothing else in it changed.

    Args:
        path: Named in errors only.
        file: Open for reading and writing: the file itself, or a copy of it.
        values: At least one value for each field; the most fitting first, since some players show only that.
        manner: How, where the container leaves a choice.

    Returns:
        Whether the file was changed; not a byte is touched where it holds exactly these values already, in
        every place that has one.

    Raises:
        UntaggableError: There is no writer for this kind of file, or something in it would be lost.
        TagError: The file's tags are damaged, or a value cannot be stored.
    """
    for field, wanted in values.items():
        _check(path, field, wanted)
    manner = manner or Manner()
    joined = {field: (manner.separator.join(wanted),) for field, wanted in values.items()}
    expected = joined if manner.joined else {field: tuple(wanted) for field, wanted in values.items()}
    with ours(path):
        family = _family(file)
        stands = all(family.read(file, field) == texts for field, texts in expected.items())
        if stands and _all_agree(family.places(file), tuple(values.get(fields.GENRE, ()))):
            return False
        family.write(file, values, manner)
        for field, wanted in values.items():
            if family.read(file, field) not in {tuple(wanted), joined[field]}:
                raise NotStorableError(f"the {field} would not read back as it was given")
        return True


def _check(path: str | os.PathLike[str], field: Field, values: tuple[str, ...]) -> None:
    if not values:
        raise errors.TagError(path, f"no {field} to write was given")
    for value in values:
        if not value.strip():
            raise errors.TagError(path, f"an empty {field} cannot be written")
        if not spelling.is_storable(value):
            raise errors.TagError(path, f"a {field} with a control character cannot be written: {value!r}")


def _family(file: BinaryIO) -> Family:
    kind = sniff.kind(file)
    if kind not in CONTAINERS:
        raise NotKeepableError(f"tags of {kind} files cannot be written" if kind else "unknown kind of file")
    return CONTAINERS[kind]


def opened(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a regular file for reading; a pipe would make whoever looks into it wait for ever."""
    if not stat.S_ISREG(Path(path).stat().st_mode):
        raise NotKeepableError("it is no regular file")
    return Path(path).open("rb")


def _joins(place: Place) -> bool:
    """Whether a place has room for one text only."""
    return place.system in {"ID3v2.2", "ID3v2.3", "RIFF INFO"}


def _genres(place: Place) -> list[str]:
    """The genres in a place; numbers by their names where they are ID3v1's."""
    is_numbered = place.system.startswith("ID3") or place.name == "WM/GenreID"
    texts = [name for text in place.values for name in (spelling.names(text) if is_numbered else (text,))]
    return [part for text in texts for part in (text.split("; ") if _joins(place) else [text])]


def _telling(place: Place) -> tuple[str, ...]:
    """The genres in a place, if they say something."""
    genres = _genres(place)
    return () if all(map(spelling.says_nothing, genres)) else tuple(genres)


def _all_agree(named: tuple[Place, ...], genres: tuple[str, ...]) -> bool:
    """Whether no place names other genres than these; one that has room for a number only may name none."""
    wanted = [spelling.key(genre) for genre in genres]
    for place in named:
        if place.system == "ID3v1":
            found = [spelling.key(genre) for genre in _genres(place)[:1]]
            if genres and place.values != ("255",) and found != wanted[:1]:
                return False
        else:
            parts = [part for genre in _genres(place) for part in genre.split(";")]
            if genres and [spelling.key(part) for part in parts] != [
                spelling.key(part) for genre in genres for part in genre.split(";")
            ]:
                return False
    return True


@contextlib.contextmanager
def ours(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn what goes wrong with one file into our errors, with the path in front."""
    try:
        yield
    except NotKeepableError as exc:
        raise errors.UntaggableError(path, str(exc), hint=exc.hint) from exc
    except NotStorableError as exc:
        raise errors.TagError(path, str(exc)) from exc
    except OSError as exc:
        hint = "check the path" if isinstance(exc, FileNotFoundError) else ""
        raise errors.TagError(path, exc.strerror or str(exc), hint=hint) from exc
    except (mutagen.MutagenError, ValueError, EOFError, LookupError, struct.error) as exc:
        raise errors.TagError(path, f"damaged tags or header: {exc or type(exc).__name__}") from exc
