"""FMA: clips of 30 seconds from the Free Music Archive, in three sizes.

fma_metadata/tracks.csv      which tracks there are, their top genre, artist, licence and official side
fma_small/000/000002.mp3     8,000 clips of 8 genres; likewise fma_medium (25,000 of 16) and fma_large (106,574)

Both folders lie in one, as they are or as the `.zip` that each is distributed as; a larger set holds the
smaller ones. The label is the top genre, which about half of the tracks of the large set lack: these are left
out. The official sides keep artists apart.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

from tagger.errors import CorpusError
from trainer.corpora import local
from trainer.corpora.interface import Corpus, Example

SIZES: Mapping[str, int] = {"small": 8_000, "medium": 25_000, "large": 106_574}

LICENCE = "Creative Commons, as each track states; the metadata are CC BY 4.0"
CITATION = (
    "M. Defferrard, K. Benzi, P. Vandergheynst and X. Bresson, FMA: a dataset for music analysis, "
    "18th International Society for Music Information Retrieval Conference (ISMIR), 2017"
)
_HINT = "get fma_metadata.zip and fma_{size}.zip, see github.com/mdeff/fma, and give their folder with --data"

_SPLITS = {"training": "train", "validation": "validation", "test": "test"}
_COLUMNS = (
    ("set", "split"),
    ("set", "subset"),
    ("track", "genre_top"),
    ("track", "license"),
    ("artist", "id"),
)
_LONGEST_FIELD = 10_000_000  # biographies of artists stand in the table


def load(size: str, argument: str, data: Path | None, cache: Path) -> Corpus:
    """Find the clips of a local copy.

    Args:
        size: One of `SIZES`.
        argument: The folder that holds the metadata and the clips; empty takes `data`.
        data: The same, given apart.
        cache: Folder that archives are unpacked into, once.

    Raises:
        CorpusError: There is no copy, or its table or clips are missing.
    """
    name, hint = f"fma-{size}", _HINT.format(size=size)
    root = local.copy(name, argument, data, cache, hint=hint, wanted=lambda path: path.suffix == ".mp3")
    rows = [row for row in _rows(root, hint) if _SIZE_OF.get(row["subset"], len(SIZES)) <= _SIZE_OF[size]]
    clips = _clips(root, size, cache, hint)
    labelled = [row for row in rows if row["genre_top"]]
    examples = tuple(_examples(name, labelled, clips))
    if not examples:
        raise CorpusError(f"{root}: none of the {len(labelled)} clips of {name} is in it", hint=hint)
    problems = []
    if len(labelled) < len(rows):
        problems.append(f"{len(rows) - len(labelled)} of {len(rows)} tracks have no top genre")
    if len(rows) < SIZES[size]:
        problems.append(f"{SIZES[size] - len(rows)} of {SIZES[size]} tracks are missing in tracks.csv")
    problems += _missing(labelled, examples)
    return Corpus(
        name,
        examples,
        artists_known=True,
        names_are_genres=True,
        licence=LICENCE,
        citation=CITATION,
        problems=tuple(problems),
    )


_SIZE_OF = {size: number for number, size in enumerate(SIZES)}


def _missing(labelled: list[dict[str, str]], examples: tuple[Example, ...]) -> Iterator[str]:
    """A sentence on each genre that has fewer clips than the table lists."""
    there = Counter(example.labels[0] for example in examples)
    for genre, count in sorted(Counter(row["genre_top"] for row in labelled).items()):
        if there[genre] < count:
            yield f"{genre}: {count - there[genre]} of {count} clips are missing"


def _examples(name: str, rows: list[dict[str, str]], clips: Path) -> Iterator[Example]:
    for row in rows:
        number = f"{int(row['track_id']):06}"
        path = clips / number[:3] / f"{number}.mp3"
        if path.is_file():
            yield Example(
                path,
                (row["genre_top"],),
                f"fma:artist {row['id']}",
                name,
                split=_SPLITS.get(row["split"]),
                licence=row["license"],
            )


def _clips(root: Path, size: str, cache: Path, hint: str) -> Path:
    """The folder that holds the folders 000 to 155."""
    sizes = [*list(SIZES)[_SIZE_OF[size] :], "full"]
    for folder in (*(root / f"fma_{one}" for one in sizes), root):
        if any(folder.glob("[0-9][0-9][0-9]/*.mp3")):
            return folder
    for one in sizes:
        if (archive := root / f"fma_{one}.zip").is_file():
            unpacked = local.unpacked(f"fma-{one}", archive, cache, lambda path: path.suffix == ".mp3")
            return unpacked / f"fma_{one}"
    raise CorpusError(f"{root}: no folder fma_{size} in it", hint=hint)


def _rows(root: Path, hint: str) -> Iterator[dict[str, str]]:
    """The rows of the table: `track_id` and the last words of `_COLUMNS`."""
    for table in (root / "tracks.csv", *(one / "fma_metadata" / "tracks.csv" for one in (root, root.parent))):
        if table.is_file():
            with table.open(encoding="utf-8", newline="") as stream:
                yield from _read(stream, table)
            return
    for archive in (root / "fma_metadata.zip", root.parent / "fma_metadata.zip"):
        if archive.is_file():
            yield from _zipped_rows(archive)
            return
    raise CorpusError(f"{root}: no fma_metadata/tracks.csv in it or beside it", hint=hint)


def _zipped_rows(archive: Path) -> Iterator[dict[str, str]]:
    try:
        with zipfile.ZipFile(archive) as zipped, zipped.open("fma_metadata/tracks.csv") as member:
            yield from _read(io.TextIOWrapper(member, "utf-8", newline=""), archive)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise CorpusError(f"{archive}: no table in it: {error}") from error


def _read(stream: TextIO, table: Path) -> Iterator[dict[str, str]]:
    """Rows below a header of two lines, group and name of each column, and a third that names the index."""
    limit = csv.field_size_limit(_LONGEST_FIELD)
    try:
        lines = csv.reader(stream)
        header = list(zip(next(lines), next(lines), strict=True))
        places = {column[1]: header.index(column) for column in _COLUMNS}
        for line in lines:
            if line and line[0].isdecimal():
                yield {"track_id": line[0]} | {name: line[place].strip() for name, place in places.items()}
    except (StopIteration, ValueError, IndexError, csv.Error) as error:
        raise CorpusError(
            f"{table}: not the table of FMA",
            hint="columns such as track / genre_top stand in its first two lines",
        ) from error
    finally:
        csv.field_size_limit(limit)
