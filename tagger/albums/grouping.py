"""Which files are one album, and which albums are compilations, by folders and tags."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from tagger.records import Credits

MOST_OWNERS = 2
"""So many artists may share an album that names no album artist: the sides of a split, or a misspelling."""

_DISC = re.compile(
    r"\W*(?:cd|dis[ck]|disque|disco|dvd|lp|vinyl|side|seite)[\s._-]*(?:\d{1,3}|[a-h]|one|two|three|four)\b.*",
    re.IGNORECASE,
)
_GUEST = re.compile(r"[\s(\[]+(?:feat\.?|ft\.?|featuring)\s.*", re.IGNORECASE | re.DOTALL)

_NO_TITLE = frozenset(
    {"", "-", "?", "unknown", "unknown album", "<unknown>", "untitled", "none", "n/a", "singles"}
)

# As taggers and shops write it in their users' languages.
_VARIOUS = """
various|various artists|various performers|various composers|va|v.a.|v. a.|v/a|compilation|compilations
diverse|verschiedene|verschiedene interpreten|verschiedene künstler|diverse interpreten|diverse künstler
artistes variés|artistes divers|divers|divers artistes|multi-interprètes|vari|artisti vari|autori vari
aa.vv.|aa. vv.|aavv|varios|varios artistas|varios intérpretes|artistas varios|varis artistes
vários|vários artistas|vários intérpretes|diverse artiesten|verschillende artiesten|diverse artister
blandade artister|diverse kunstnere|diverse utøvere|eri esittäjiä|różni wykonawcy|różni artyści
různí interpreti|různí umělci|rôzni interpreti|különböző előadók|çeşitli sanatçılar|διάφοροι καλλιτέχνες
разные исполнители|различные исполнители|сборник|різні виконавці|ヴァリアス・アーティスト|ヴァリアス
オムニバス|群星|合輯|合辑|多位艺人|여러 아티스트
"""
_NOBODY = frozenset(name for line in _VARIOUS.split("\n") for name in line.split("|")) - {""}


def place(path: Path) -> Path:
    """The folder of a file's album: `Album` for `Album/1.flac` and for `Album/CD2/1.flac`."""
    folder = path.parent
    return folder.parent if _DISC.fullmatch(folder.name) else folder


def title(credits: Credits) -> str:
    """The album that a file's tags name, to compare; empty if they name none, or say that it is unknown."""
    found = plain(credits.album)
    return "" if found in _NO_TITLE else found


def group(files: Sequence[tuple[Path, Credits]]) -> list[list[int]]:
    """Find the albums among files: those of one folder and one title, without regard to case and spaces.

    Albums of one title in one folder whose album artists differ are several; a file that names no album artist
    goes with the others where these name one only.

    Args:
        files: Paths and what the tags say.

    Returns:
        The indices of each album's files, by their order, the albums by that of their first files; files whose
        tags name no album are in none.
    """
    found: dict[tuple[Path, str], dict[str, list[int]]] = {}
    for index, (path, credits) in enumerate(files):
        if name := title(credits):
            owners = found.setdefault((place(path), name), {})
            owners.setdefault(plain(credits.album_artist), []).append(index)
    albums: list[list[int]] = []
    for owners in found.values():
        is_one = len(owners.keys() - {""}) <= 1
        albums += [sorted(itertools.chain(*owners.values()))] if is_one else owners.values()
    return sorted(albums)


def objection(credits: Iterable[Credits]) -> str:
    """Say why the tracks of an album need not be of one kind, by their tags; empty if nothing is against it.

    A compilation is what says so in its tags (TCMP, cpil, COMPILATION, WM/IsCompilation), what names "Various
    Artists" in one of many languages, or what has no album artist and more than `MOST_OWNERS` artists. Who is
    named behind "feat." does not count.
    """
    known = list(credits)
    if any(one.is_compilation for one in known):
        return "its tags call it a compilation"
    various = next((one.album_artist for one in known if plain(one.album_artist) in _NOBODY), "")
    if various:
        return f"its album artist is {various}"
    owners = {plain(one.album_artist) or plain(_GUEST.sub("", one.artist)) for one in known} - {""}
    if len(owners) > MOST_OWNERS:
        return f"it has {len(owners)} artists"
    return ""


def plain(text: str) -> str:
    """A name without regard to case and spaces."""
    return " ".join(text.casefold().split())
