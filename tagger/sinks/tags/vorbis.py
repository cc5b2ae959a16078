"""Genres in Vorbis comments: one comment GENRE per genre, in FLAC and in the codecs that live in Ogg."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from tagger.sinks.tags.interface import NotKeepableError

_FIELD = "GENRE"


@dataclass(frozen=True)
class Comments:
    """Vorbis comments of one codec.

    Attributes:
        parse: mutagen's class for files of this codec.
    """

    parse: Callable[[BinaryIO], Any]

    def read(self, file: BinaryIO) -> tuple[str, ...]:
        """Read the comments GENRE, in whatever case the name is written."""
        return tuple(value for _, value in self._comments(file) if value.strip())

    def write(self, file: BinaryIO, genres: tuple[str, ...]) -> None:
        """Replace them where the first one stands; the order and spelling of all other comments stay."""
        file.seek(0)
        audio = self.parse(file)
        if audio.tags is None:
            audio.add_tags()
        else:
            _check_keepable(audio)
        others = [(name, value) for name, value in audio.tags if not _is_genre(name)]
        places = [(place, name) for place, (name, _) in enumerate(audio.tags) if _is_genre(name)]
        place, spelling = places[0] if places else (len(others), _FIELD)
        audio.tags[:] = [*others[:place], *((spelling, genre) for genre in genres), *others[place:]]
        file.seek(0)
        audio.save(file)

    def _comments(self, file: BinaryIO) -> list[tuple[str, str]]:
        file.seek(0)
        tags = self.parse(file).tags
        return [(name, value) for name, value in tags or () if _is_genre(name)]


def _is_genre(name: str) -> bool:
    return name.upper() == _FIELD


def _check_keepable(audio: Any) -> None:
    """Refuse comments that mutagen would write otherwise than it read them.

    It replaces what is not UTF-8 or not ASCII in a name, names the nameless and drops the misnamed: the length
    tells, or the replacement ("?" in names) where both happen to be equally long.
    """
    # One byte more is the framing bit of Ogg Vorbis.
    n_bytes_lost = audio.tags._size - len(audio.tags.write(framing=False))
    texts = [audio.tags.vendor, *(value for _, value in audio.tags)]
    texts += [text for picture in getattr(audio, "pictures", ()) for text in (picture.mime, picture.desc)]
    is_replaced = any("\ufffd" in text for text in texts) or any("?" in name for name, _ in audio.tags)
    if is_replaced or n_bytes_lost not in {0, 1}:
        raise NotKeepableError("it holds a comment that is not UTF-8 text and would be lost")
