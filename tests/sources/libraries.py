"""Folders of files, for the tests of finding them."""

from collections.abc import Iterable
from pathlib import Path

from tagger.records import Failed, Track
from tests.sources import tones

EXPECTED = ["z.m4a", "a/no suffix", "a/song.unknown", "a/x.ogg", "a/deep/er/y.wav", "b/10.FLAC", "b/2.mp3"]
"""What `filled` holds of audio, in the order in which it is found."""


def filled(root: Path) -> Path:
    """Fill a folder with albums, pictures, hidden files and files that are audio only by their content."""
    for name in ("b/2.mp3", "b/10.FLAC", "b/cover.jpg", "a/x.ogg", "a/deep/er/y.wav", "z.m4a", "list.m3u"):
        touch(root / name)
    for hidden in (".trash/t.mp3", "a/._x.ogg", "a/.hidden.flac"):
        touch(root / hidden)
    (root / "a" / "no suffix").write_bytes(tones.encoded("flac"))
    (root / "a" / "song.unknown").write_bytes(tones.encoded("mp3-vbr"))
    (root / "a" / "data.unknown").write_bytes(b"no audio at all")
    return root


def touch(path: Path) -> Path:
    """Make an empty file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def names(found: Iterable[Track | Failed], root: Path) -> list[str]:
    """The paths found, relative to a folder; all must be tracks."""
    found = list(found)
    assert all(isinstance(one, Track) for one in found), found
    return [str(one.path.relative_to(root)) for one in found]
