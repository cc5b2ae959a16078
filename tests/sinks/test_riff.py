"""Genres in WAV and AIFF: two kinds of tags that agree, chunks that stay, and what is not touched at all."""

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import mutagen.aiff
import mutagen.wave
import pytest

from tagger import errors
from tagger.sinks import tags
from tagger.sinks.tags import fields
from tagger.sinks.tags.interface import Manner, Place
from tests.sinks import id3_bytes, id3_cases, writing
from tests.sinks.id3_cases import INFO_ITEMS, info

JAZZ = id3_bytes.id3_tag(3, id3_bytes.id3_frame(3, "TCON", b"\0Jazz"), padding=200)

Make = Callable[..., Path]
Parts = list[tuple[bytes, bytes]]


@pytest.fixture
def wav(encoded: Callable[[str], bytes], tmp_path: Path) -> Make:
    """Makes a WAV file with chunks in front of and behind its audio."""

    def make(in_front: Parts | None = None, behind: Parts | None = None, kind: str = "WAV") -> Path:
        path = tmp_path / "a.wav"
        path.write_bytes(encoded(kind))
        id3_cases.with_chunks(in_front or [], behind or [])(path)
        return path

    return make


def refused(path: Path, reason: str) -> None:
    """A file is not written, for a reason, and stays as it is."""
    before = path.read_bytes()
    with pytest.raises(errors.UntaggableError, match=reason):
        writing.write(path, ["Rock"])
    assert path.read_bytes() == before


def infos(path: Path) -> Parts:
    """The texts in the chunk INFO."""
    return id3_cases.items(path.read_bytes())


# Two kinds of tags


@pytest.mark.parametrize("order", [False, True])
def test_id3_and_info_agree(wav: Make, order: bool) -> None:
    """A genre in INFO never contradicts that in ID3: ffmpeg looks at the first, others at the second."""
    chunks = [info(*INFO_ITEMS), (b"id3 ", JAZZ)]
    path = wav(behind=chunks[::-1] if order else chunks)
    assert tags.read(path) == ("Jazz",)
    writing.write(path, ["R&B/Soul", "Rock"])
    found = (Place("ID3v2.3", "TCON", ("R&B/Soul; Rock",)), Place("RIFF INFO", "IGNR", ("R&B/Soul; Rock",)))
    assert tags.places(path) == ("WAV", found)
    assert [name for name, _ in infos(path)] == [name for name, _ in INFO_ITEMS]


def test_info_alone_is_read(wav: Make) -> None:
    """Where ID3 has no genre, that of INFO counts, parted as in ID3v2.3."""
    path = wav([info((b"IGNR", b"R&B/Soul; Rock\0"))], [(b"id3 ", id3_bytes.full_id3(3))])
    assert tags.read(path) == ("R&B/Soul", "Rock")
    assert tags.read(wav([info((b"IGNR", b" \0"))])) == ()
    assert tags.read(wav([info((b"IGNR", b"Rock"))])) == ("Rock",)
    assert tags.read(wav([info((b"IGNR", b"Rock\0"))]), fields.STYLE) == ()


def test_a_shorter_genre_moves_nothing(wav: Make) -> None:
    """Room in INFO and in the chunk of ID3 is used, and the audio stays where it is."""
    path = wav([info(*INFO_ITEMS), (b"id3 ", JAZZ)])
    before = path.read_bytes()
    writing.write(path, ["Ska"])
    after = path.read_bytes()
    assert dict(infos(path))[b"IGNR"] == b"Ska\0\0\0\0\0"
    assert len(after) == len(before)
    assert after.index(b"data") == before.index(b"data")


@pytest.mark.parametrize(
    ("chunks", "manner", "has_info"),
    [
        ([], Manner(), True),
        ([], Manner(wav_info=False), False),
        ([info(INFO_ITEMS[0])], Manner(wav_info=False), False),
        ([info(INFO_ITEMS[0])], Manner(), True),
        ([(b"id3 ", JAZZ)], Manner(), True),
        ([(b"id3 ", id3_bytes.full_id3(3))], Manner(), False),
        ([(b"bext", bytes(602)), (b"id3 ", id3_bytes.full_id3(3))], Manner(), True),
    ],
)
def test_info_is_made_where_it_hides_nothing(wav: Make, chunks: Parts, manner: Manner, has_info: bool) -> None:
    """On wish INFO says the genre, too, unless that would keep ffmpeg from showing the rest of ID3."""
    path = wav(behind=chunks)
    writing.write(path, ["Rock"], manner)
    assert ((b"IGNR", b"Rock\0") in infos(path)) == has_info
    assert tags.read(path) == ("Rock",)


@pytest.mark.parametrize(
    ("genre", "stored"),
    [
        ("Rock", b"Rock\0"),
        ("Fado canção", b"Fado can\xe7\xe3o\0"),
        ("Жанр", "Жанр\0".encode()),
        ("Ã©", "Ã©\0".encode()),
    ],
)
def test_the_encoding_of_info_is_that_of_its_readers(wav: Make, genre: str, stored: bytes) -> None:
    """Windows-1252 where it suffices and is no UTF-8 by chance, else UTF-8; either is read back."""
    path = wav()
    writing.write(path, [genre])
    assert dict(infos(path))[b"IGNR"] == stored
    assert tags.places(path)[1][1] == Place("RIFF INFO", "IGNR", (genre,))


def test_all_tags_are_kept_in_step(wav: Make) -> None:
    """Of several chunks, which careless programs leave, none keeps an old genre."""
    path = wav([info(*INFO_ITEMS), (b"ID3 ", JAZZ)], [info(*INFO_ITEMS), (b"id3 ", JAZZ)])
    writing.write(path, ["Rock"])
    assert {place.values for place in tags.places(path)[1]} == {("Rock",)}
    assert len(tags.places(path)[1]) == 4


def test_mutagen_finds_the_chunks(wav: Make) -> None:
    """Another reader of the format finds the tags that were made here."""
    path = wav([(b"junk", b"odd")])
    writing.write(path, ["R&B/Soul", "Жанр"])
    assert mutagen.wave.WAVE(path).tags["TCON"].text == ["R&B/Soul", "Жанр"]
    path = wav([(b"NAME", b"odd")], kind="AIFF")
    writing.write(path, ["R&B/Soul", "Жанр"], Manner(id3_version=3))
    assert mutagen.aiff.AIFF(path).tags.version == (2, 3, 0)
    assert tags.read(path) == ("R&B/Soul", "Жанр")


# What is not touched


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["-c:a", "adpcm_ms"], "WAV with Microsoft ADPCM inside cannot be tagged safely"),
        (["-c:a", "adpcm_ima_wav"], "IMA ADPCM"),
        (["-c:a", "pcm_alaw"], "A-law"),
        (["-c:a", "pcm_mulaw"], "µ-law"),
        (["-c:a", "libmp3lame"], "MP3"),
        (["-c:a", "ac3"], "AC-3"),
        (["-c:a", "adpcm_yamaha"], "format 0x0020"),
        (["-rf64", "always"], "RF64"),
        (["-f", "w64"], "Wave64"),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_other_than_plain_samples_is_left_alone(
    ffmpeg: str, tmp_path: Path, arguments: list[str], reason: str
) -> None:
    """WAV that is not RIFF with PCM is classified, but not written."""
    path = tmp_path / "a.wav"
    source = ["-f", "lavfi", "-i", "sine=d=0.3:r=48000"]
    subprocess.run([ffmpeg, "-v", "error", *source, *arguments, path], check=True)
    refused(path, reason)


@pytest.mark.parametrize("codec", ["pcm_u8", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le"])
@pytest.mark.parametrize("channels", [1, 6])
def test_plain_samples_of_all_sorts_are_tagged(
    ffmpeg: str, tmp_path: Path, audio_hash: Callable[[Path], str], codec: str, channels: int
) -> None:
    """Integers and floating point, with the extensible header that many channels or bits need, too."""
    path = tmp_path / "a.wav"
    source = ["-f", "lavfi", "-i", "sine=d=0.31:r=8000:samples_per_frame=333", "-ac", str(channels)]
    subprocess.run([ffmpeg, "-v", "error", *source, "-c:a", codec, path], check=True)
    before = audio_hash(path)
    writing.write(path, ["R&B/Soul"])
    assert tags.read(path) == ("R&B/Soul",)
    assert audio_hash(path) == before


def sized(place: int, size: int) -> Callable[[bytes], bytes]:
    """Sets a size in a file; a negative place is relative to the chunk of audio."""

    def change(data: bytes) -> bytes:
        start = place if place >= 0 else data.index(b"data") + 4
        return data[:start] + struct.pack("<I", size) + data[start + 4 :]

    return change


DAMAGE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "streamed, RIFF": (sized(4, 0xFFFFFFFF), "states no size"),
    "streamed, audio": (sized(-1, 0xFFFFFFFF), "states no size|does not end"),
    "RIFF of size 0": (sized(4, 0), "states no size"),
    "empty audio": (lambda data: sized(4, 36)(sized(-1, 0)(data[:44])), "states no size"),
    "RIFF too large": (sized(4, 10**6), "a size that it does not have"),
    "cut off": (lambda data: data[:-100], "a size that it does not have"),
    "behind RIFF": (lambda data: data + b"something", "a size that it does not have"),
    "chunk too large": (sized(-1, 10**6), "does not end where"),
    "chunk too small": (sized(-1, 100), "no chunk where one should begin"),
    "odd without pad byte": (lambda data: sized(4, 37)(sized(-1, 1)(data[:44] + b"x")), "does not end where"),
    "ID3 in front": (lambda data: id3_bytes.full_id3(3) + data, "in front of RIFF"),
    "big-endian": (lambda data: b"RIFX" + data[4:], "RIFX"),
    "no format": (lambda data: data.replace(b"fmt ", b"junk", 1), "no format or no audio"),
}


@pytest.mark.parametrize(("damage", "reason"), DAMAGE.values(), ids=DAMAGE)
def test_damaged_sizes_keep_the_file_as_it_is(wav: Make, damage: Callable[[bytes], bytes], reason: str) -> None:
    """Where sizes contradict each other, nothing is guessed."""
    path = wav()
    path.write_bytes(damage(path.read_bytes()))
    refused(path, reason)


@pytest.mark.parametrize(
    ("chunk", "reason"),
    [
        ((b"LIST", b"INFOIGNR\x20\0\0\0Rock"), "INFO chunk is damaged"),
        ((b"id3 ", b"something else"), "something else than an ID3 tag"),
        ((b"id3 ", JAZZ + b"more"), "something else than an ID3 tag"),
    ],
)
def test_damaged_tags_keep_the_file_as_it_is(wav: Make, chunk: tuple[bytes, bytes], reason: str) -> None:
    """What is not understood is not rewritten."""
    refused(wav(behind=[chunk]), reason)


def test_an_empty_chunk_takes_the_tag(wav: Make) -> None:
    """A chunk of ID3 without content is used."""
    path = wav(behind=[(b"ID3 ", b"")])
    assert tags.read(path) == ()
    writing.write(path, ["Rock"])
    assert [name for name, _ in id3_cases.chunks(path.read_bytes())] == [b"fmt ", b"data", b"ID3 ", b"LIST"]


def test_aiff_of_another_size_is_left_alone(wav: Make) -> None:
    """The laws of sizes hold for AIFF, too."""
    path = wav(kind="AIFF")
    path.write_bytes(path.read_bytes()[:-10])
    refused(path, "FORM header states a size")
