"""Files, pipes and addresses give the samples they hold, in time, and say what is missing."""

from __future__ import annotations

import itertools
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tagger.errors import DecodeError, SettingsError, SourceError, TaggerError
from tagger.records import Gap
from tagger.sources import decode, flow, stream
from tagger.sources.live import Source
from tagger.sources.radio import UrlSource
from tests.sources import tones
from tests.sources.station import Handler, station

RATE = 16000
CAN_FLOW = [name for name in tones.ENCODINGS if name not in {"m4a-aac", "m4a-alac", "caf-alac", "dts"}]


def sourced(text: str, **more) -> Source:
    """A source that nothing stops."""
    return stream.source(text, RATE, threading.Event(), **more)


def samples(parts: Iterator[np.ndarray | Gap]) -> np.ndarray:
    """All samples, gaps left out."""
    return tones.joined(part for part in parts if not isinstance(part, Gap))


class Pipe:
    """The reading end of a pipe that a thread fills, a few bytes at a time."""

    def __init__(self, data: bytes, n_bytes: int = 8192, *, ends: bool = True) -> None:
        self.descriptor, self._write = os.pipe()
        self._data, self._n_bytes, self._ends = data, n_bytes, ends
        self._thread = threading.Thread(target=self._fill, daemon=True)

    def __enter__(self) -> int:
        self._thread.start()
        return self.descriptor

    def __exit__(self, *error: object) -> None:
        os.close(self.descriptor)
        if not self._ends:
            os.close(self._write)
        self._thread.join(5)

    def _fill(self) -> None:
        try:
            for start in range(0, len(self._data), self._n_bytes):
                os.write(self._write, self._data[start : start + self._n_bytes])
        except BrokenPipeError:
            pass
        if self._ends:
            os.close(self._write)


def piped(data: bytes, raw: flow.Raw | None = None, n_bytes: int = 8192) -> np.ndarray:
    """What is heard of bytes that come through a pipe."""
    with Pipe(data, n_bytes) as descriptor:
        return samples(stream.PipeSource(descriptor, RATE, threading.Event(), raw).blocks())


@pytest.mark.parametrize("encoding", ["wav-s16", "mp3-vbr", "m4a-aac", "opus"])
def test_a_file_is_heard_as_in_a_scan(encoding: str, tmp_path: Path) -> None:
    """The blocks of a file are those of `decode`, to the bit and to the cut."""
    path = tmp_path / "x"
    path.write_bytes(tones.encoded(encoding))
    found, expected = list(sourced(str(path)).blocks()), list(decode.blocks(path, RATE))
    assert [len(block) for block in found] == [len(block) for block in expected]
    np.testing.assert_array_equal(samples(iter(found)), samples(iter(expected)))


@pytest.mark.parametrize("encoding", CAN_FLOW)
def test_a_pipe_is_heard_without_going_back(encoding: str, tmp_path: Path) -> None:
    """Every format that can be read in order gives what its file gives; exact ones to the rounding."""
    data = tones.encoded(encoding)
    (tmp_path / "x").write_bytes(data)
    found, expected = piped(data), tones.heard(tmp_path / "x", RATE)
    assert len(found) == pytest.approx(len(expected), abs=0.05 * RATE)
    n_samples = min(len(found), len(expected))
    assert abs(tones.lag_samples(found[:n_samples], expected[:n_samples])) <= 2
    if tones.ENCODINGS[encoding][2]:
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_pipe_in_crumbs_says_the_same() -> None:
    """How a pipe is filled does not matter."""
    data = tones.encoded("wav-s16")
    np.testing.assert_allclose(piped(data, n_bytes=997), piped(data, n_bytes=65_536), atol=1e-6)


def test_tags_before_the_sound_are_stepped_over() -> None:
    """A picture of a megabyte in front of an MP3, and a second tag behind it, are no sound."""

    def tag(n_bytes: int) -> bytes:
        sizes = bytes(n_bytes >> shift & 0x7F for shift in (21, 14, 7, 0))
        return b"ID3\x04\x00\x00" + sizes + bytes(n_bytes)

    bare = tones.encoded("mp3-cbr-bare")
    np.testing.assert_array_equal(piped(tag(1_000_000) + tag(5) + bare), piped(bare))


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF])
def test_a_wav_without_a_length_is_heard_to_its_end(size: int) -> None:
    """Programs that write into a pipe cannot know the length; each lies in its own way."""
    y = (tones.chirp(1.0, RATE) * 32767).astype("<i2")
    head = b"RIFF" + size.to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    head += (1).to_bytes(2, "little") + (1).to_bytes(2, "little") + RATE.to_bytes(4, "little")
    head += (2 * RATE).to_bytes(4, "little") + b"\x02\x00\x10\x00data" + size.to_bytes(4, "little")
    np.testing.assert_allclose(piped(head + y.tobytes()), y / 32768, atol=1e-6)


@pytest.mark.parametrize(
    ("coding", "kind", "scale"),
    [
        ("u8", "u1", 127),
        ("s16le", "<i2", 32767),
        ("s16be", ">i2", 32767),
        ("s32le", "<i4", 2**31 - 1),
        ("s32be", ">i4", 2**31 - 1),
        ("f32le", "<f4", 1),
        ("f32be", ">f4", 1),
    ],
)
@pytest.mark.parametrize("n_channels", [1, 2, 3])
def test_bare_samples_are_what_they_are_said_to_be(coding: str, kind: str, scale: int, n_channels: int) -> None:
    """Every coding and number of channels, in pieces that end within a sample, comes back."""
    y = tones.chirp(0.5, RATE)
    values = np.repeat((y.astype(np.float64) * scale + 128 * (coding == "u8"))[:, None], n_channels, 1)
    found = piped(values.astype(kind).tobytes(), flow.Raw.parse(f"{coding},{RATE},{n_channels}"), n_bytes=1001)
    np.testing.assert_allclose(found, y, atol=2 / 127 if coding == "u8" else 1e-4)


@pytest.mark.parametrize("text", ["", "s16le", "s16le,44100", "mp3,44100,2", "s16le,0,2", "s16le,44100,0"])
def test_nonsense_about_samples_is_refused(text: str) -> None:
    """The sentence says what is wanted, the hint gives an example."""
    with pytest.raises(SettingsError, match="CODING,RATE,CHANNELS") as error:
        flow.Raw.parse(text)
    assert "s16le,44100,2" in error.value.hint


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "nothing comes from it"),
        (b"plain text, no sound\n" * 100, "not a known audio format"),
        (b"RIFF\x00\x00\x00\x00WAVEfm", "stdin: "),
        (b"RIFF\xff\xff\xff\xffWAVEdata\xff\xff\xff\xff" + bytes(9000), "stdin: "),
        (b"ID3\x04\x00\x00\x7f\x7f\x7f\x7fshort", "nothing comes from it"),
    ],
)
def test_what_is_no_audio_is_said_so(data: bytes, reason: str) -> None:
    """No bytes, no sound, a header that breaks off: one sentence each, no crash."""
    with pytest.raises(DecodeError, match=reason):
        piped(data)


def test_a_pipe_where_nothing_comes_lets_go() -> None:
    """To stop takes a fraction of a second, although the other end sends nothing and stays open."""
    stop = threading.Event()
    with Pipe(b"", ends=False) as descriptor:
        threading.Timer(0.3, stop.set).start()
        began = time.monotonic()
        assert list(stream.PipeSource(descriptor, RATE, stop).blocks()) == []
        assert time.monotonic() - began < 2


def test_other_addresses_are_refused() -> None:
    """What FFmpeg could open, but nobody should, is no source."""
    for text in ("ftp://host/x", "rtsp://host/x", "concat://x", "file:///etc/passwd"):
        with pytest.raises(SettingsError, match="not heard"):
            sourced(text)


def test_a_paced_source_comes_at_playing_speed(tmp_path: Path) -> None:
    """No sample comes before a player would play it, none much later, and all of them come."""
    path = tmp_path / "x.wav"
    tones.soundfile.write(path, tones.chirp(1.5, RATE), RATE)
    began, n_samples, times = time.monotonic(), 0, []
    for block in sourced(str(path), is_paced=True).blocks():
        n_samples += len(block)
        times.append(time.monotonic() - began - n_samples / RATE)
    assert n_samples == 1.5 * RATE
    assert min(times) > -0.01
    assert np.median(times) < 0.3


def test_a_paced_source_stops_at_once(tmp_path: Path) -> None:
    """It does not wait for the end of a block."""
    path = tmp_path / "x.wav"
    tones.soundfile.write(path, tones.chirp(20, RATE), RATE)
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    assert len(samples(stream.source(str(path), RATE, stop, is_paced=True).blocks())) < RATE
    assert time.monotonic() - began < 2


# --- addresses


@pytest.fixture
def mp3() -> bytes:
    """Two seconds of MP3, as a stream sends it: no length in front."""
    return tones.encoded("mp3-cbr-bare")


def url_source(url: str, stop: threading.Event | None = None, **more) -> UrlSource:
    """An address that is impatient."""
    return UrlSource(url, RATE, stop or threading.Event(), **({"stall_seconds": 0.5} | more))


def test_a_file_on_a_server_is_heard_to_its_end(mp3: bytes) -> None:
    """With a length it is a file: nothing is dropped, and its end is the end."""

    def answer(handler: Handler, number: int) -> None:
        handler.begin(length=len(mp3))
        handler.wfile.write(mp3)

    with station(answer) as url:
        source = url_source(url)
        found = samples(source.blocks())
    assert source.pace == "as it comes"
    np.testing.assert_array_equal(found, piped(mp3))


def test_a_stream_that_stalls_and_breaks_off_comes_back(mp3: bytes) -> None:
    """A stall, an end, a refusal and a success: what was heard before and after is there, and a gap between."""
    stop, notices = threading.Event(), []

    def answer(handler: Handler, number: int) -> None:
        if number == 0:
            handler.begin()
            handler.play(mp3, 4 * 16_000, stop)
            stop.wait(5)  # it stands still
        elif number == 1:
            handler.begin()
            handler.play(mp3[: len(mp3) // 2], 4 * 16_000, stop)
        elif number == 2:
            handler.begin("text/html", status=503)
        elif number == 3:
            handler.begin()
            handler.play(mp3, 4 * 16_000, stop)

    with station(answer) as url:
        source = url_source(url, stop, on_notice=notices.append)
        parts: list[np.ndarray | Gap] = []
        for part in source.blocks():
            parts.append(part)
            n_gaps = sum(isinstance(one, Gap) for one in parts)
            if n_gaps == 2 and len(samples(iter(parts))) > 4 * RATE:
                stop.set()
    gaps = [part for part in parts if isinstance(part, Gap)]
    assert source.pace == "live"
    assert [gap.reason for gap in gaps] == ["nothing comes for 0.5 s", "the server broke it off"]
    assert 0.5 < gaps[0].seconds < 4
    assert 0.2 < gaps[1].seconds < 4
    assert len(notices) == 2
    assert all("trying again" in notice for notice in notices)
    first = samples(itertools.takewhile(lambda part: not isinstance(part, Gap), parts))
    assert len(first) == pytest.approx(2 * RATE, abs=0.2 * RATE)


def test_a_stream_that_does_not_come_back_is_given_up(mp3: bytes) -> None:
    """After the time that was given there is a sentence that says so."""

    def answer(handler: Handler, number: int) -> None:
        handler.begin(status=200 if number == 0 else 404)
        if number == 0:
            handler.wfile.write(mp3)

    with station(answer) as url, pytest.raises(SourceError, match="did not come back within 1 s") as error:
        list(url_source(url, patience_seconds=1.0).blocks())
    assert "--patience" in error.value.hint


def test_a_broken_download_is_an_error(mp3: bytes) -> None:
    """A file of which a part came is not the file."""

    def answer(handler: Handler, number: int) -> None:
        handler.begin(length=2 * len(mp3))
        handler.wfile.write(mp3)

    with station(answer) as url, pytest.raises(SourceError, match="the server broke it off"):
        list(url_source(url).blocks())


@pytest.mark.parametrize(
    ("kind", "status", "body", "reason"),
    [
        ("audio/mpeg", 404, b"", "the server says 404"),
        ("audio/mpeg", 500, b"", "the server says 500"),
        ("audio/mpeg", 200, b"", "nothing comes from it"),
        ("text/html", 200, b"<html>" * 9000, "not a known audio format"),
        ("audio/x-mpegurl", 200, b"#EXTM3U\nfile:///etc/passwd\n", "a playlist, not audio"),
        ("application/vnd.apple.mpegurl", 200, b"#EXTM3U\n", "a playlist, not audio"),
    ],
)
def test_an_address_that_is_no_audio_says_why(kind: str, status: int, body: bytes, reason: str) -> None:
    """The first connection is not tried again: the user may have mistyped it."""

    def answer(handler: Handler, number: int) -> None:
        assert number == 0
        handler.begin(kind, status=status)
        handler.wfile.write(body)

    with station(answer) as url, pytest.raises(TaggerError, match=reason) as error:
        list(url_source(url).blocks())
    assert error.value.message.startswith(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/x",
        "http://nowhere.invalid/x",
        "http://127.0.0.1:99999999/x",
        "http:///x",
        "http://a b/",
    ],
)
def test_a_server_that_is_not_there_is_an_error_at_once(url: str) -> None:
    """One sentence with the address in front, and words after it."""
    with pytest.raises(SourceError, match=rf"^{re.escape(url)}: [a-z ]{{8}}"):
        list(url_source(url).blocks())


def test_a_server_that_is_no_web_server_is_an_error() -> None:
    """A greeting of another protocol, and none at all, are told."""

    def answer(handler: Handler, number: int) -> None:
        handler.wfile.write(b"220 mail.example ESMTP\r\n")

    def silent(handler: Handler, number: int) -> None:
        time.sleep(1.5)

    for way, reason in ((answer, "no answer of a web server"), (silent, "nothing comes for")):
        with station(way) as url, pytest.raises(SourceError, match=reason):
            list(url_source(url).blocks())


def test_stopping_a_stream_ends_it(mp3: bytes) -> None:
    """To stop is no outage: no gap, no notice, no error."""
    stop, notices = threading.Event(), []

    def answer(handler: Handler, number: int) -> None:
        handler.begin()
        while not stop.is_set():
            handler.play(mp3, 16_000, stop)

    with station(answer) as url:
        parts = []
        for part in url_source(url, stop, on_notice=notices.append).blocks():
            parts.append(part)
            stop.set()
    assert not notices
    assert not any(isinstance(part, Gap) for part in parts)
