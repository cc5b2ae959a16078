"""Damaged, cut off and hostile files end in our errors, with an honest reason, and harm nothing."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tagger.errors import DecodeError, FileError, NothingToHearError
from tagger.sources import decode, ffmpeg
from tests.sources import tones

_LIMIT_SECONDS = 10.0
_LISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{secret}\n#EXT-X-ENDLIST\n",
    "hls-url": "#EXTM3U\n#EXTINF:5,\nhttp://127.0.0.1:{port}/secret.wav\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{secret}'\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio {port} RTP/AVP 0\n",
    "dash": '<?xml version="1.0"?><MPD><Period><BaseURL>{secret}</BaseURL></Period></MPD>',
    "m3u": "{secret}\n",
}


@pytest.fixture
def long_wav(tmp_path: Path) -> Path:
    """Twenty seconds of noise under a tone, so that codecs cannot cheat."""
    noise = np.random.default_rng(5).normal(0, 0.1, (20 * 44100, 2)).astype(np.float32)
    soundfile.write(tmp_path / "long.wav", noise, 44100)
    return tmp_path / "long.wav"


def cut_off(path: Path, fraction: float) -> Path:
    """Keep the first part of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: round(len(data) * fraction)])
    return path


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        ("wav", "-c:a pcm_s16le"),
        ("aiff", "-c:a pcm_s16be"),
        ("flac", "-c:a flac"),
        ("mp3", "-c:a libmp3lame -q:a 4"),
        ("wv", "-c:a wavpack"),
        ("tta", "-c:a tta"),
        ("wma", "-c:a wmav2"),
        ("m4a", "-c:a aac -movflags +faststart"),
        ("mka", "-c:a pcm_s16le"),
    ],
)
def test_a_file_cut_off_says_how_much_is_left(long_wav, suffix, options):
    """A file of which 30 % is left decodes that part, and then says so; a part of it can be had in peace."""
    path = long_wav.with_name(f"cut.{suffix}")
    path.write_bytes(tones.ffmpeg(long_wav, options, suffix))
    assert len(tones.heard(path, 22050)) == pytest.approx(20 * 22050, rel=0.01)
    cut_off(path, 0.3)
    kept: list[np.ndarray] = []
    with pytest.raises(DecodeError, match=r"truncated: \d+\.\d s of 20\.\d s decode"):
        kept.extend(decode.blocks(path, 22050))
    assert 4 < sum(map(len, kept)) / 22050 < 8
    assert len(tones.heard(path, 22050, start_seconds=1, duration_seconds=2)) == 2 * 22050


def test_a_tenth_may_be_missing(long_wav):
    """A file that lacks less than 10 % is taken as it is."""
    n_samples = len(tones.heard(cut_off(long_wav, 0.95), 44100))
    assert n_samples / 44100 == pytest.approx(19, abs=0.1)


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3"])
def test_a_piped_file_claims_nothing(long_wav, suffix):
    """A file written to a pipe, whose header holds no length, decodes whole, and is not judged when cut."""
    data = subprocess.run(
        [tones.ffmpeg_command(), "-v", "error", "-i", long_wav, "-f", suffix, "-"],
        capture_output=True,
        check=True,
    ).stdout
    path = long_wav.with_name(f"piped.{suffix}")
    path.write_bytes(data)
    assert decode.probe(path).duration_seconds is None
    assert len(tones.heard(path, 44100)) == pytest.approx(20 * 44100, abs=3000)
    assert len(tones.heard(cut_off(path, 0.5), 44100)) == pytest.approx(10 * 44100, rel=0.1)


def test_a_variable_bit_rate_without_a_header_is_heard_to_its_end(tmp_path):
    """An MP3 without Xing header, quiet at first, is not cut where a constant bit rate would end."""
    music = np.concatenate(
        [np.zeros((15 * 44100, 2)), np.random.default_rng(2).normal(0, 0.2, (15 * 44100, 2))]
    )
    soundfile.write(tmp_path / "source.wav", music, 44100)
    bare = "-c:a libmp3lame -q:a 4 -write_xing 0 -id3v2_version 0"
    (tmp_path / "bare.mp3").write_bytes(tones.ffmpeg(tmp_path / "source.wav", bare, "mp3"))
    y = tones.heard(tmp_path / "bare.mp3", 22050)
    assert len(y) == pytest.approx(30 * 22050, rel=0.01)
    assert y[-22050 * 10 :].std() > 0.1


@pytest.mark.parametrize("suffix", ["mp3", "flac"])
def test_damage_in_the_middle_costs_only_itself(long_wav, suffix, capfd):
    """A hole in a file costs a part of it, not what follows."""
    path = long_wav.with_name(f"hole.{suffix}")
    path.write_bytes(tones.ffmpeg(long_wav, "-y", suffix))
    whole = tones.heard(path, 44100)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = np.random.default_rng(3).bytes(3000)
    path.write_bytes(data)
    holed = tones.heard(path, 44100)
    assert len(holed) == pytest.approx(len(whole), rel=0.05)
    lag = tones.lag_samples(holed[-200_000:], whole[-200_000:])
    assert abs(lag) <= 4000
    capfd.readouterr()  # libmpg123 speaks to the process's stderr here


def test_an_empty_file_is_called_empty(tmp_path):
    """Zero bytes are told apart from a wrong format."""
    (tmp_path / "empty.mp3").touch()
    for call in (tones.heard, decode.probe):
        with pytest.raises(DecodeError, match="empty file"):
            call(tmp_path / "empty.mp3")


@pytest.mark.parametrize(
    "content",
    [
        b"Just a text that was given the name of a song\n" * 50,
        "Ein Text in UTF-16, der mit einem Zeichen ähnlich einem Rahmen beginnt".encode("utf-16") * 50,
        b"\x89PNG\r\n\x1a\n" + bytes(5000),
        b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(5000),
        bytes(5000),
        b"\xff" * 5000,
        b"RIFF",
        b"ID3",
    ],
)
def test_what_is_no_audio_never_reaches_a_decoder(tmp_path, content, capfd):
    """Text and pictures under the name of a song are refused in words of ours; no library prints anything."""
    (tmp_path / "song.mp3").write_bytes(content)
    with pytest.raises(DecodeError, match="not a known audio format"):
        tones.heard(tmp_path / "song.mp3")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", _LISTS)
def test_a_playlist_cannot_open_other_files(tmp_path, kind):
    """Lists that make FFmpeg open other files or addresses are no audio to us or to any demuxer we use."""
    secret = tmp_path / "secret.wav"
    soundfile.write(secret, tones.tone(), tones.RATE)
    path = tmp_path / "song.mp3"
    path.write_text(_LISTS[kind].format(secret=secret, port=9))
    with pytest.raises(DecodeError, match="not a known audio format"):
        tones.heard(path)
    for container in sorted(ffmpeg.CONTAINERS):
        with path.open("rb") as file:
            assert heard_by_force(path, file, container) == 0


def heard_by_force(path, file, container):
    """Number of samples, whose pitch is the secret's, that FFmpeg finds with a given demuxer."""
    try:
        reader = ffmpeg.FfmpegReader(path, file, container)
        y = np.concatenate([np.zeros((0, 1)), *[block[:, :1] for block, _ in reader.blocks(0.0)]])[:, 0]
    except FileError:
        return 0
    return len(y) if len(y) > 1000 and abs(tones.pitch_hz(y, tones.RATE) - 440) < 1 else 0


@pytest.mark.parametrize("kind", ["hls", "concat"])
def test_a_playlist_opens_nothing_even_with_its_own_demuxer(tmp_path, monkeypatch, kind):
    """Were such a demuxer ever let in, the file it asks for would still not be opened."""
    soundfile.write(tmp_path / "secret.wav", tones.tone(), tones.RATE)
    path = tmp_path / "song.mp3"
    path.write_text(_LISTS[kind].format(secret="secret.wav", port=9))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(ffmpeg.DEMUXERS, "wav", kind)
    with path.open("rb") as file:
        assert heard_by_force(path, file, "wav") == 0


def test_a_header_with_an_impossible_rate_is_refused(tmp_path):
    """One sample a second would make a gigabyte of one block; such a header is called damaged."""
    soundfile.write(tmp_path / "slow.wav", tones.tone(), 1)
    with pytest.raises(DecodeError, match="at 1 Hz"):
        tones.heard(tmp_path / "slow.wav")


@pytest.mark.parametrize("encoding", tones.ENCODINGS)
def test_no_foreign_error_escapes(tmp_path, encoding, capfd):
    """Any damage yields blocks or an error of ours, finite samples, and an end in good time."""
    data, rng = tones.encoded(encoding), np.random.default_rng(len(encoding))
    for trial in range(10):
        path = tmp_path / f"damaged-{trial}"
        path.write_bytes(damaged(data, trial, rng))
        start = time.perf_counter()
        reason = outcome(path, start_seconds=0.9 if trial % 3 == 2 else 0.0)
        assert reason is None or reason == reason.strip().rstrip(".") != ""
        assert time.perf_counter() - start < _LIMIT_SECONDS
    capfd.readouterr()


def outcome(path: Path, *, start_seconds: float) -> str | None:
    """Decode a file to its end; return the reason of an error of ours, or None."""
    try:
        decode.probe(path)
        for block in decode.blocks(path, 22050, start_seconds=start_seconds):
            assert np.isfinite(block).all()
    except FileError as error:
        return error.reason
    return None


def damaged(data: bytes, trial: int, rng: np.random.Generator) -> bytes:
    """Cut a file off, turn bytes in its head or anywhere, or take some out."""
    spoilt = bytearray(data)
    if trial % 5 == 0:
        return bytes(spoilt[: rng.integers(1, len(data))])
    if trial % 5 == 4:
        at = rng.integers(0, len(data))
        del spoilt[at : at + rng.integers(1, 3000)]
        return bytes(spoilt)
    reach = len(data) if trial % 5 == 1 else 200
    for place in rng.integers(4 if trial % 5 == 2 else 0, reach, [30, 3][trial % 2]):
        spoilt[place] = rng.integers(0, 256)
    return bytes(spoilt)


def test_latin_1_tags_do_no_harm(tmp_path):
    """Tags that are not UTF-8, which players of old wrote, do not keep a file from being heard."""
    soundfile.write(tmp_path / "source.wav", tones.chirp(), tones.RATE)
    tagged = tones.ffmpeg(tmp_path / "source.wav", "-c:a aac -metadata title=QQQQQQ", "m4a")
    assert b"QQQQQQ" in tagged
    (tmp_path / "tagged.m4a").write_bytes(tagged.replace(b"QQQQQQ", b"caf\xe9\xff\xfe"))
    assert len(tones.heard(tmp_path / "tagged.m4a")) > 1.9 * tones.RATE


def test_an_id3_tag_in_front_hides_nothing(tmp_path):
    """ID3v2 tags, even several and larger than the sniffed head, in front of any stream are stepped over."""
    tag = b"ID3\x04\x00\x00" + bytes([0, 2, 0, 0]) + bytes(2 * 2**14)
    for encoding in ("mp3-vbr", "mp3-cbr-bare", "flac", "adts"):
        plain = tmp_path / encoding
        plain.write_bytes(tones.encoded(encoding))
        with_tags = plain.with_suffix(".tagged")
        with_tags.write_bytes(tag + tag + tones.encoded(encoding))
        assert np.array_equal(tones.heard(with_tags), tones.heard(plain))


def test_importing_the_decoders_prints_nothing():
    """Importing and failing leave stdout and stderr to the program."""
    script = (
        "from tagger.sources import decode\ntry: decode.probe('none')\nexcept Exception as e: print(e, end='')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("none: no such file", "")


def test_a_stream_without_packets_is_nothing_to_hear(tmp_path):
    """A container with an audio stream but no packets has nothing to hear, or is called damaged."""
    head = tones.encoded("m4a-fragments")
    (tmp_path / "head.mp4").write_bytes(head[: head.find(b"moof") - 4])
    with pytest.raises((NothingToHearError, DecodeError)):
        tones.heard(tmp_path / "head.mp4")
