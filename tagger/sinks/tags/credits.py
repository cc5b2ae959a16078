"""Who made a recording and what it appeared on, as the file's own tags say; read only."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import Any, BinaryIO

import mutagen
import mutagen.apev2
import mutagen.mp3
import mutagen.trueaudio
import mutagen.wave

from tagger.records import Credits
from tagger.sinks import tags
from tagger.sinks.tags import wave
from tagger.sinks.tags.interface import NotKeepableError

# In ID3, MP4, ASF, RIFF INFO, and in Vorbis comments and APEv2, which take any case.
_ARTIST = ("TPE1", "\xa9ART", "Author", "IART", "artist")
_ALBUM_ARTIST = ("TPE2", "aART", "WM/AlbumArtist", "albumartist", "album artist", "album_artist")
_ALBUM = ("TALB", "\xa9alb", "WM/AlbumTitle", "IPRD", "album")
_COMPILATION = ("TCMP", "cpil", "WM/IsCompilation", "TXXX:compilation", "TXXX:TCMP", "compilation")
_NO = frozenset({"", "0", "false", "no"})


def read(path: str | os.PathLike[str]) -> Credits:
    """Read them, whatever kind of file and tag it is; nothing where mutagen knows neither.

    Raises:
        TagError: The file cannot be opened, or its tags are damaged.
    """
    with tags.ours(path), tags.opened(path) as file:
        found = mutagen.File(file)
        texts = {} if found is None or found.tags is None else _texts(found.tags)
        texts = {**_stray(found, file), **texts}
        artist, album_artist, album = (_first(texts, each) for each in (_ARTIST, _ALBUM_ARTIST, _ALBUM))
        return Credits(artist, album_artist, album, _first(texts, _COMPILATION).lower() not in _NO)


def _texts(found: Any) -> Mapping[str, Any]:
    """The values of tags by their names in lower case."""
    return {str(name).lower(): found[name] for name in found.keys()}  # noqa: SIM118 - tags iterate over pairs


def _stray(found: Any, file: BinaryIO) -> Mapping[str, Any]:
    """What tags say that are not usual in their container: APEv2 behind MP3 and True Audio, INFO in a WAV."""
    file.seek(0)
    with contextlib.suppress(mutagen.apev2.APENoHeaderError, NotKeepableError):
        if isinstance(found, mutagen.mp3.MP3 | mutagen.trueaudio.TrueAudio):
            return _texts(mutagen.apev2.APEv2(file))
        if isinstance(found, mutagen.wave.WAVE):
            return {name.lower(): text for name, text in wave.infos(file).items()}
    return {}


def _first(texts: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """The first value that is there under one of these names; a single frame counts as several."""
    for name in names:
        value = texts.get(name.lower())
        values = getattr(value, "text", value) if value is not None else ()
        for one in [values] if isinstance(values, str | bool) else values:
            if text := str(one).strip():
                return text
    return ""
