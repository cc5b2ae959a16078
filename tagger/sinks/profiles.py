"""Players: how genres are best written for each, and what each will read from a file.

What is known of a player stands at its reader with the source. Where none was found the title says "assumed".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from tagger.sinks.tags import spelling
from tagger.sinks.tags.interface import Manner, Place

Reader: TypeAlias = Callable[[str, tuple[Place, ...]], tuple[str, ...]]

_INFO = "RIFF INFO"
_VORBIS = "Vorbis comment"


@dataclass(frozen=True, slots=True)
class Profile:
    """A player.

    Attributes:
        name: What users call it on the command line.
        title: Its name, and how far we know it.
        manner: How genres are put into tags for it.
        multi: Most genres to write; None for any number.
        reader: Its way of reading: see `reads`.
    """

    name: str
    title: str
    manner: Manner
    multi: int | None
    reader: Reader

    def reads(self, container: str, places: tuple[Place, ...]) -> tuple[str, ...]:
        """What the player will show.

        Args:
            container: The kind of file, as `tags.places` names it.
            places: Every place in it that names genres, in the order in which we look.
        """
        return self.reader(container, places)


def _by_the_book(container: str, places: tuple[Place, ...]) -> tuple[str, ...]:
    """The first tag, and parts of a text where its kind holds one text only: ID3v2.3 and older, RIFF INFO."""
    texts = _texts(places[:1])
    if not places or places[0].system not in {"ID3v2.2", "ID3v2.3", _INFO}:
        return texts
    return tuple(part for text in texts for part in _split(text, "; "))


def _navidrome(container: str, places: tuple[Place, ...]) -> tuple[str, ...]:
    """Splits a single value at ";", "/" and ",", and never one of several.

    Reads with TagLib, which takes ID3v2 before APEv2, ID3v1 and RIFF INFO (measured with TagLib 2). Sources:
    navidrome/navidrome#1251 for the separators, #4516 for values that are not split, `resources/mappings.yaml`
    for the names of tags.
    """
    texts = _texts(places[:1])
    return texts if len(texts) > 1 else tuple(part for text in texts for part in _split(text, "[;/,]"))


def _plex(container: str, places: tuple[Place, ...]) -> tuple[str, ...]:
    """Reads with ffmpeg, of several values the first alone but in Vorbis comments, and splits at ";".

    ffmpeg takes RIFF INFO before ID3, and reads no APEv2 in MP3. Where ID3v1 ends a file it may miss more than
    is known here. Sources: Thlayli/plex-genres-from-tags (README) for ffmpeg, seanap/Audiobooks.bundle#45 for
    ";"; how ffmpeg reads was measured, and is tested with ffprobe.
    """
    seen = [place for place in places if container != "MP3" or place.system != "APEv2"]
    first = sorted(seen, key=lambda place: place.system != _INFO)[:1]
    texts = _texts(tuple(first))
    shown = texts if first and first[0].system == _VORBIS else texts[:1]
    return tuple(part for text in shown for part in _split(text, ";"))


def _itunes(container: str, places: tuple[Place, ...]) -> tuple[str, ...]:
    """Shows one text, as it is; ID3 in WAV files is not read.

    Sources: mutagen's specs (MP4, "Multivalue Tags") for the first value; jaudiotagger#100 (Bitbucket) for WAV
    and for ID3v2.2 to 2.4 in AIFF; Bilalh/Tagger#53 for one genre. Assumed: RIFF INFO is read.
    """
    if container not in {"MP3", "AIFF", "MP4", "WAV"}:
        return ()
    return _texts(tuple(place for place in places if container != "WAV" or place.system == _INFO)[:1])[:1]


def _serato(container: str, places: tuple[Place, ...]) -> tuple[str, ...]:
    """Shows one text, as it is.

    Sources: Marekkon5/onetagger#357 for trouble with several comments in FLAC and Ogg; Holzhaus/serato-tags
    (`docs/fileformats.md`) for kinds of file and ID3v2.4; dhowden/tag#113 for ID3 in WAV. Assumed: of several
    values it shows the first.
    """
    if container not in {"MP3", "Ogg Vorbis", "FLAC", "AIFF", "WAV", "MP4"}:
        return ()
    return _texts(places[:1])[:1]


def _rekordbox(container: str, places: tuple[Place, ...]) -> tuple[str, ...]:
    """Shows one text, as it is: of several comments in FLAC the first.

    Sources: Marekkon5/onetagger#439 (of the field comment); xiphonics/picoTracker#1423 for ID3 in WAV. Assumed:
    that genres and other containers are alike.
    """
    if container not in {"MP3", "FLAC", "AIFF", "WAV", "MP4"}:
        return ()
    return _texts(places[:1])[:1]


def _car(container: str, places: tuple[Place, ...]) -> tuple[str, ...]:
    """Shows one text; does not know ID3v2.4, and some radios know Latin-1 alone.

    Sources: khenriks/mp3fs#42 (Subaru) and Zeugma440/atldotnet#317 (Audi) for ID3v2.4; demontpx.com/blog/44
    (Opel) for a radio with ID3v1 alone, lars.ingebrigtsen.no/2015/04/22/emacs-and-id3 for Latin-1. Assumed:
    that others are like these.
    """
    return _texts(tuple(place for place in places if place.system != "ID3v2.4")[:1])[:1]


def _texts(places: tuple[Place, ...]) -> tuple[str, ...]:
    """The texts in places; in ID3 the names of numbers."""
    return tuple(
        name
        for place in places
        for text in place.values
        for name in (spelling.names(text) if place.system.startswith("ID3") else (text,))
    )


def _split(text: str, separators: str) -> list[str]:
    return [part.strip() for part in re.split(separators, text) if part.strip()]


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            Profile("default", "players that follow the formats", Manner(), None, _by_the_book),
            Profile("navidrome", "Navidrome", Manner(wav_info=False), None, _navidrome),
            Profile("plex", "Plex", Manner(joined=True), None, _plex),
            Profile("itunes", "iTunes and Apple Music; WAV assumed", Manner(id3_version=3), 1, _itunes),
            Profile("serato", "Serato DJ; partly assumed", Manner(joined=True, wav_info=False), None, _serato),
            Profile(
                "rekordbox",
                "rekordbox; mostly assumed",
                Manner(id3_version=3, joined=True, wav_info=False),
                None,
                _rekordbox,
            ),
            Profile("car", "car radios; known of some, assumed of others", Manner(id3_version=3), 1, _car),
        )
    }
)
"""Every profile by its name. None has a field for the style: no player of these was found to read one."""
