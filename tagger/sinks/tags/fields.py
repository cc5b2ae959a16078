"""The metadata fields that can be written, by what they mean; each container family has its own names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tagger.errors import SettingsError

_CUSTOM = "TXXX:"
_NAME = re.compile(r"[\x20-\x3c\x3e-\x7d]{1,100}")

# What these mean is settled where a user's own name is a name like any other: in Vorbis comments
# (xiph.org/vorbis/doc/v-comment.html, and what players added) and APEv2 items (wiki.hydrogenaud.io, APE key).
# In ASF all names that begin with WM/ are taken.
_TAKEN = frozenset(
    re.split(
        r",\s+",
        """
    abstract, album, albumartist, album artist, albumartistsort, albumsort, artist, artists, artistsort, author,
    band, bpm, catalog, comment, compilation, composer, composersort, conductor, contact, copyright, coverart,
    cover art (front), cover art (back), date, debut album, description, disc, discnumber, discsubtitle,
    disctotal, ean/upc, encodedby, encoder, encoder_options, ensemble, file, index, isbn, isrc, label, language,
    license, location, lyricist, lyrics, media, metadata_block_picture, organization, originaldate, performer,
    publicationright, publisher, record date, record location, remixer, subtitle, title, titlesort, totaldiscs,
    totaltracks, track, tracknumber, tracktotal, unsyncedlyrics, version, writer, year
        """.strip(),
    )
)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of metadata.

    Attributes:
        name: "genre", "style", "grouping", or the user's own name.
        custom: Whether the name is the user's own: TXXX with this description in ID3, a comment of this name
            elsewhere.
    """

    name: str
    custom: bool = False

    def __str__(self) -> str:
        return f"{_CUSTOM}{self.name}" if self.custom else self.name


GENRE = Field("genre")
STYLE = Field("style")
GROUPING = Field("grouping")

_KNOWN = {str(field): field for field in (GENRE, STYLE, GROUPING)}


def parse(text: str) -> Field:
    """Read a field as users write it: "genre", "style", "grouping" or "TXXX:NAME".

    Raises:
        SettingsError: There is no such field, or a name cannot be stored in every container, or it would
            replace something else in some.
    """
    if text.lower() in _KNOWN:
        return _KNOWN[text.lower()]
    name = text[len(_CUSTOM) :]
    is_custom, is_of_asf = text.upper().startswith(_CUSTOM), name.upper().startswith("WM/")
    if is_custom and (is_of_asf or name.lower() in _TAKEN | _KNOWN.keys()):
        where, what = ("WMA", name) if is_of_asf else ("FLAC and other", f"the {name.lower()}")
        meant = f"write {name.lower()} if that is meant, or " if name.lower() in _KNOWN else ""
        raise SettingsError(
            f"{text}: in {where} files this would replace {what}",
            hint=f"{meant}choose a name of your own, such as TXXX:GENRE_CONFIDENCE",
        )
    if is_custom and _NAME.fullmatch(name) and name == name.strip():
        return Field(name, custom=True)
    raise SettingsError(f"there is no field {text!r}", hint=f"choose {', '.join(_KNOWN)} or {_CUSTOM}NAME")
