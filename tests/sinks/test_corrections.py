"""What people said is kept: the last word counts, and nothing is lost."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from tagger.errors import OutputError
from tagger.sinks.corrections import Correction, Corrections


def said(genre: str | None, recording: bytes = b"a", path: str = "x.mp3") -> Correction:
    """Something that was said."""
    return Correction(recording, Path(path), genre, "Rock", 0.25, "default")


def test_the_last_word_counts_until_it_is_taken_back(tmp_path: Path) -> None:
    """Of each recording the latest is given; removed, what was said before counts again."""
    with contextlib.closing(Corrections(tmp_path)) as kept:
        kept.add(said("Jazz"))
        kept.add(said(None, b"b", os.fsdecode(b"\xff.mp3")))
        number = kept.add(said("Blues"))
        assert list(kept.latest()) == [said(None, b"b", os.fsdecode(b"\xff.mp3")), said("Blues")]
        kept.remove(number)
        assert list(kept.latest()) == [said("Jazz"), said(None, b"b", os.fsdecode(b"\xff.mp3"))]


def test_it_outlives_the_process_and_is_shared(tmp_path: Path) -> None:
    """Two that have it open see what the other adds; it is there when it is opened again."""
    with contextlib.closing(Corrections(tmp_path)) as one, contextlib.closing(Corrections(tmp_path)) as other:
        one.add(said("Jazz"))
        other.add(said("Pop", b"b"))
        assert len(list(one.latest())) == 2
    with contextlib.closing(Corrections(tmp_path)) as again:
        assert [one.genre for one in again.latest()] == ["Jazz", "Pop"]


def test_those_of_another_version_are_left_alone(tmp_path: Path) -> None:
    """A later format is refused in a sentence, and stays as it is."""
    Corrections(tmp_path).close()
    path = tmp_path / "corrections.sqlite3"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")
        database.commit()
    with pytest.raises(OutputError, match="another version of tagger"):
        Corrections(tmp_path)
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (99,)


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    """Damage is an error with the path in front and a hint."""
    (tmp_path / "corrections.sqlite3").write_bytes(b"no database" * 100)
    with pytest.raises(OutputError, match=r"corrections\.sqlite3: corrections cannot be kept") as raised:
        Corrections(tmp_path)
    assert raised.value.hint


def test_a_place_where_nothing_can_be_kept_is_told(tmp_path: Path) -> None:
    """So is a folder that cannot be made."""
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be kept"):
        Corrections(tmp_path / "file" / "folder")
