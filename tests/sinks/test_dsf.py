"""Genres in DSF: the tag at the end, and the header that leads to it."""

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import mutagen.dsf
import numpy as np
import pytest

from tagger import errors
from tagger.sinks import tags
from tagger.sinks.tags.interface import Place
from tests.sinks import writing


def test_the_sample_is_real(sample: Callable[[str], Path], ffmpeg: str) -> None:
    """What the tests tag is audio: ffmpeg decodes the tone that went in."""
    command = [ffmpeg, "-v", "error", "-i", sample("DSF"), "-ar", "8000", "-f", "f32le", "-"]
    y = np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, np.float32)
    S = np.abs(np.fft.rfft(y * np.hanning(len(y))))
    assert abs(S.argmax() * 8000 / len(y) - 440) < 6
    assert S.max() > 100 * np.median(S)


def test_the_header_leads_to_the_tag(sample: Callable[[str], Path]) -> None:
    """A new tag is at the end, where mutagen finds it, and a larger or smaller one stays there."""
    path = sample("DSF")
    length = path.stat().st_size
    for genre in ["Rock", "Ж" * 5000, "Jazz"]:
        writing.write(path, [genre])
        assert struct.unpack("<QQ", path.read_bytes()[12:28]) == (path.stat().st_size, length)
        assert mutagen.dsf.DSF(path).tags["TCON"].text == [genre]
        assert tags.places(path) == ("DSF", (Place("ID3v2.4", "TCON", (genre,)),))


@pytest.mark.parametrize(
    ("place", "value"),
    [(12, 1), (20, 40), (20, 10**9), (84, 10**9), (4, 29), (32, 51)],
    ids=["total", "into the audio", "past the end", "audio", "first chunk", "second chunk"],
)
def test_a_damaged_header_keeps_the_file_as_it_is(
    sample: Callable[[str], Path], place: int, value: int
) -> None:
    """Where the header does not fit the file, nothing is written."""
    path = sample("DSF, ID3v2.3")
    data = path.read_bytes()
    path.write_bytes(data[:place] + struct.pack("<Q", value) + data[place + 8 :])
    before = path.read_bytes()
    with pytest.raises(errors.TagError):
        writing.write(path, ["Rock"])
    assert path.read_bytes() == before
