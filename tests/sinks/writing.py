"""How tests write: as the product does, told to a journal, proven and undone where asked."""

import contextlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tagger.sinks import changes, journal, tags, undo
from tagger.sinks.tags import fields
from tagger.sinks.tags.interface import Manner
from tagger.sources import packets


def write(
    path: str | os.PathLike[str],
    genres: Sequence[str] = (),
    manner: Manner | None = None,
    more: Mapping[fields.Field, Sequence[str]] | None = None,
) -> bool:
    """Write genres, or values of other fields, into a file, and say whether it changed."""
    values = {fields.GENRE: tuple(genres)} if genres or not more else {}
    values |= {field: tuple(texts) for field, texts in (more or {}).items()}
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(journal.Journal(Path(folder))) as book:
        writer = changes.Writer(book, book.begin_run("scan", "a test"), packets.digest)
        note = journal.Note("genre", (), tuple(genres))
        return writer.rewrite(path, lambda file: tags.apply(path, file, values, manner), note)


def write_and_undo(path: Path, several: Sequence[tuple[str, ...]]) -> None:
    """Write genres one after another, each of which must change the file, and take all back."""
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(journal.Journal(Path(folder))) as book:
        writer = changes.Writer(book, book.begin_run("scan", "a test"), packets.digest)
        for genres in several:
            values = {fields.GENRE: genres}
            assert writer.rewrite(
                path,
                lambda file, values=values: tags.apply(path, file, values),
                journal.Note("genre", (), genres),
            )
        assert [undone.problem for undone in undo.undo(book.entries(), writer)] == [""] * len(several)


def write_unproven(path: Path, genres: Sequence[str]) -> bool:
    """Write genres into a file made by hand, whose audio no decoder takes."""
    with path.open("r+b") as file:
        return tags.apply(path, file, {fields.GENRE: tuple(genres)})
