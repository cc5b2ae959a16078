"""What `decode` promises about pitch, level, length, parts, names and memory."""

import contextlib
import itertools
import os
import tracemalloc
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.errors import DecodeError, FileError, NothingToHearError
from tagger.sources import decode, mono
from tests.sources import tones

_RATES = (8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 176400, 192000)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Two seconds of a chirp as stereo WAV at 48 kHz."""
    path = tmp_path / "song.wav"
    soundfile.write(path, np.stack([tones.chirp()] * 2, 1), tones.RATE, subtype="FLOAT")
    return path


@pytest.mark.parametrize("native_rate", _RATES)
@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_pitch_and_level_are_kept_from_every_rate(tmp_path, native_rate, suffix):
    """440 Hz at half of full scale is heard as that, from any native rate."""
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, tones.tone(1.5, native_rate), native_rate)
    y = tones.heard(path, 22050)
    assert y.dtype == np.float32
    assert len(y) == pytest.approx(1.5 * 22050, abs=2)
    assert tones.pitch_hz(y, 22050) == pytest.approx(440, abs=0.5)
    assert np.abs(y[2000:-2000]).max() == pytest.approx(tones.AMPLITUDE, rel=0.005)


@pytest.mark.parametrize("n_channels", range(1, 9))
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_pitch_and_level_are_kept_in_every_sample_format(tmp_path, subtype, n_channels):
    """Every width and number of channels gives the same tone at the same level, without an offset."""
    path = tmp_path / "tone.wav"
    soundfile.write(path, np.stack([tones.tone(0.5)] * n_channels, 1), tones.RATE, subtype=subtype)
    y = tones.heard(path)
    assert np.abs(y - tones.tone(0.5)).max() < 2**-7
    assert abs(y.mean()) < (0.005 if subtype == "PCM_U8" else 1e-4)
    assert decode.probe(path).n_channels == n_channels


@pytest.mark.parametrize(
    "codec", ["pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le", "flac"]
)
@pytest.mark.parametrize("n_channels", [1, 2, 6])
def test_ffmpeg_scales_every_sample_format(tmp_path, codec, n_channels):
    """Through FFmpeg, too, each width, packed or planar, comes out at full scale ±1."""
    source, matroska = tmp_path / "source.wav", tmp_path / "sound.mka"
    soundfile.write(source, np.stack([tones.chirp()] * n_channels, 1), tones.RATE, subtype="FLOAT")
    matroska.write_bytes(tones.ffmpeg(source, f"-c:a {codec}", "mka"))
    assert decode.probe(matroska).decoder == "av"
    y = tones.heard(matroska)
    assert len(y) == len(tones.chirp())
    assert np.abs(y - tones.chirp()).max() < 2**-6


def test_silence_is_zeros(tmp_path):
    """Digital silence decodes to exact zeros of its length, at any rate."""
    path = tmp_path / "silence.flac"
    soundfile.write(path, np.zeros((44100, 2)), 44100)
    for sample_rate in (44100, 22050, 16000):
        y = tones.heard(path, sample_rate)
        assert len(y) == sample_rate
        assert not y.any()


def test_values_that_are_not_finite_become_zero(tmp_path):
    """NaN and infinities in a float file are 0; the rest of the file is what it was."""
    y = tones.tone(0.5)
    broken = y.copy()
    broken[100:200:25] = [np.nan, np.inf, -np.inf, np.nan]
    soundfile.write(tmp_path / "broken.wav", broken, tones.RATE, subtype="FLOAT")
    y[100:200:25] = 0
    assert np.array_equal(tones.heard(tmp_path / "broken.wav"), y)


def test_blocks_are_bounded_and_many(tmp_path):
    """Blocks are float32 of one axis, never empty and never over the limit, also when the rate goes up."""
    path = tmp_path / "low.wav"
    soundfile.write(path, tones.tone(60, 8000), 8000)
    blocks = list(decode.blocks(path, 48000))
    assert all(block.dtype == np.float32 and block.ndim == 1 for block in blocks)
    assert 0 < min(map(len, blocks)) <= max(map(len, blocks)) <= mono.MAX_BLOCK_SAMPLES
    assert sum(map(len, blocks)) == 60 * 48000


@settings(max_examples=30, deadline=None)
@given(places=st.lists(st.floats(0, 2), min_size=1, max_size=4))
@pytest.mark.parametrize("encoding", ["wav-s16", "flac", "wavpack"])
def test_any_pieces_join_to_the_whole(tmp_path_factory, encoding, places):
    """Pieces between any places, decoded one by one, are bit for bit the whole."""
    path = tmp_path_factory.getbasetemp() / f"pieces-{encoding}"
    path.write_bytes(tones.encoded(encoding))
    places = [0.0, *sorted(places), 2.0]
    pieces = []
    for start, end in itertools.pairwise(places):
        with contextlib.suppress(NothingToHearError):
            pieces.append(tones.heard(path, start_seconds=start, duration_seconds=end - start))
    joined = tones.joined(pieces)
    # Each end is start + duration, whose rounding may move a seam by one sample.
    assert abs(len(joined) - 96_000) <= len(places)
    if len(joined) == 96_000:
        assert np.array_equal(joined, tones.heard(path))


def test_a_part_beyond_the_end_is_nothing_to_hear(song):
    """Asking for what lies behind the end is told so, and a part that reaches over the end is cut there."""
    with pytest.raises(NothingToHearError, match=r"no audio from 60\.0 s on"):
        tones.heard(song, start_seconds=60)
    with pytest.raises(NothingToHearError, match="no audio"):
        tones.heard(song, duration_seconds=0)
    assert len(tones.heard(song, start_seconds=1.5, duration_seconds=10)) == tones.RATE // 2


@pytest.mark.parametrize("encoding", ["mp3-vbr", "m4a-aac", "adts", "wma", "opus", "mpegts"])
def test_a_part_beyond_the_end_of_a_lossy_file(tmp_path, encoding):
    """The same holds for codings that need a pre-roll: it is not mistaken for the part."""
    path = tmp_path / "sound"
    path.write_bytes(tones.encoded(encoding))
    with pytest.raises(NothingToHearError, match="no audio from"):
        tones.heard(path, start_seconds=2.3)


@pytest.mark.parametrize(
    ("sample_rate", "part"),
    [
        (0, {}),
        (-1, {}),
        (22050, {"start_seconds": -1.0}),
        (22050, {"start_seconds": float("nan")}),
        (22050, {"start_seconds": float("inf")}),
        (22050, {"duration_seconds": -0.1}),
    ],
)
def test_arguments_out_of_range_are_refused(song, sample_rate, part):
    """A rate below 1 and a place or length that is none are the caller's mistake."""
    with pytest.raises(ValueError, match="no audio at"):
        tones.heard(song, sample_rate, **part)


@pytest.mark.parametrize("encoding", ["wav-s16", "flac", "mp3-vbr", "m4a-aac", "wma"])
@pytest.mark.parametrize(
    "name", [b"caf\xe9.mp3", b"\xff\xfe", b"new\nline.wav", "日本.ogg".encode(), b"-", b" "]
)
def test_any_name_can_be_read(tmp_path, encoding, name):
    """Names that are not UTF-8, and other strange ones, decode in both decoders."""
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(tones.encoded(encoding))
    assert len(tones.heard(path)) > 1.9 * tones.RATE
    assert len(tones.heard(str(path), duration_seconds=0.5)) == tones.RATE // 2


def test_what_is_no_file_is_told_in_plain_words(tmp_path):
    """Missing files, folders, pipes and impossible names each get their own words, with the path in front."""
    os.mkfifo(tmp_path / "pipe")
    cases = {
        tmp_path / "none.mp3": "no such file",
        tmp_path: "is a folder",
        tmp_path / "pipe": "not a regular file",
    }
    for path, words in cases.items():
        for call in (tones.heard, decode.probe):
            with pytest.raises(DecodeError, match=words) as caught:
                call(path)
            assert str(caught.value).startswith(f"{path}: ")
    with pytest.raises(DecodeError, match="not a file name"):
        tones.heard("nul\0byte")
    with pytest.raises(DecodeError, match="too long"):
        tones.heard(tmp_path / ("x" * 300))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_told(song):
    """A file that may not be read is named as such."""
    song.chmod(0)
    with pytest.raises(DecodeError, match="no permission"):
        tones.heard(song)


def test_a_refused_permission_becomes_ours(song, monkeypatch):
    """An error of the system while opening comes out as ours, also for a user who may read everything."""

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DecodeError, match="no permission to read it"):
        tones.heard(song)


def test_a_file_without_samples_has_nothing_to_hear(tmp_path):
    """A sound file of length zero is no error of decoding."""
    soundfile.write(tmp_path / "empty.wav", np.empty((0, 2)), 44100)
    with pytest.raises(NothingToHearError, match="no samples"):
        tones.heard(tmp_path / "empty.wav")


def test_video_without_audio_has_nothing_to_hear(tmp_path, song):
    """A film without sound has no audio stream; one with sound is heard."""
    (tmp_path / "mute.mp4").write_bytes(tones.ffmpeg(song, "-an -f lavfi -i color=s=64x64:d=1 -map 1:v", "mp4"))
    for call in (tones.heard, decode.probe):
        with pytest.raises(NothingToHearError, match="no audio stream"):
            call(tmp_path / "mute.mp4")
    film = tones.ffmpeg(song, "-f lavfi -i color=s=64x64:d=5 -map 1:v -map 0:a -c:a flac", "mkv")
    (tmp_path / "film.mkv").write_bytes(film)
    assert len(tones.heard(tmp_path / "film.mkv")) == len(tones.chirp())


@pytest.mark.parametrize("suffix", ["wav", "flac", "wv"])
def test_memory_does_not_grow_with_the_length(tmp_path, song, suffix):
    """An hour needs no more memory than a minute: under 24 MB at the peak."""
    path = tmp_path / "hour.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        minute = (tones.tone(60, 8000) * 32767).astype("<i2").tobytes()
        for _ in range(60):
            file.writeframes(minute)
    if suffix != "wav":
        encoded = tones.ffmpeg(path, "-y", suffix)
        path = path.with_suffix(f".{suffix}")
        path.write_bytes(encoded)
        del encoded
    tracemalloc.start()
    try:
        n_samples = sum(map(len, decode.blocks(path, 22050)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert n_samples == 3600 * 22050
    assert peak < 24e6


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted in /proc")
def test_a_stream_can_be_left_early(song):
    """Leaving after one block closes the file and the decoder."""
    n_before = len(list(Path("/proc/self/fd").iterdir()))
    for encoding in ("wav-s16", "m4a-aac"):
        song.write_bytes(tones.encoded(encoding))
        stream = decode.blocks(song, 8000)
        assert len(next(stream))
        stream.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == n_before


def test_errors_are_files_errors():
    """All that decoding raises is caught as one kind."""
    assert issubclass(DecodeError, FileError)
    assert issubclass(NothingToHearError, FileError)
