"""The genres in a file's own tags: read, and written with nothing else in the file changed.

Nothing else imports mutagen. A container family is one module beside this one and one or more lines of
`CONTAINERS`; which of them a file belongs to is decided by its content, never by its suffix.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
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
from tagger.sinks.tags import id3, sniff, vorbis
from tagger.sinks.tags.interface import GenreTags, NotKeepableError, NotStorableError

CONTAINERS: Mapping[str, GenreTags] = MappingProxyType(
    {
        "MP3": id3.Mp3(),
        "FLAC": vorbis.Comments(mutagen.flac.FLAC),
        "Ogg Vorbis": vorbis.Comments(mutagen.oggvorbis.OggVorbis),
        "Ogg Opus": vorbis.Comments(mutagen.oggopus.OggOpus),
        "Ogg FLAC": vorbis.Comments(mutagen.oggflac.OggFLAC),
        "Ogg Speex": vorbis.Comments(mutagen.oggspeex.OggSpeex),
    }
)
"""The kinds of file with a writer, by the name that `sniff.kind` gives them."""

_UNSTORABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def read(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Read the genres in a file, in their order there.

    Args:
        path: The file. Bytes of its name that are not UTF-8 are surrogate escapes.

    Returns:
        One string per genre, numeric ID3 genres by name ("17" is "Rock"); empty if there is none.

    Raises:
        UntaggableError: There is no writer for this kind of file, or for its kind of tag.
        TagError: The file cannot be opened, or its tags are damaged.
    """
    with _ours(path), Path(path).open("rb") as file:
        return _container(file).read(file)


def write(path: str | os.PathLike[str], genres: Sequence[str]) -> bool:
    """Make `genres` the genres of a file; times of last access and change stay as they were.

    Args:
        path: The file. Bytes of its name that are not UTF-8 are surrogate escapes.
        genres: At least one; the most fitting first, since some players show only that.

    Returns:
        Whether the file was changed; not a byte is touched where it holds exactly these genres already.

    Raises:
        UntaggableError: There is no writer for this kind of file, or something in it would be lost.
        TagError: The file cannot be changed, its tags are damaged, or a genre cannot be stored.
    """
    wanted = _checked(path, genres)
    with _ours(path):
        times = Path(path).stat()
    if read(path) == wanted:
        return False
    with _ours(path):
        with Path(path).open("r+b") as file:
            _container(file).write(file, wanted)
        # Only the owner may set times; a file that others may write is tagged all the same.
        with contextlib.suppress(PermissionError):
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    return True


def _checked(path: str | os.PathLike[str], genres: Sequence[str]) -> tuple[str, ...]:
    if not genres:
        raise errors.TagError(path, "no genre to write was given")
    for genre in genres:
        if not genre.strip():
            raise errors.TagError(path, "an empty genre cannot be written")
        if _UNSTORABLE.search(genre):
            raise errors.TagError(path, f"a genre with a control character cannot be written: {genre!r}")
    return tuple(genres)


def _container(file: BinaryIO) -> GenreTags:
    kind = sniff.kind(file)
    if kind not in CONTAINERS:
        raise NotKeepableError(f"tags of {kind} files cannot be written" if kind else "unknown kind of file")
    return CONTAINERS[kind]


@contextlib.contextmanager
def _ours(path: str | os.PathLike[str]) -> Iterator[None]:
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
