"""4Q/TAFFC: 900 previews of 30 seconds, with AllMusic's genres.

Q1/MT0000004637.mp3 … Q4            by quadrant of Russell's plane of emotions; a folder, or the `.zip`
panda_dataset_taffc_metadata.csv    columns Song, Artist, GenresStr ("Pop/Rock; Electronic") among others

The genres of a song are in no order of weight; the first is taken first. `panda_dataset_taffc_annotations.csv`,
which names quadrants only, is not needed.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from tagger.errors import CorpusError
from trainer.corpora import local
from trainer.corpora.interface import Corpus, Example

N_CLIPS = 900

LICENCE = "none stated; previews of commercial recordings, for research"
CITATION = (
    "R. Panda, R. Malheiro and R. P. Paiva, Novel audio features for music emotion recognition, "
    "IEEE Transactions on Affective Computing 11(4), 2020"
)
HINT = "get the 4Q audio emotion dataset from mir.dei.uc.pt and give its folder or archive with --data"

_TABLE = "panda_dataset_taffc_metadata.csv"
_COLUMNS = ("Song", "Artist", "GenresStr")
_SUFFIXES = (".mp3", ".ogg", ".wav", ".flac")


def load(argument: str, data: Path | None, cache: Path) -> Corpus:
    """Find the previews of a local copy.

    Args:
        argument: Path of the copy, a folder or an archive; empty takes `data`.
        data: The same, given apart.
        cache: Folder that archives are unpacked into, once.

    Raises:
        CorpusError: There is no copy, or its table or previews are missing.
    """
    root = local.copy(
        "taffc",
        argument,
        data,
        cache,
        hint=HINT,
        wanted=lambda path: path.name == _TABLE or path.suffix.lower() in _SUFFIXES,
    )
    tables = sorted(root.rglob(_TABLE))
    if not tables:
        raise CorpusError(f"{root}: no {_TABLE} in it", hint=HINT)
    rows = _rows(tables[0])
    clips = {path.stem: path for path in sorted(root.rglob("*")) if path.suffix.lower() in _SUFFIXES}
    labels = {song: _genres(row["GenresStr"]) for song, row in rows.items()}
    examples = tuple(
        Example(clips[song], labels[song], f"artist:{row['Artist'].casefold()}", "taffc", licence=LICENCE)
        for song, row in rows.items()
        if song in clips and labels[song]
    )
    if not examples:
        raise CorpusError(f"{root}: none of the {len(rows)} previews of {_TABLE} is in it", hint=HINT)
    problems = []
    if missing := max(N_CLIPS, len(rows)) - sum(song in clips for song in rows):
        problems.append(f"{missing} of {max(N_CLIPS, len(rows))} previews are missing")
    if bare := sum(not of_song for of_song in labels.values()):
        problems.append(f"{bare} songs have no genre")
    return Corpus(
        "taffc", examples, artists_known=True, licence=LICENCE, citation=CITATION, problems=tuple(problems)
    )


def _genres(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (genre.strip() for genre in text.split(";"))))


def _rows(table: Path) -> Mapping[str, Mapping[str, str]]:
    """The rows of the table by song."""
    try:
        with table.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            reader = csv.DictReader(stream, skipinitialspace=True)
            absent = [column for column in _COLUMNS if column not in (reader.fieldnames or ())]
            rows = {} if absent else {row["Song"].strip(): row for row in reader}
    except (OSError, csv.Error) as error:
        raise CorpusError(f"{table}: not a table: {error}") from error
    if absent or not rows:
        raise CorpusError(
            f"{table}: no column `{absent[0]}`" if absent else f"{table}: no rows below its header"
        )
    return rows
