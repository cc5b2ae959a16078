"""Every container and coding decodes to the same music, whatever the file is called."""

from pathlib import Path

import numpy as np
import pytest

from tagger.sources import decode, ffmpeg, libsndfile, sniff
from tests.sources import tones

_EXACTNESS = {"wav-u8": 2**-7}
_SLACK_SAMPLES = 4096  # lossy encoders pad the last frame, and bare streams cannot say how much
# Bare streams do not tell the encoder's delay, so the music comes that much later; for WMA FFmpeg guesses it.
_TELLS_NO_DELAY = {
    "mp3-cbr-bare",
    "mp2",
    "adts",
    "wav-mp3",
    "ac3",
    "eac3",
    "dts",
    "mpegts",
    "m4a-fragments",
    "wma",
}


@pytest.fixture(params=tones.ENCODINGS)
def encoding(request: pytest.FixtureRequest) -> str:
    """The name of one container and coding."""
    return request.param


@pytest.fixture
def sound(encoding: str, tmp_path: Path) -> Path:
    """A chirp in that coding, in a file without any suffix."""
    path = tmp_path / "sound"
    path.write_bytes(tones.encoded(encoding))
    return path


def test_the_music_comes_back(sound: Path, encoding: str):
    """Level, length and place of the music are kept: exactly by lossless codings, closely by the others."""
    y, reference = tones.heard(sound), tones.chirp()
    if tones.ENCODINGS[encoding][2]:
        assert len(y) == len(reference)
        assert np.abs(y - reference).max() <= _EXACTNESS.get(encoding, 2**-14)
        return
    assert abs(len(y) - len(reference)) <= _SLACK_SAMPLES
    lag = tones.lag_samples(y, reference)
    assert abs(lag) <= (_SLACK_SAMPLES if encoding in _TELLS_NO_DELAY else 2)
    middle = slice(tones.RATE // 2, tones.RATE * 3 // 2)
    assert np.std(y[middle]) == pytest.approx(np.std(reference[middle]), rel=0.06)  # LAME turns down by 5 %


def test_a_lying_suffix_changes_nothing(sound: Path):
    """The same bytes decode to the same samples under any suffix, even one that libsndfile takes literally."""
    reference = tones.heard(sound)
    for suffix in (".mp3", ".raw", ".txt", ".flac", ".vox"):
        liar = sound.rename(sound.with_suffix(suffix))
        assert np.array_equal(tones.heard(liar), reference)
        sound = liar


def test_probe_tells_what_is_decoded(sound: Path):
    """The claimed length, where there is one, is the decoded one within a tenth of a second."""
    info = decode.probe(sound)
    n_samples = len(tones.heard(sound, info.sample_rate))
    assert (info.sample_rate, info.n_channels) == (tones.RATE, 2)
    assert info.codec == info.codec.lower() != ""
    if info.duration_seconds is not None:
        assert info.duration_seconds == pytest.approx(n_samples / info.sample_rate, abs=0.1)


def test_a_part_is_the_part_of_the_whole(sound: Path, encoding: str):
    """A part is that part of the whole: bit for bit by lossless codings, within 10 ms by others."""
    whole = tones.heard(sound)
    part = tones.heard(sound, start_seconds=0.7, duration_seconds=0.8)
    expected = whole[round(0.7 * tones.RATE) : round(1.5 * tones.RATE)]
    assert len(part) == len(expected)
    if tones.ENCODINGS[encoding][2]:
        assert np.array_equal(part, expected)
    else:
        assert abs(tones.lag_samples(part, expected)) <= 0.010 * tones.RATE
        assert np.std(part) == pytest.approx(np.std(expected), rel=0.02)


def test_pieces_join_without_a_seam(sound: Path, encoding: str):
    """[0, a) and [a, b) make [0, b): exactly by lossless codings, in length by all."""
    cut, end = 0.501, 1.333
    pieces = [tones.heard(sound, duration_seconds=cut)]
    pieces.append(tones.heard(sound, start_seconds=cut, duration_seconds=end - cut))
    whole = tones.heard(sound, duration_seconds=end)
    assert abs(sum(map(len, pieces)) - len(whole)) <= 1
    if tones.ENCODINGS[encoding][2]:
        assert np.array_equal(np.concatenate(pieces), whole)


def test_both_decoders_agree(sound: Path, encoding: str):
    """What libsndfile reads of a lossless file, FFmpeg reads alike."""
    container = sniff.container(sound.read_bytes())
    if not tones.ENCODINGS[encoding][2] or decode.probe(sound).decoder == "av":
        pytest.skip("one decoder only, or a lossy coding")
    with sound.open("rb") as one, sound.open("rb") as other:
        by_libsndfile, by_ffmpeg = (
            libsndfile.LibsndfileReader(sound, one),
            ffmpeg.FfmpegReader(sound, other, container),
        )
        first = np.concatenate([block for block, _ in by_libsndfile.blocks(0.25)])
        second = np.concatenate([block for block, _ in by_ffmpeg.blocks(0.25)])
        by_libsndfile.close()
        by_ffmpeg.close()
    assert np.array_equal(first, second)
    assert first.shape == (round(1.75 * tones.RATE), 2)


def test_every_container_has_a_decoder():
    """Each name that sniffing can answer is one that FFmpeg is asked for, and libsndfile's are among them."""
    assert set(sniff.containers()) == ffmpeg.CONTAINERS
    assert libsndfile.CONTAINERS < ffmpeg.CONTAINERS
