"""Genres in ID3 tags: the frame TCON, and the genre byte of an ID3v1 tag where there is one."""

from __future__ import annotations

import io
from typing import Any, BinaryIO, NoReturn

import mutagen.id3

from tagger.sinks.tags.interface import NotKeepableError, NotStorableError

_SEPARATOR_V23 = "; "  # "/" is part of genres such as R&B/Soul
_V1_BYTES = 128
_NO_V1_GENRE = 255
_FRAME_UNSYNCHRONISED = 0x02
_HEADER_FOOTER = 0x10


class _Verbatim(mutagen.id3.Frame):
    """A frame that mutagen keeps as the bytes it is, flags included, since it is told nothing about it."""

    @classmethod
    def _fromData(cls, header: Any, tflags: int, data: bytes) -> NoReturn:  # noqa: N802 - mutagen's hook
        raise NotImplementedError


_ONLY_GENRES = {
    **dict.fromkeys([*mutagen.id3.Frames, *mutagen.id3.Frames_2_2], _Verbatim),
    "TCON": mutagen.id3.TCON,
    "TCO": mutagen.id3.TCO,
}


class Mp3:
    """ID3v2 in front of MPEG audio: the version found is kept, and 2.4 where there was no tag."""

    def read(self, file: BinaryIO) -> tuple[str, ...]:
        """Read TCON; where it is missing or empty, the genre byte of ID3v1."""
        tag = _load(file)
        genres = _genres(tag) if tag is not None else ()
        return genres or _v1_genres(file)

    def write(self, file: BinaryIO, genres: tuple[str, ...]) -> None:
        """Replace TCON; every other frame stays byte for byte, and ID3v1 but for its genre byte."""
        tag = _load(file)
        if tag is None:
            tag, version = _new(file), 4
        else:
            _check_keepable(file, tag)
            version = tag.version[1]
        tag.setall("TCON", [_frame(genres, version)])
        v1 = _cut_v1(file)
        try:
            file.seek(0)
            tag.save(file, v2_version=version, v23_sep=None)
        finally:
            file.seek(0, io.SEEK_END)
            file.write(_with_v1_genre(v1, genres[0]))


def _load(file: BinaryIO) -> Any:
    """The ID3v2 tag with TCON parsed and all else verbatim; None if there is no tag."""
    file.seek(0)
    try:
        return mutagen.id3.ID3(file, known_frames=_ONLY_GENRES, translate=False, load_v1=False)
    except mutagen.id3.ID3NoHeaderError:
        return None
    except mutagen.id3.ID3UnsupportedVersionError as exc:
        raise NotKeepableError("its ID3 tag is of an unknown version") from exc


def _new(file: BinaryIO) -> Any:
    """A new tag with the fields of ID3v1, which most players ignore once there is an ID3v2 tag."""
    file.seek(0)
    try:
        tag = mutagen.id3.ID3(file)
    except mutagen.id3.ID3NoHeaderError:
        return mutagen.id3.ID3()
    for comment in tag.getall("COMM"):
        # mutagen's description would hide it from players, which look for the one without.
        comment.desc = ""
        tag.setall("COMM", [comment])
    return tag


def _check_keepable(file: BinaryIO, tag: Any) -> None:
    if tag.version[1] not in {3, 4}:
        raise NotKeepableError(
            "its ID3v2.2 tag cannot be changed without loss", hint="convert the tag to ID3v2.4 first"
        )
    file.seek(5)
    if file.read(1)[0] & _HEADER_FOOTER:
        raise NotKeepableError("its ID3 tag has a footer, which cannot be kept")
    if tag.version[1] == 4 and tag.f_unsynch:
        # mutagen clears this flag of the whole tag; each frame says the same of itself.
        tag.unknown_frames = [
            raw[:9] + bytes([raw[9] | _FRAME_UNSYNCHRONISED]) + raw[10:] for raw in tag.unknown_frames
        ]


def _genres(tag: Any) -> tuple[str, ...]:
    values = [value for frame in tag.getall("TCON") for value in frame.genres]
    if tag.version[1] < 4:
        values = [part for value in values for part in value.split(_SEPARATOR_V23)]
    return tuple(value for value in values if value.strip())


def _frame(genres: tuple[str, ...], version: int) -> Any:
    joined = [_SEPARATOR_V23.join(genres)] if version == 3 else list(genres)
    wide = mutagen.id3.Encoding.UTF16 if version == 3 else mutagen.id3.Encoding.UTF8
    encoding = mutagen.id3.Encoding.LATIN1 if all(map(str.isascii, genres)) else wide
    frame = mutagen.id3.TCON(encoding=encoding, text=joined)
    if version == 3 and any(_SEPARATOR_V23 in genre for genre in genres):
        raise NotStorableError(f"a genre with {_SEPARATOR_V23!r} cannot be written to an ID3v2.3 tag")
    if frame.genres != joined:
        raise NotStorableError(f"ID3 readers would take a genre for a number: {'; '.join(genres)!r}")
    return frame


def _v1(file: BinaryIO) -> bytes:
    """The ID3v1 tag at the end, 128 bytes, or nothing."""
    file.seek(0, io.SEEK_END)
    end = file.tell()
    file.seek(max(0, end - _V1_BYTES - 3))
    tail = file.read()
    is_apev2 = tail.startswith(b"APETAGEX")
    return tail[-_V1_BYTES:] if tail[-_V1_BYTES:].startswith(b"TAG") and not is_apev2 else b""


def _cut_v1(file: BinaryIO) -> bytes:
    """Take ID3v1 off the end, more than one where tools have stacked them: mutagen would rewrite it."""
    taken = b""
    while block := _v1(file):
        file.seek(-_V1_BYTES, io.SEEK_END)
        file.truncate()
        taken = block + taken
    return taken


def _v1_genres(file: BinaryIO) -> tuple[str, ...]:
    tag = _v1(file)
    number = tag[-1] if tag else _NO_V1_GENRE
    return tuple(mutagen.id3.TCON.GENRES[number : number + 1])


def _with_v1_genre(v1: bytes, genre: str) -> bytes:
    if not v1:
        return v1
    wanted = _letters(genre)
    known = [number for number, name in enumerate(mutagen.id3.TCON.GENRES) if _letters(name) == wanted]
    return v1[:-1] + bytes([known[0] if known else _NO_V1_GENRE])


def _letters(genre: str) -> str:
    """What is left of a spelling when "Hip Hop" is "Hip-Hop", and "Drum and Bass" is "Drum & Bass"."""
    spelled_out = genre.casefold().replace("&", " and ")
    return "".join(filter(str.isalnum, spelled_out))
