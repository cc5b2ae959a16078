"""A CSV file that lists sound files and their labels.

Columns: `path` (or `file`, `filename`), relative to the table's folder or to the data folder; `genre` (or
`genres`, `label`), several joined by `+`, `|` or `;`, strongest first. If present: `group` (or `artist`),
`fold` or `split`, `corpus`, `licence` (or `license`). Others are passed over.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from tagger import paths
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
_SEPARATORS = {";": "`;`", "\t": "tabs", "|": "`|`"}
_HINT_TABLE = "give the path of a CSV file with the columns `path` and `genre`"
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
    table = paths.expanded(argument)
    columns, rows = _read(table)
    folder = paths.expanded(data or table.parent)
    listed = [(_values(row, columns), number) for number, row in rows]
    once = _once(table, columns, folder, listed)
    examples = [_example(values, folder, f"{table}:{number}") for values, number in once]
    present = tuple(example for example in examples if _is_file(example.path))
    if not present:
        raise CorpusError(
            f"{table}: none of its {len(examples)} files exists in {folder}",
            hint="give the folder that its paths start from with --data",
        )
    problems = []
    if len(once) < len(listed):
        repeated = f"{len(listed) - len(once)} of {len(listed)} rows"
        problems.append(f"{repeated} left out: they say again what another row says of the same file")
    if len(present) < len(examples):
        kept = set(present)
        first = next(
            values["path"] for (values, _), example in zip(once, examples, strict=True) if example not in kept
        )
        missing = f"{len(examples) - len(present)} of {len(examples)} files are missing"
        problems.append(f"{missing}, the first: {first}")
    licence = _licences(present)
    return Corpus(table.stem, present, "group" in columns, licence=licence, problems=tuple(problems))


def _is_file(path: Path) -> bool:
    """Whether there is such a file; none has a name that is too long, or lies where we may not look."""
    try:
        return path.is_file()
    except OSError:
        return False


def _read(table: Path) -> tuple[dict[str, str], list[tuple[int, dict[str, str]]]]:
    """The name of each of our columns in the table, and its rows with the numbers of their first lines."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            lines = list(_lines(table, stream))
    except FileNotFoundError as error:
        raise CorpusError(f"{table}: no such table", hint=_HINT_TABLE) from error
    except IsADirectoryError as error:
        raise CorpusError(
            f"{table}: a folder, not a table",
            hint=f"folder:{table} reads a folder that has a sub-folder for each genre",
        ) from error
    except OSError as error:
        raise CorpusError(f"{table}: cannot be read: {error.strerror}", hint=_HINT_TABLE) from error
    except UnicodeDecodeError as error:
        raise CorpusError(f"{table}: not a table in UTF-8", hint="save it again as CSV in UTF-8") from error
    names = [name.strip().lower() for name in lines[0][1]] if lines else []
    columns = _columns(table, names)
    rows = [(number, _row(names, cells, f"{table}:{number}")) for number, cells in lines[1:]]
    if not rows:
        raise CorpusError(f"{table}: no rows below its header", hint="give each sound file a row")
    return columns, rows


def _row(names: Sequence[str], cells: Sequence[str], where: str) -> dict[str, str]:
    """The cells of a row by their columns' names; cells that are missing at its end are empty.

    Raises:
        CorpusError: It has more cells than there are columns, and not only empty ones.
    """
    if any(cell.strip() for cell in cells[len(names) :]):
        raise CorpusError(
            f"{where}: {len(cells)} cells in this row, and {len(names)} columns in the header",
            hint="put a cell that holds a comma into quotes, or name the columns",
        )
    return dict(zip(names, [*cells, *[""] * len(names)], strict=False))


def _lines(table: Path, stream: TextIO) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row that is not empty, with the number of its first line."""
    reader, number = csv.reader(stream, strict=True), 1
    try:
        for cells in reader:
            if cells:
                yield number, cells
            number = reader.line_num + 1
    except csv.Error as error:
        if "end of data" in str(error):
            problem = "a quote is opened in this row and never closed"
        elif "field limit" in str(error):
            problem = f"a cell is longer than {csv.field_size_limit():,} characters"
        else:
            problem = "there is text between a closing quote and the next comma"
        raise CorpusError(
            f"{table}:{number}: {problem}", hint='close each quote, and write a quote inside a cell as ""'
        ) from error


def _columns(table: Path, names: Sequence[str]) -> dict[str, str]:
    """The name of each of our columns in a table with columns of these names."""
    columns = {ours: name for ours, known in _COLUMNS.items() for name in reversed(known) if name in names}
    for ours in _REQUIRED:
        if ours not in columns:
            _check_separator(table, names)
            raise CorpusError(
                f"{table}: no column `{_COLUMNS[ours][0]}`",
                hint=f"columns are {', '.join(filter(None, names)) or 'missing: is the first line empty?'}",
            )
    for name in columns.values():
        if names.count(name) > 1:
            raise CorpusError(
                f"{table}: {names.count(name)} columns are called `{name}`", hint="keep one of them"
            )
    return columns


def _check_separator(table: Path, names: Sequence[str]) -> None:
    """Refuse a table whose columns are parted by something else than commas, as far as their names tell."""
    required = {name for ours in _REQUIRED for name in _COLUMNS[ours]}
    for separator, called in _SEPARATORS.items():
        cells = {cell.strip(' "') for cell in ",".join(names).split(separator)}
        if len(cells) > 1 and cells & required:
            raise CorpusError(
                f"{table}: its columns seem to be separated by {called}",
                hint="save it with commas between the columns",
            )


def _values(row: Mapping[str, str], columns: Mapping[str, str]) -> dict[str, str]:
    """What a row says, by our names of its columns."""
    return {ours: row[name].strip() for ours, name in columns.items()}


def _once(
    table: Path, columns: Mapping[str, str], folder: Path, listed: Sequence[tuple[dict[str, str], int]]
) -> list[tuple[dict[str, str], int]]:
    """The first row of each file; rows of one file that contradict each other are refused."""
    first: dict[str, tuple[dict[str, str], int]] = {}
    for values, number in listed:
        # Rows without a path are refused as such later, and all mean the folder.
        place = os.path.normpath(folder / values["path"]) if values["path"] else f"\0{number}"
        other, other_number = first.setdefault(place, (values, number))
        where = f"lines {other_number} and {number}"
        if _labels(other, fold=True) != _labels(values, fold=True):
            raise CorpusError(
                f"{table}: {values['path']} has different genres in {where}: "
                f"{other['labels'] or 'none'}, and {values['labels'] or 'none'}",
                hint="keep one of the rows; several genres of a file are joined by + in one row",
            )
        for ours, name in columns.items():
            if ours not in _REQUIRED and other[ours] != values[ours]:
                raise CorpusError(
                    f"{table}: {where} differ in `{name}`, and are of the same file, {values['path']}",
                    hint="keep one of the rows",
                )
    return list(first.values())


def _labels(values: Mapping[str, str], *, fold: bool = False) -> tuple[str, ...]:
    """The labels of a row, strongest first; case does not matter if folded."""
    text = values["labels"].casefold() if fold else values["labels"]
    return tuple(filter(None, (label.strip() for label in re.split(r"[+|;]", text))))


def _example(values: Mapping[str, str], folder: Path, where: str) -> Example:
    labels = _labels(values)
    if not values["path"] or not labels:
        raise CorpusError(
            f"{where}: no {'path' if not values['path'] else 'genre'} in this row",
            hint="fill it in, or remove the row",
        )
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
        raise CorpusError(f"{where}: fold: `{text}` is not a number", hint="number the folds") from error


def _licences(examples: tuple[Example, ...]) -> str:
    return "as each file states" if any(example.licence for example in examples) else "not stated in the table"
