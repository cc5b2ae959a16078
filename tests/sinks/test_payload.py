"""The identity of a recording belongs to its audio, and to nothing around it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from tagger import errors
from tagger.sinks.tags import payload
from tests.sinks import containers, more_cases, writing

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
    place = len(content) * 2 // 3
    path.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
    assert payload.identity(path) != before


ASF_STREAM = UUID("b7dc0791-a9b7-11cf-8ee6-00c00c205365").bytes_le
FORMATS = {
    "WAV, sample rate": ("WAV", b"fmt ", 12),
    "AIFF, sample rate": ("AIFF", b"COMM", 17),
    "DSF, sample rate": ("DSF", b"fmt ", 28),
    "ASF, sample rate": ("ASF (WMA)", ASF_STREAM, 82),
    "Ogg Vorbis, codebooks": ("Ogg Vorbis", b"\x05vorbis", 40),
    "Ogg Opus, gain": ("Ogg Opus", b"OpusHead", 16),
    "Ogg FLAC, sample rate": ("Ogg FLAC", b"fLaC", 18),
    "Ogg Speex, sample rate": ("Ogg Speex", b"Speex   ", 37),
    "MP4, enabled": ("MP4", b"tkhd", 7),
    "MP4, no audio": ("MP4", b"soun", 0),
    "MP4, edit list": ("MP4", b"elst", 19),
    "MP4, codec": ("MP4", b"mp4a", 3),
    "MP4, what the codec is told": ("MP4", b"\x05\x80\x80\x80", 5),
    "MP4, time scale": ("MP4", b"mdhd", 19),
    "MP4, durations": ("MP4", b"stts", 19),
    "MP4, sizes": ("MP4", b"stsz", 19),
    "MP4, places": ("MP4", b"stco", 15),
    "MP4, sizes in a fragment": ("MP4, fragmented", b"trun", 19),
    "MP4, time of a fragment": ("MP4, fragmented", b"tfdt", 11),
}


@pytest.mark.parametrize("name", FORMATS)
def test_files_that_decode_differently_never_share_an_identity(
    sample: Callable[[str], Path], name: str
) -> None:
    """What a container says of how to decode counts, with the same audio, and tags still do not."""
    kind, mark, offset = FORMATS[name]
    path = sample(next(case for case, (of_kind, _) in containers.CASES.items() if kind in (case, of_kind)))
    before, content = payload.identity(path), bytearray(path.read_bytes())
    content[content.index(mark) + offset] ^= 1
    path.write_bytes(content)
    changed = payload.identity(path)
    assert changed != before
    writing.write_unproven(path, ["Rock" * 9000])
    assert payload.identity(path) == changed


def test_the_order_of_tracks_counts(tmp_path: Path) -> None:
    """Of two files with the same audio data, which of two tracks is the first makes another recording."""
    path, tones = tmp_path / "two.m4a", [more_cases.TONE[:4], ["-f", "lavfi", "-i", "sine=880:d=0.5"]]
    more_cases.run("ffmpeg", "-v", "error", *tones[0], *tones[1], "-map", "0", "-map", "1", path)
    before, found = payload.identity(path), list(more_cases.split(path.read_bytes()))
    inside = list(more_cases.split(dict(found)[b"moov"]))
    first, second = (n for n, (name, _) in enumerate(inside) if name == b"trak")
    inside[first], inside[second] = inside[second], inside[first]
    moov = b"".join(more_cases.box(*each) for each in inside)
    parts = [more_cases.box(name, moov if name == b"moov" else data) for name, data in found]
    path.write_bytes(b"".join(parts))
    assert payload.identity(path) != before


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.name)
def test_a_copy_by_ffmpeg_with_other_tags_is_the_same(tmp_path: Path, piece: Path) -> None:
    """Where ffmpeg copies the packets and writes the container anew, the recording stays the same one."""
    path = tmp_path / piece.name
    more_cases.run(
        *("ffmpeg", "-v", "error", "-i", piece, "-c", "copy", "-metadata", "title=" + "x" * 200, path)
    )
    assert payload.identity(path) == payload.identity(piece)


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
    for changed in (bare[:-1] + b"?", bare[: place - 8] + b"\x01\xf4\x03" + bare[place - 5 :]):
        path.write_bytes(changed)
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


@pytest.mark.parametrize("place", [7_000_000, 205_000_000, 390_000_000])
def test_the_share_that_is_read_grows_with_the_file(tmp_path: Path, place: int) -> None:
    """In a file of 400 MB, no stretch of 2 MB can change unseen."""
    path = tmp_path / "long.mp3"
    shutil.copy(MUSIC / "blues.mp3", path)
    os.truncate(path, 400_000_000)
    before = payload.identity(path)
    with path.open("r+b") as file:
        file.seek(place)
        file.write(b"x" * 2_000_000)
    assert payload.identity(path) != before


def test_what_cannot_be_read_is_our_error(tmp_path: Path) -> None:
    """A file that is gone is told with its path."""
    with pytest.raises(errors.TagError, match="nowhere"):
        payload.identity(tmp_path / "nowhere")
