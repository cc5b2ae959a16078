"""The identity of a recording belongs to its audio, and to nothing around it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tagger import errors
from tagger.sinks.tags import payload
from tests.sinks import containers, writing

MUSIC = Path(__file__).resolve().parents[2] / "examples" / "music"
PIECES = sorted(path for path in MUSIC.iterdir() if path.name != "COPYING")


@pytest.mark.parametrize("case", containers.CASES)
def test_tags_names_and_places_do_not_count(sample: Callable[[str], Path], case: str) -> None:
    """However the tags grow and shrink, and wherever the file goes, the recording stays the same one."""
    path = sample(case)
    before = payload.identity(path)
    for genres in [["Rock"], ["R&B/Soul", "Ж" * 70_000], ["Jazz"]]:
        writing.write_unproven(path, genres)
        assert payload.identity(path) == before
    assert payload.identity(shutil.copy(path, path.with_name("elsewhere"))) == before


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in containers.CASES.values()}))
def test_audio_counts(sample: Callable[[str], Path], kind: str) -> None:
    """A change in the audio, or one byte more of it, makes another recording, in every container."""
    case = next(case for case, (of_kind, _) in containers.CASES.items() if of_kind == kind)
    path = sample(case)
    before, content = payload.identity(path), path.read_bytes()
    if kind == "FLAC":  # its header says what its audio is
        place = content.index(b"fLaC") + 30
    else:
        place = len(content) * 2 // 3
    path.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
    assert payload.identity(path) != before


def test_every_piece_is_another() -> None:
    """No two pieces of the example library are one."""
    assert len({payload.identity(path) for path in PIECES}) == len(PIECES)


def test_a_flac_file_without_a_digest_is_told_by_its_frames(tmp_path: Path) -> None:
    """Where the encoder left the digest of the samples out, the coded audio counts."""
    content = (MUSIC / "ambient.flac").read_bytes()
    place = content.index(b"fLaC") + 26
    bare = content[:place] + bytes(16) + content[place + 16 :]
    path = tmp_path / "a.flac"
    path.write_bytes(bare)
    before = payload.identity(path)
    writing.write_unproven(path, ["Rock" * 9000])
    assert payload.identity(path) == before
    path.write_bytes(bare[:-1] + b"?")
    assert payload.identity(path) != before


@pytest.mark.parametrize(
    "content", [b"", b"x", b"RIFF\0\0\0\0WAVE", b"OggS", b"\0\0\0\x18ftypM4A ", b"fLaC\0\0\0\x22"]
)
def test_any_file_has_an_identity(tmp_path: Path, content: bytes) -> None:
    """What is damaged or unknown is told by all its bytes."""
    path = tmp_path / "odd"
    path.write_bytes(content)
    first = payload.identity(path)
    path.write_bytes(content + b"more")
    assert payload.identity(path) != first


def test_little_of_a_long_file_is_read(tmp_path: Path) -> None:
    """A file of a terabyte, most of it a hole, is told in no time, and its last byte counts."""
    path = tmp_path / "long.mp3"
    content = (MUSIC / "blues.mp3").read_bytes()
    try:
        path.write_bytes(content)
        os.truncate(path, 2**40)
    except OSError:
        pytest.skip("no file of this length can be made here")
    before = payload.identity(path)
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"x")
    assert payload.identity(path) != before


def test_what_cannot_be_read_is_our_error(tmp_path: Path) -> None:
    """A file that is gone is told with its path."""
    with pytest.raises(errors.TagError, match="nowhere"):
        payload.identity(tmp_path / "nowhere")
