"""When two spellings are one genre, how a genre is best spelled, and which genres say little or nothing."""

from __future__ import annotations

import re
import unicodedata

import mutagen.id3

_UNSTORABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_ALIASES = {
    # "n" stands for "and" here as between words: written together it is no word of its own.
    "drumnbass": "drumandbass",
    "rocknroll": "rockandroll",
    # Abbreviations that stand for nothing else in music.
    "dnb": "drumandbass",
    "dandb": "drumandbass",
    "rnb": "randb",
    "rhythmandblues": "randb",
    "edm": "electronicdancemusic",
    "idm": "intelligentdancemusic",
    "ebm": "electronicbodymusic",
    # As in beets' aliases for Last.fm; nobody says these of anything else.
    "altrock": "alternativerock",
    "progrock": "progressiverock",
}
"""Whole words, and what else they are called; no value is itself a key, so that one look-up is enough."""

_SAYS_NOTHING = frozenset(
    {
        # What programs fill in where nothing is known: 12 and 255 of ID3v1, CD databases, store exports.
        *("other", "others", "unknown", "unknowngenre", "undefined", "unclassifiable", "unclassified"),
        *("unspecified", "untagged", "notset", "nogenre", "na", "none", "null", "tbd"),
        *("misc", "miscellaneous", "blank", "empty", "default", "genre", "genres"),
    }
)
_GENERIC = frozenset(
    {
        # Of every file of sound it is true that it is …
        *("music", "musik", "musica", "música", "musique", "audio", "sound", "song", "songs", "track", "mp3"),
        # Labels of mixed shelves, which tell of the album and not of the track.
        *("various", "variousgenres", "variousartists", "mixed", "compilation", "compilations", "general"),
        # The shelf on which AllMusic and shops put most of popular music.
        *("poprock", "rockpop", "popandrock", "rockandpop", "popular", "popularmusic"),
    }
)
_LEADING_NUMBERS = re.compile(r"^(\(\d+\))+(?=.)")

_SMALL = frozenset(["and", "or", "of", "in", "on", "the", "de", "do", "da", "la", "le", "el", "y", "e", "n"])
_ACRONYMS = frozenset(["aor", "dj", "ebm", "edm", "idm", "mpb", "nwobhm", "uk", "usa"])
_WORD = re.compile(r"(?<![\w'’])[^\W\d_][\w'’]*")
_AFTER_N = re.compile(r"(?<=['’]n['’])[^\W\d_]")


def is_storable(text: str) -> bool:
    """Whether a text has no character that some kind of tag cannot hold: control characters, half pairs."""
    return not _UNSTORABLE.search(text)


def key(genre: str) -> str:
    """What is left of a genre when "Hip-Hop", "Hip Hop" and "hiphop" are one, and "Drum & Bass" and "DnB".

    Letters, marks and digits of any script, without regard to case; all of a genre that has none of them. The
    key of a key is itself.
    """
    folded = _folded(genre)
    words = _words(re.sub(r"[&+]", " and ", folded))
    inner = ["and" if word == "n" and 0 < place < len(words) - 1 else word for place, word in enumerate(words)]
    letters = _folded("".join(_ALIASES.get(word, word) for word in inner)).replace("rhythmandblues", "randb")
    return _ALIASES.get(letters, letters) or folded.strip()


def same(one: str, other: str) -> bool:
    """Whether two spellings are one genre."""
    return key(one) == key(other)


def says_nothing(genre: str) -> bool:
    """Whether a genre is a placeholder: blank, "Unknown", "Other", "N/A", or a number such as "(12)"."""
    bare = _LEADING_NUMBERS.sub("", genre.strip())
    letters = key(bare)
    return letters in _SAYS_NOTHING or letters.isdecimal() or all(map(_is_punctuation, bare))


def is_generic(genre: str) -> bool:
    """Whether a genre says little: true of nearly everything ("Music"), or of a shelf ("Various", "Pop/Rock").

    "General …" is generic too: CD databases use it where no narrower genre is known.
    """
    return key(genre) in _GENERIC or genre.strip().casefold().startswith("general ")


def names(text: str) -> tuple[str, ...]:
    """The genres that a text in an ID3 tag stands for: numbers of ID3v1 by their names, all else as it is.

    Source: ID3v2.3, 4.2.1, TCON: "(4)Eurodisco" is Disco and Eurodisco; ID3v2.4 leaves the brackets out.
    """
    return tuple(mutagen.id3.TCON(encoding=mutagen.id3.Encoding.UTF8, text=[text]).genres)


def titled(genre: str) -> str:
    """Spell a lower-case genre as titles are: "R&B", "Drum and Bass", "Rock 'n' Roll", "Post-Punk"."""
    text = unicodedata.normalize("NFC", genre)
    capitals = _WORD.sub(lambda match: _capital(match.group(), is_first=match.start() == 0), text)
    return _AFTER_N.sub(lambda match: match.group().upper(), capitals)


def _capital(word: str, *, is_first: bool) -> str:
    if word in _ACRONYMS:
        return word.upper()
    if word.strip("'’") in _SMALL and not is_first:
        return word
    return word[0].upper() + word[1:]


def _folded(text: str) -> str:
    """Without regard to case, width and composition; both orders, since folding a letter may take it apart."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _words(text: str) -> list[str]:
    """Runs of letters, marks and digits; a mark alone, such as the one that colours an emoji, is no word."""
    spaced = "".join(sign if unicodedata.category(sign)[0] in "LMN" else " " for sign in text)
    return [word for word in spaced.split() if any(map(str.isalnum, word))]


def _is_punctuation(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "PZC"
