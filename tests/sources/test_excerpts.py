"""Parts of a file that stays open: the same samples as in the whole, in whatever order they are asked for."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tagger.sources import decode
from tests.sources import tones

SECONDS = 14.0
ORDER = (0.0, 7.25, 3.1, 11.4, 0.0, 5.03, 0.4, 12.8)
"""Where the parts begin; the first and a later one begin with the file."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Music-like sound: partials under a swell, and clicks, which make coders switch to short blocks."""
    t = np.arange(round(SECONDS * tones.RATE)) / tones.RATE
    y = sum(0.1 / n * np.sin(2 * np.pi * 110 * n * t * (1 + 0.02 * t)) for n in range(1, 8))
    y[:: tones.RATE // 5] += 0.5
    path = tmp_path_factory.mktemp("source") / "source.wav"
    soundfile.write(path, np.stack([y, y], 1), tones.RATE, subtype="FLOAT")
    return path


@pytest.mark.parametrize("encoding", tones.ENCODINGS)
def test_parts_are_the_same_as_in_the_whole(source: Path, tmp_path: Path, encoding: str) -> None:
    """A part has the whole's samples at its place: exactly in lossless codings, to −25 dB in others.

    Lossy decoders may begin with another state, and some fill bands with noise of their own.
    """
    suffix, options, is_lossless = tones.ENCODINGS[encoding]
    path = tmp_path / f"sound.{suffix}"
    path.write_bytes(tones.ffmpeg(source, options, suffix))
    whole = tones.heard(path)
    excerpts = decode.Excerpts(path, tones.RATE)
    for start_seconds in ORDER:
        part = excerpts.read(start_seconds, 1.1)
        first = round(start_seconds * tones.RATE)
        same = whole[first : first + len(part)]
        assert len(part) == pytest.approx(1.1 * tones.RATE, abs=1)
        if is_lossless:
            assert np.array_equal(part, same)
        elif encoding not in {"wma", "webm-opus"}:  # clocks of 1 ms
            assert np.mean((part - same) ** 2) < 10**-2.5 * np.mean(same**2)
        else:
            assert abs(tones.lag_samples(part, same)) <= tones.RATE // 1000
    excerpts.close()
