"""The digest of a file's audio: deaf to tags, and to nothing else."""

import contextlib
import shutil
from pathlib import Path

import pytest

from tagger.errors import DecodeError
from tagger.sinks import tags
from tagger.sinks.tags import fields
from tagger.sources import packets
from tests.sinks.more_cases import LYRICS, V1, ape_item, ape_tag

MUSIC = Path(__file__).resolve().parents[2] / "examples" / "music"
PIECES = sorted(path for path in MUSIC.iterdir() if path.name not in {"COPYING", "silence.flac"})


def digest(path: Path) -> str:
    """The digest of a file."""
    with path.open("rb") as file:
        return packets.digest(path, file)


@pytest.mark.parametrize("piece", PIECES, ids=lambda path: path.name)
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_late_byte_counts(tmp_path: Path, piece: Path, share: float) -> None:
    """A changed byte in the middle or near the end of the audio, long after the decoded second, is noticed."""
    path = Path(shutil.copy(piece, tmp_path))
    before, content = digest(path), bytearray(path.read_bytes())
    place = round(len(content) * share)
    content[place : place + 4] = bytes(byte ^ 0x55 for byte in content[place : place + 4])
    path.write_bytes(content)
    with contextlib.suppress(DecodeError):  # noticed as well
        assert digest(path) != before


def test_what_is_no_audio_is_refused(tmp_path: Path) -> None:
    """A file that FFmpeg does not open has no digest."""
    path = tmp_path / "text.mp3"
    path.write_text("no music\n" * 100)
    with pytest.raises(DecodeError):
        digest(path)


@pytest.mark.parametrize("n_cut", [0, 100], ids=["whole", "cut off"])
@pytest.mark.parametrize(
    "behind",
    [
        b"LYRICSBEGININD0000200000021LYRICS200" + V1 + b"\1",
        ape_tag(ape_item("Genre", b"Rock"), has_header=False),
        ape_tag(ape_item("Genre", b"Rock"), has_header=False) + LYRICS + V1 + b"\1",
        b"junk" * 50 + V1 + b"\1",
        V1 + b"\1",
    ],
    ids=["Lyrics3", "APEv2 without a header", "APEv2, Lyrics3", "junk", "ID3v1"],
)
def test_tags_behind_mpeg_audio_are_no_audio(tmp_path: Path, behind: bytes, n_cut: int) -> None:
    """A genre written into any tags behind MPEG audio leaves its digest, which is that without these tags."""
    path, bare = tmp_path / "a.mp3", (MUSIC / "blues.mp3").read_bytes()
    audio = bare[: len(bare) - n_cut]
    path.write_bytes(audio + behind)
    before = digest(path)
    with path.open("r+b") as file:
        assert tags.apply(path, file, {fields.GENRE: ("Electronic",)})
    assert digest(path) == before
    if not behind.startswith(b"junk"):
        path.write_bytes(audio)
        assert digest(path) == before
