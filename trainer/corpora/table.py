"""A CSV file that lists sound files and their labels.

Columns: `path` (or `file`, `filename`), relative to the table's folder or to the data folder; `genre` (or
`genres`, `label`), several joined by `+`, `|` or `;`, strongest first. If present: `group` (or `artist`),
`fold` or `split`, `corpus`, `licence` (or `license`). Others are passed over.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path

from tagger.errors import CorpusError
from trainer.corpora.interface import Corpus, Example

_COLUMNS: dict[str, tuple[str, ...]] = {
    "path": ("path", "file", "filename"),
    "labels": ("genre", "genres", "label"),
    "group": ("group", "artist"),
    "fold": ("fold",),
    "split": ("split",),
    "corpus": ("corpus",),
    "licence": ("licence", "license"),
}

_REQUIRED = ("path", "labels")
_SPLITS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
}
_SPLITS |= {"dev": "validation", "test": "test"}


def load(argument: str, data: Path | None) -> Corpus:
    """Read a table.

    Args:
        argument: Path of the CSV file.
        data: Folder that relative paths start from; None takes the table's own.

    Raises:
        CorpusError: The table is missing or unusable, or none of its files exists.
    """
    table = Path(argument).expanduser()
    columns, rows = _read(table)
    folder = (data or table.parent).expanduser()
    examples = [_example(row, columns, folder, f"{table}:{number}") for number, row in rows]
    found = {example for example in examples if example.path.is_file()}
    present = tuple(example for example in examples if example in found)
    missing = [row[columns["path"]] for (_, row), one in zip(rows, examples, strict=True) if one not in found]
    if not present:
        raise CorpusError(
            f"{table}: none of its {len(examples)} files exists in {folder}",
            hint="give the folder that its paths start from with --data",
        )
    problems = (
        (f"{len(missing)} of {len(examples)} files are missing, the first: {missing[0]}",) if missing else ()
    )
    return Corpus(table.stem, present, "group" in columns, licence=_licences(present), problems=problems)


def _read(table: Path) -> tuple[dict[str, str], list[tuple[int, dict[str, str]]]]:
    """The name of each of our columns in the table, and its rows with their line numbers."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            header = {name.strip().lower(): name for name in reader.fieldnames or () if name}
            rows = [(reader.line_num, {k: v or "" for k, v in row.items() if k}) for row in reader]
    except FileNotFoundError as error:
        raise CorpusError(f"{table}: no such table") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CorpusError(f"{table}: not a table in UTF-8: {error}") from error
    columns = {
        ours: header[name] for ours, names in _COLUMNS.items() for name in reversed(names) if name in header
    }
    for ours in _REQUIRED:
        if ours not in columns:
            raise CorpusError(
                f"{table}: no column `{_COLUMNS[ours][0]}`",
                hint=f"columns are {', '.join(header) or 'missing: is the first line empty?'}",
            )
    if not rows:
        raise CorpusError(f"{table}: no rows below its header")
    return columns, rows


def _example(row: Mapping[str, str], columns: Mapping[str, str], folder: Path, where: str) -> Example:
    values = {ours: row.get(name, "").strip() for ours, name in columns.items()}
    labels = tuple(filter(None, (label.strip() for label in re.split(r"[+|;]", values["labels"]))))
    if not values["path"] or not labels:
        raise CorpusError(f"{where}: no {'path' if not values['path'] else 'genre'} in this row")
    path = folder / values["path"]
    split = values.get("split", "").lower()
    if split and split not in _SPLITS:
        raise CorpusError(f"{where}: `{split}` is no split", hint="splits are train, validation and test")
    return Example(
        path=path,
        labels=labels,
        group=values.get("group") or str(path),
        corpus=values.get("corpus") or Path(where.rpartition(":")[0]).stem,
        fold=_fold(values.get("fold", ""), where),
        split=_SPLITS.get(split),
        licence=values.get("licence", ""),
    )


def _fold(text: str, where: str) -> int | None:
    try:
        return int(text) if text else None
    except ValueError as error:
        raise CorpusError(f"{where}: fold: `{text}` is not a number") from error


def _licences(examples: tuple[Example, ...]) -> str:
    return "as each file states" if any(example.licence for example in examples) else "not stated in the table"
