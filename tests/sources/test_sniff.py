"""Containers are told by their bytes; lengths are believed only where a header states them."""

import io
import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.sources import claims, mpeg, sniff
from tests.sources import tones

_CONTAINER_OF = {
    "rf64": "rf64",
    "w64": "w64",
    "aiff": "aiff",
    "aifc-f32": "aiff",
    "flac-in-ogg": "ogg",
    "vorbis": "ogg",
    "opus": "ogg",
    "adts": "aac",
    "wma": "asf",
    "wavpack": "wavpack",
    "ac3": "ac3",
    "eac3": "eac3",
    "dts": "dts",
    "au": "au",
    "tta": "tta",
    "voc": "voc",
    "mpegts": "mpegts",
    "mp2": "mpeg",
}
_BY_PREFIX = {
    "wav": "wav",
    "flac": "flac",
    "mp3": "mpeg",
    "m4a": "mp4",
    "caf": "caf",
    "mka": "matroska",
    "webm": "matroska",
}
_WRITTEN_BY_HAND = {
    "ape": b"MAC \x96\x0f\0\0",
    "dsf": b"DSD \x1c\0\0\0",
    "dsdiff": b"FRM8" + bytes(8) + b"DSD ",
    "tak": b"tBaK",
    "musepack7": b"MP+\x07",
    "musepack8": b"MPCKSH",
    "shorten": b"ajkg\x02",
    "amr": b"#!AMR\n",
    "realmedia": b".RMF\0",
    "8svx": b"FORM\0\0\0\x208SVXVHDR",
    "avi": b"RIFF\0\0\0\0AVI LIST",
    "flv": b"FLV\x01\x05",
    "mp4": b"\0\0\0\x08wide\0\0\0\0mdat",
    "wav": b"RIFX\0\0\0\0WAVE",
    "rf64": b"BW64\xff\xff\xff\xffWAVE",
    "asf": bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),
}


def wav_head(data_size: int, *, form: int = 1, sr: int = 44100, before: bytes = b"") -> bytes:
    """A RIFF header of 16-bit stereo that claims so many bytes of data."""
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, form, 2, sr, 4 * sr, 4, 16)
    return b"RIFF\xff\xff\xff\xffWAVE" + before + fmt + struct.pack("<4sI", b"data", data_size) + bytes(100)


@pytest.mark.parametrize("encoding", tones.ENCODINGS)
def test_each_container_is_named(encoding):
    """What ffmpeg writes is named rightly, whatever codec is inside."""
    expected = _CONTAINER_OF.get(encoding) or _BY_PREFIX[encoding.split("-")[0]]
    assert sniff.container(tones.encoded(encoding)[: sniff.HEAD_BYTES]) == expected


@pytest.mark.parametrize(("container", "head"), _WRITTEN_BY_HAND.items())
def test_containers_that_cannot_be_made_here(container, head):
    """Formats without a free encoder are named by the bytes that their specifications give."""
    assert sniff.container(head + bytes(100)) == container


@pytest.mark.parametrize("suffix", ["wav", "aiff", "au", "caf", "flac", "ogg", "mp3", "w64", "rf64"])
def test_what_libsndfile_writes_is_named(suffix):
    """The other writer's files are named as well."""
    buffer = io.BytesIO()
    soundfile.write(buffer, tones.tone(0.5), 44100, format=suffix)
    assert sniff.container(buffer.getvalue()) == {"mp3": "mpeg"}.get(suffix, suffix)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff",
        b"text",
        b"RIFF",
        b"MAC addresses of the house",
        b"Creative Voice",
        b"OGGS",
        b"#EXTM3U\n",
        b"ffconcat version 1.0\n",
        b"\x0b\x77" + bytes(100),
        b"G" * 187,
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"GIF89a",
        b"ID3 is a kind of tag",
        b"\xff\xfea\0b\0c\0d\0" * 100,
        b"\xff\xfb" * 1000,
    ],
)
def test_other_things_are_not_named(head):
    """Text, pictures, archives, lists and sync words by chance are nothing known."""
    assert sniff.container(head) is None


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_any_bytes_have_an_answer(data):
    """No bytes make the sniffing or the claims fail."""
    for prefix in (
        b"",
        b"\xff\xfb\x90\x00",
        b"ID3\x04\0\0",
        b"RIFF\0\0\0\0WAVE",
        b"FORM\0\0\0\0AIFF",
        b"\xff\xf1",
    ):
        head = prefix + data
        name = sniff.container(head)
        assert name is None or name in sniff.containers()
        for container in sniff.containers():
            claim = claims.seconds(container, head, 1.0)
            assert claim is None or claim >= 0


@settings(max_examples=30)
@given(st.binary(min_size=2000, max_size=2000))
def test_noise_is_rarely_taken_for_music(data):
    """Random bytes are not a chain of frames; only a two-byte sign of AC-3 at the start could err."""
    if not data.startswith((b"\x0b\x77", b"\xff")):
        assert sniff.container(data) is None


@pytest.mark.parametrize("encoding", ["mp3-vbr", "flac", "adts", "wav-s16"])
@pytest.mark.parametrize("n_tags", [0, 1, 3])
@pytest.mark.parametrize("has_footer", [False, True])
def test_id3_tags_are_stepped_over(encoding, n_tags, has_footer):
    """Behind any number of ID3v2 tags, with footer or without, the stream is found at its place."""
    body = bytes(20_000)
    size = bytes([0, 1, len(body) >> 7 & 0x7F, len(body) & 0x7F])
    assert (size[1] << 14 | size[2] << 7 | size[3]) == len(body)
    tag = (
        b"ID3\x04\x00" + (b"\x10" if has_footer else b"\x00") + size + body + (bytes(10) if has_footer else b"")
    )
    data = tag * n_tags + tones.encoded(encoding)
    head, offset = sniff.head_after_id3(io.BytesIO(data))
    assert head == data[offset : offset + sniff.HEAD_BYTES]
    own_tag = sniff.id3_bytes(tones.encoded(encoding))
    assert offset == len(tag) * n_tags + own_tag
    assert sniff.container(head) == sniff.container(tones.encoded(encoding))


def test_a_tag_that_reaches_over_the_end_ends_the_search():
    """A tag that claims more than the file has leaves nothing to name."""
    head, _ = sniff.head_after_id3(io.BytesIO(b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + bytes(100)))
    assert sniff.container(head) is None


@pytest.mark.parametrize("junk", [bytes(1), bytes(777), b"\xff" * 33, b"\xff\xfb\x90\x00" + bytes(300)])
def test_frames_are_found_behind_junk(junk):
    """Padding and stray bytes in front of an MP3 do not hide it."""
    data = tones.encoded("mp3-cbr-bare")
    assert sniff.container(junk + data[: sniff.HEAD_BYTES]) == "mpeg"
    assert mpeg.first_frame(junk + data[:8000]) == len(junk)


@pytest.mark.parametrize("sr", [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_mp3_headers_chain_at_every_rate(sr, n_channels):
    """The computed length of each frame leads to the next one, in MPEG 1, 2 and 2.5, to the end of the file."""
    buffer = io.BytesIO()
    noise = np.random.default_rng(1).normal(0, 0.1, (sr, n_channels))
    soundfile.write(buffer, noise, sr, format="mp3")
    data = buffer.getvalue()
    at = sniff.id3_bytes(data) + (mpeg.first_frame(data[sniff.id3_bytes(data) :]) or 0)
    n_samples = 0
    while frame := mpeg.header(data, at):
        assert (frame.sample_rate, frame.is_mono, frame.layer) == (sr, n_channels == 1, 3)
        n_samples += frame.n_samples
        at += frame.n_bytes
    assert at >= len(data)
    assert n_samples == pytest.approx(sr, abs=4 * 1152)


@pytest.mark.parametrize("sr", [16000, 44100])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_the_xing_header_tells_length_and_bytes(tmp_path, sr, n_channels):
    """A Xing header is found for mono and stereo, MPEG 1 and 2, and is right."""
    soundfile.write(tmp_path / "source.wav", np.stack([tones.tone(3, sr)] * n_channels, 1), sr)
    data = tones.ffmpeg(tmp_path / "source.wav", "-c:a libmp3lame -q:a 4 -id3v2_version 0", "mp3")
    length = mpeg.length(data)
    assert length is not None
    assert length.seconds == pytest.approx(3, abs=0.15)
    assert length.n_bytes == pytest.approx(len(data), abs=2)
    bare = tones.ffmpeg(tmp_path / "source.wav", "-q:a 4 -id3v2_version 0 -write_xing 0", "mp3")
    assert mpeg.length(bare) is None
    assert claims.seconds("mpeg", bare, 3.0) is None


@pytest.mark.parametrize(
    "bad",
    [b"\xff\xe8\x90\x00", b"\xff\xf9\x90\x00", b"\xff\xfb\xf0\x00", b"\xff\xfb\x00\x00", b"\xff\xfb\x9c\x00"],
)
def test_reserved_values_are_no_header(bad):
    """Reserved versions, layers, bit rates and sample rates are no frame."""
    assert mpeg.header(bad + bytes(10), 0) is None
    assert mpeg.header(b"\xff\xfb\x90", 0) is None


@pytest.mark.parametrize("n_seconds", [1, 60, 3600])
def test_wav_claims_what_its_data_chunk_says(n_seconds):
    """The size of the data chunk is the claim, also behind other chunks, of odd size too."""
    size = n_seconds * 4 * 44100
    assert claims.seconds("wav", wav_head(size), None) == n_seconds
    assert claims.seconds("wav", wav_head(size, form=3), None) == n_seconds
    extra = struct.pack("<4sI", b"LIST", 7) + bytes(8)
    assert claims.seconds("wav", wav_head(size, before=extra), None) == n_seconds


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFFF000, 0xFFFFFF00])
def test_wav_from_a_pipe_claims_nothing(size):
    """Sizes that writers to a pipe leave are no claim."""
    assert claims.seconds("wav", wav_head(size), 5.0) is None


def test_wav_of_other_codings_is_left_to_the_decoder():
    """Where bytes per second are no measure, or the head ends early, the decoder's claim is believed."""
    assert claims.seconds("wav", wav_head(1000, form=0x55), 5.0) == 5.0
    assert claims.seconds("wav", wav_head(1000, sr=0), 5.0) == 5.0
    assert claims.seconds("wav", b"RIFF\0\0\0\0WAVE", 5.0) == 5.0
    assert claims.seconds("flac", b"fLaC", 5.0) == 5.0


@pytest.mark.parametrize("sr", [8000, 44100, 192000])
def test_aiff_claims_what_its_comm_chunk_says(sr):
    """The number of samples and the eighty-bit rate give the claim."""
    buffer = io.BytesIO()
    soundfile.write(buffer, tones.tone(1.5, sr), sr, format="aiff")
    assert claims.seconds("aiff", buffer.getvalue()[:1000], None) == pytest.approx(1.5)
    assert claims.seconds("aiff", b"FORM\0\0\0\0AIFF", 5.0) == 5.0


def test_asf_claims_what_its_properties_say():
    """Play duration without preroll is the claim; a broadcast has none."""
    data = bytearray(tones.encoded("wma"))
    assert claims.seconds("asf", bytes(data), None) == pytest.approx(tones.SECONDS, abs=0.1)
    at = data.find(bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365"))
    data[at + 88] |= 1
    assert claims.seconds("asf", bytes(data), 5.0) is None
    assert claims.seconds("asf", bytes(data[: at + 20]), 5.0) == 5.0
