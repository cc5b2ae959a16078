r"""Results as files for other programs.

Format version 2. JSON Lines: UTF-8, one object per track and line, with the keys in this order:

    format            2
    path              as given, or below the folder that was given
    status            "named", "abstained" (don't know), "skipped", or "failed" (heard or not)
    genre             the genre; null if there is none
    confidence        probability of the strongest genre, 0 to 1; null if nothing was heard
    genres            [{"genre": …, "probability": …}, …], strongest first, also when abstained;
                      [] if nothing was heard
    tags_before       genres in the file before (or what stood in the field that is written); null if they
                      cannot be read
    tags_after        genres in the file now; in a dry run, what they would be
    written           whether the file was changed
    reason            why there is no genre, or why it was written or not; may be empty
    duration_seconds  length of the audio; null if nothing was heard
    n_windows         number of windows the network saw; null if nothing was heard
    model             name of the model; null if nothing was heard

Where albums are judged (`tagger scan --album`), it is format version 3, with the keys of `album_columns` behind
these.

Bytes of a name that are not UTF-8 appear as JSON escapes (PEP 383, \udc80 to \udcff): `os.fsencode` of
the loaded string is the name. Other characters are written as they are.

CSV: the same columns after RFC 4180 in UTF-8, null as an empty cell, genres as "Rock:0.8712; Pop:0.0911".
Cells that begin with = + - @ are left as they are: a guarding apostrophe would name another file, and a path
in a report must be the path; let spreadsheets import the columns as text. Bytes of a name that are not UTF-8
are shown as escapes here too; JSON Lines alone tells these from backslashes in a name.
"""

from __future__ import annotations

import contextlib
import csv
import datetime
import io
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, TextIO

from tagger import errors, records
from tagger.sinks import album_columns

FORMAT_VERSION, ALBUM_FORMAT_VERSION = 2, 3

_HEAD_BYTES = 16

COLUMNS = (
    "format",
    "path",
    "status",
    "genre",
    "confidence",
    "genres",
    "tags_before",
    "tags_after",
    "written",
    "reason",
    "duration_seconds",
    "n_windows",
    "model",
)


class Report(ABC):
    """A report that grows by one row per result; every row reaches the stream at once.

    Args:
        stream: Where rows go; what a text stream lies on is written as UTF-8, whatever its own encoding.
        top_k: How many genres to list per track; None for all.
        albums: Whether to tell what albums say, in format 3.
    """

    def __init__(self, stream: BinaryIO | TextIO, *, top_k: int | None = None, albums: bool = False) -> None:
        self._stream: Any = stream
        self._top_k = top_k
        self._albums = albums

    def add(self, result: records.Result) -> None:
        """Write the row of a result.

        Raises:
            BrokenPipeError: The reader at the other end has gone.
            OutputError: The row cannot be written.
        """
        self._emit(self._row(fields(result, self._top_k, albums=self._albums)))

    @abstractmethod
    def _row(self, fields: Mapping[str, Any]) -> str: ...

    def _emit(self, text: str) -> None:
        data = text.encode("utf-8", errors="backslashreplace")
        try:
            self._stream.flush()
            if isinstance(self._stream, io.StringIO):
                self._stream.write(data.decode())
            else:
                getattr(self._stream, "buffer", self._stream).write(data)
            self._stream.flush()
        except BrokenPipeError:
            raise
        except OSError as exc:
            raise errors.OutputError(f"the report cannot be written: {exc.strerror or exc}") from exc


class JsonLines(Report):
    """One JSON object per line."""

    def _row(self, fields: Mapping[str, Any]) -> str:
        return json.dumps(fields, ensure_ascii=False) + "\n"


class Csv(Report):
    """A header row, then one row per track."""

    def __init__(self, stream: BinaryIO | TextIO, *, top_k: int | None = None, albums: bool = False) -> None:
        super().__init__(stream, top_k=top_k, albums=albums)
        self._emit(_csv_line(COLUMNS + album_columns.COLUMNS if albums else COLUMNS))

    def _row(self, fields: Mapping[str, Any]) -> str:
        ranked = {
            name: "; ".join(f"{score['genre']}:{score['probability']:.4f}" for score in fields[name])
            for name in ("genres", "own_genres")
            if name in fields
        }
        cells = {
            **fields,
            **ranked,
            "tags_before": _joined(fields["tags_before"]),
            "tags_after": _joined(fields["tags_after"]),
            "written": str(fields["written"]).lower(),
        }
        return _csv_line(cells.values())


def _joined(values: list[str] | None) -> str | None:
    return None if values is None else "; ".join(values)


FORMATS: Mapping[str, type[Report]] = MappingProxyType({"jsonl": JsonLines, "csv": Csv})
"""The kinds of report, by the word that chooses them."""


@contextlib.contextmanager
def saved(
    path: str | os.PathLike[str], kind: str, *, top_k: int | None = None, albums: bool = False
) -> Iterator[Report]:
    """Open a report that takes the place of an older one only when the run ends.

    Until then its rows are in `<path>.PID.partial`. An interrupted run (Ctrl-C) ends too: what there is of it
    is kept, well formed. Where the run dies, the older report stays, and so does the partial one. A path that
    is no regular file, such as /dev/stdout or a pipe, is written to directly.

    Args:
        path: Where the report is to be.
        kind: A key of `FORMATS`.
        top_k: How many genres to list per track; None for all.
        albums: Whether to tell what albums say, in format 3.

    Raises:
        OutputError: There is no such kind of report, the file cannot be written, or it holds something else.
    """
    if kind not in FORMATS:
        raise errors.OutputError(f"unknown kind of report: {kind}", hint=f"choose one of {', '.join(FORMATS)}")
    is_special = Path(path).exists() and not Path(path).is_file()
    target = Path(path) if is_special else Path(os.path.realpath(path))
    if not is_special:
        _check_replaceable(target)
    # Two runs that are told the same file do not share what grows.
    growing = target if is_special else target.with_name(f"{target.name}.{os.getpid()}.partial")
    with _ours(path):
        stream = growing.open("wb")
    with contextlib.ExitStack() as closing:
        closing.callback(_close, stream, path)
        try:
            yield FORMATS[kind](stream, top_k=top_k, albums=albums)
        except Exception:
            raise
        except BaseException:
            _place(stream, growing, target)
            raise
        _place(stream, growing, target)


def _check_replaceable(target: Path) -> None:
    """Refuse to replace what is no report: a slip such as `-o *.flac` must not cost a song."""
    if not target.exists():
        return
    with _ours(target), target.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if head and not head.startswith((b'{"format"', b"format,path,")):
        raise errors.OutputError(
            f"{target}: exists, and is not a report of tagger",
            hint="name another file, or delete this one first",
        )


def _place(stream: BinaryIO, growing: Path, target: Path) -> None:
    if growing == target:
        return
    with _ours(target):
        os.fsync(stream.fileno())
        growing.replace(target)


def _close(stream: BinaryIO, path: str | os.PathLike[str]) -> None:
    """Close the stream; where a row could not be written, that is tried again here."""
    with _ours(path):
        stream.close()


@contextlib.contextmanager
def _ours(path: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        reason, hint = exc.strerror, "name another file"
        if not Path(path).parent.is_dir():
            reason, hint = f"there is no folder {Path(path).parent}", "create it first"
        raise errors.OutputError(f"{path}: the report cannot be written: {reason}", hint=hint) from exc


def status(result: records.Result) -> str:
    """Name what became of a track: "named", "abstained", "skipped" or "failed"."""
    match result:
        case records.Skipped():
            return "skipped"
        case records.Failed() | records.Tagged(failed=True):
            return "failed"
        case records.Tagged(verdict=records.Verdict(genre=None)):
            return "abstained"
    return "named"


def now() -> str:
    """The time, ISO 8601 in UTC, to the millisecond."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def fields(result: records.Result, top_k: int | None = None, *, albums: bool = False) -> dict[str, Any]:
    """The values of all columns, in their order; of genres the `top_k` strongest, or all.

    Args:
        result: What became of a track.
        top_k: How many genres to list; None for all.
        albums: Whether to tell what albums say, in format 3.
    """
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {"format": FORMAT_VERSION, "path": os.fsdecode(result.track.path), "status": status(result)}
    row |= {"genres": [], "written": False, "reason": result.reason}
    if isinstance(result, records.Tagged):
        row |= _heard(result.verdict, top_k)
        row |= {
            "tags_before": None if result.tags_before is None else list(result.tags_before),
            "tags_after": None if result.tags_after is None else list(result.tags_after),
            "written": result.written,
            "reason": result.reason or result.verdict.reason,
        }
    if albums:
        verdict = result.verdict if isinstance(result, records.Tagged) else None
        row |= {"format": ALBUM_FORMAT_VERSION} | album_columns.of(verdict, top_k)
    return row


def _heard(verdict: records.Verdict, top_k: int | None) -> dict[str, Any]:
    return {
        "genre": verdict.genre,
        "confidence": round(verdict.confidence, 4),
        "genres": album_columns.ranked(verdict.scores[:top_k]),
        "duration_seconds": round(verdict.duration_seconds, 3),
        "n_windows": verdict.n_windows,
        "model": verdict.model,
    }


def _csv_line(cells: Any) -> str:
    line = io.StringIO(newline="")
    csv.writer(line).writerow(cells)
    return line.getvalue()
