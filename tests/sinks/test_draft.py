"""A draft reads as the file would after the same operations, and the file itself stays."""

import contextlib
import io
import tempfile
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.sinks import draft

N_BYTES = 197_000  # three pages and a little
places = st.integers(0, N_BYTES + 70_000)
operations = st.one_of(
    st.tuples(st.just("write"), places, st.binary(min_size=1, max_size=40)),
    st.tuples(st.just("fill"), places, st.integers(1, 140_000)),
    st.tuples(st.just("cut"), places, st.none()),
    st.tuples(st.just("read"), places, st.integers(-1, 140_000)),
)


def perform(file: BinaryIO, name: str, place: int, argument: object) -> object:
    """Do one operation on any file object."""
    file.seek(place)
    if name == "read":
        return file.read(argument)
    if name == "cut":
        return file.truncate()
    return file.write(argument if isinstance(argument, bytes) else b"x" * int(str(argument)))


@pytest.mark.parametrize("most_pages", [1000, 1])
@settings(deadline=None, max_examples=60)
@given(steps=st.lists(operations, max_size=8))
def test_a_draft_behaves_like_the_file(most_pages: int, steps: list[tuple[str, int, object]]) -> None:
    """Reads, writes and cuts in any order give what a real file gives, in memory and on disk alike."""
    content = bytes(i * 31 % 251 for i in range(1000)) * (N_BYTES // 1000)
    original = io.BytesIO(content)
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryFile() as real,
        contextlib.ExitStack() as closing,
    ):
        patch.setattr(draft, "_MOST_PAGES", most_pages)
        real.write(content)
        tried = draft.Draft(original, lambda: closing.enter_context(tempfile.TemporaryFile()))
        for step in steps:
            assert perform(tried, *step) == perform(real, *step)
            assert tried.tell() == real.tell()
        assert tried.size() == real.seek(0, io.SEEK_END)
        tried.seek(0)
        real.seek(0)
        assert tried.read() == real.read()
    assert original.getvalue() == content


@settings(deadline=None)
@given(writes=st.lists(st.tuples(st.integers(0, N_BYTES - 100), st.binary(min_size=1, max_size=100))))
def test_edits_make_the_new_file_of_the_old_and_back(writes: list[tuple[int, bytes]]) -> None:
    """Putting the new bytes of all edits into the old file gives the draft; the old ones are the file's."""
    content = bytes(range(250)) * (N_BYTES // 250)
    tried = draft.Draft(io.BytesIO(content), io.BytesIO)
    for place, data in writes:
        tried.seek(place)
        tried.write(data)
    edits = tried.edits()
    assert edits is not None
    new = bytearray(content)
    for place, old_bytes, new_bytes in edits:
        assert content[place : place + len(old_bytes)] == old_bytes != new_bytes
        new[place : place + len(new_bytes)] = new_bytes
    tried.seek(0)
    assert bytes(new) == tried.read()


def test_a_change_of_length_is_no_edit() -> None:
    """Where a file grows, shrinks, or was cut and filled up again, it must be written anew."""
    for n_cut, n_added in [(0, 1), (1, 0), (5, 5)]:
        tried = draft.Draft(io.BytesIO(b"0123456789"), io.BytesIO)
        tried.truncate(10 - n_cut)
        tried.seek(0, io.SEEK_END)
        tried.write(b"x" * n_added)
        assert tried.edits() is None
    with pytest.raises(ValueError, match="negative"):
        tried.seek(-1)
