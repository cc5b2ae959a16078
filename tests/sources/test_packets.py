"""The digest of a file's audio: deaf to tags, and to nothing else."""

import contextlib
import shutil
from pathlib import Path

import pytest

from tagger.errors import DecodeError
from tagger.sources import packets

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
