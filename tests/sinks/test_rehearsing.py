"""A dry run refuses what the write would refuse."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from tagger import errors
from tagger.sinks import changes, journal, rehearsing, tags
from tagger.sinks.tags import fields
from tagger.sources import packets

Sample = Callable[[str], Path]
NOTE = journal.Note("genre", (), ("Rock",))


def deafening(file: BinaryIO) -> bool:
    """An edit that changes the audio."""
    middle = file.seek(0, os.SEEK_END) // 2
    file.seek(middle)
    data = file.read(500)
    file.seek(middle)
    file.write(bytes(byte ^ 0x55 for byte in data))
    return True


@pytest.mark.parametrize("case", ["MP3", "FLAC, tagged"])
def test_other_audio_is_refused_by_both(case: str, sample: Sample, tmp_path: Path) -> None:
    """A change that would not leave the audio alone is refused in a dry run with the reason of the write."""
    path = sample(case)
    content, book = path.read_bytes(), journal.Journal(tmp_path / "journal")
    writer = changes.Writer(book, book.begin_run("scan", ""), packets.digest)
    with pytest.raises(errors.TagError) as real:
        writer.rewrite(path, deafening, NOTE)
    with pytest.raises(errors.TagError) as dry:
        rehearsing.Rehearsal(packets.digest).rewrite(path, deafening)
    assert dry.value.reason == real.value.reason
    assert path.read_bytes() == content
    book.close()


def test_a_folder_that_takes_no_file_is_told(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a file must be replaced and its folder may not be written, a dry run says so as the write does."""
    path = sample("MP3")
    asked = os.access

    def access(where: Any, mode: int) -> bool:
        return Path(where) != path.parent and asked(where, mode)

    monkeypatch.setattr(os, "access", access)
    with pytest.raises(errors.TagError, match="no file may be made in its folder"):
        rehearsing.Rehearsal(packets.digest).rewrite(
            path, lambda file: tags.apply(path, file, {fields.GENRE: ("Rock",) * 500})
        )
