"""The genres in a file's own tags: read, and changed with nothing else in the file changed.

Nothing else imports mutagen. A container family is one module beside this one and one or more lines of
`CONTAINERS`; which of them a file belongs to is decided by its content, never by its suffix.
"""

from __future__ import annotations

import contextlib
import os
import re
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
from tagger.sinks.tags import apev2, asf, dsf, fields, id3chunks, mp3, mp4, sniff, vorbis, wave
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

_UNSTORABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def read(path: str | os.PathLike[str], field: Field = fields.GENRE) -> tuple[str, ...]:
    """Read a field of a file, in the order of its values there.

    Args:
        path: The file. Bytes of its name that are not UTF-8 are surrogate escapes.
        field: Which field.

    Returns:
        One string per genre, numeric ID3 genres by name ("17" is "Rock"); empty if there is none.

    Raises:
        UntaggableError: There is no writer for this kind of file, or for its kind of tag.
        TagError: The file cannot be opened, or its tags are damaged.
    """
    with ours(path), Path(path).open("rb") as file:
        return _family(file).read(file, field)


def places(path: str | os.PathLike[str]) -> tuple[str, tuple[Place, ...]]:
    """Name the container of a file, and list every place in it that names genres.

    Raises:
        UntaggableError: There is no writer for this kind of file, or for its kind of tag.
        TagError: The file cannot be opened, or its tags are damaged.
    """
    with ours(path), Path(path).open("rb") as file:
        return sniff.kind(file), _family(file).places(file)


def apply(path: str | os.PathLike[str], file: BinaryIO, values: Values, manner: Manner | None = None) -> bool:
    """Make `values` the values of fields in an open file, with nothing else in it changed.

    Args:
        path: Named in errors only.
        file: Open for reading and writing: the file itself, or a copy of it.
        values: At least one value for each field; the most fitting first, since some players show only that.
        manner: How, where the container leaves a choice.

    Returns:
        Whether the file was changed; not a byte is touched where it holds exactly these values already.

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
        if all(family.read(file, field) == texts for field, texts in expected.items()):
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
        if _UNSTORABLE.search(value):
            raise errors.TagError(path, f"a {field} with a control character cannot be written: {value!r}")


def _family(file: BinaryIO) -> Family:
    kind = sniff.kind(file)
    if kind not in CONTAINERS:
        raise NotKeepableError(f"tags of {kind} files cannot be written" if kind else "unknown kind of file")
    return CONTAINERS[kind]


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
        raise errors.TagError(path, exc.strerror or str(exc)) from exc
    except (mutagen.MutagenError, ValueError, EOFError, IndexError) as exc:
        raise errors.TagError(path, f"damaged tags or header: {exc or type(exc).__name__}") from exc
