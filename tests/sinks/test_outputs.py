"""Laws of the files that users name for what they are told."""

import os
import threading
from pathlib import Path

import pytest

from tagger.errors import OutputError
from tagger.sinks.outputs import Output

NOTE = Output("note", lambda head: head.startswith(b"note"), 4)


def test_its_own_sort_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    """A file of the sort, and an empty one, give way; any other stays as it is."""
    path = tmp_path / "a"
    for before in (None, b"", b"note one"):
        if before is not None:
            path.write_bytes(before)
        NOTE.save(path, b"note two")
        assert path.read_bytes() == b"note two"
    path.write_bytes(b"a song")
    for call in (lambda: NOTE.check(path), lambda: NOTE.save(path, b"note three")):
        with pytest.raises(OutputError, match="exists, and is no note of tagger"):
            call()
    assert path.read_bytes() == b"a song"
    assert [one.name for one in tmp_path.iterdir()] == ["a"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """What it names is replaced, not the link."""
    (tmp_path / "link").symlink_to(tmp_path / "a")
    NOTE.save(tmp_path / "link", b"note")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "a").read_bytes() == b"note"


def test_a_pipe_gets_the_content(tmp_path: Path) -> None:
    """Nothing is read from it before, so that nobody waits for ever."""
    os.mkfifo(tmp_path / "pipe")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_bytes()), daemon=True)
    reader.start()
    NOTE.check(tmp_path / "pipe")
    NOTE.save(tmp_path / "pipe", b"note")
    reader.join(10)
    assert got == [b"note"]


def test_places_where_nothing_can_be_are_told(tmp_path: Path) -> None:
    """No folder, a folder in the way, a device that is full."""
    with pytest.raises(OutputError, match="there is no folder"):
        NOTE.check(tmp_path / "nowhere" / "a")
    with pytest.raises(OutputError, match="is a folder"):
        NOTE.check(tmp_path)
    with pytest.raises(OutputError, match="/dev/full: the note cannot be written: No space left"):
        NOTE.save(Path("/dev/full"), b"note")
