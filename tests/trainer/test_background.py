"""Made sounds are what their names say, differ from each other, and are the same every time."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import soundfile

from tagger.errors import OutputError
from tagger.inference.frontend import FrontEnd
from trainer.data import background, features
from trainer.data.drawing import BACKGROUND
from trainer.progress import Quiet

RATE = background.SAMPLE_RATE
FRONT_END = FrontEnd(sample_rate=16000, n_fft=512, hop_length=256, n_mels=40, fmax=8000.0)


@pytest.mark.parametrize("kind", background.KINDS)
def test_sounds_are_audible_reproducible_and_various(kind):
    """Each is finite and between -30 dB and full scale; its number decides what it is like."""
    made = [background.sound(kind, number, RATE) for number in range(4)]
    assert all(one.dtype == np.float32 and one.shape == (10 * RATE,) for one in made)
    assert all(np.isfinite(one).all() and 0.03 < np.abs(one).max() <= 1 for one in made)
    assert all(np.abs(background.sound(kind, number, 8000)).max() > 0.03 for number in range(24))
    assert np.array_equal(made[2], background.sound(kind, 2, RATE))
    assert len({one.tobytes() for one in made}) == 4


def shares_of_strongest(kind, number):
    """Share of a sound's power in its strongest hundredth of frequencies, and of moments."""
    samples = background.sound(kind, number, RATE).astype(np.float64)
    spectrum, moments = np.abs(np.fft.rfft(samples)) ** 2, (samples**2).reshape(-1, 441).sum(axis=1)
    return [np.sort(one)[-len(one) // 100 :].sum() / one.sum() for one in (spectrum, moments)]


def test_tones_are_narrow_noise_is_wide_and_clicks_are_short():
    """The kinds are what they are called."""
    for number in range(4):
        assert shares_of_strongest("tone", number)[0] > 0.75
        assert shares_of_strongest("hiss", number)[0] < 0.1
        assert shares_of_strongest("hiss", number)[1] < 0.02
        assert shares_of_strongest("clicks", number)[1] > 0.05


def test_sweeps_stay_below_what_the_rate_can_hold():
    """None folds back: the upper tenth of frequencies holds next to nothing."""
    for number in range(24):
        power = np.abs(np.fft.rfft(background.sound("sweep", number, RATE).astype(np.float64))) ** 2
        assert power[-len(power) // 20 :].sum() < 0.01 * power.sum()


def test_their_frames_are_kept_as_clips_that_are_no_music(tmp_path):
    """Two dozen of each kind, computed once; another front-end has files of its own."""
    made = background.made(FRONT_END, tmp_path / "features", 3)
    assert len(made) == 3 * len(background.KINDS) == len({clip.file for clip in made})
    assert {clip.target for clip in made} == {BACKGROUND}
    assert all(features.load(clip.file).shape == (626, 40) for clip in made)
    written = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.npy")}
    assert background.made(FRONT_END, tmp_path / "features", 3) == made
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.npy")} == written
    wider = FrontEnd(sample_rate=16000, n_fft=512, hop_length=256, n_mels=64, fmax=8000.0)
    assert not {clip.file for clip in background.made(wider, tmp_path / "features", 3)} & set(written)


@pytest.mark.parametrize("rate", [16000, RATE])
def test_their_frames_are_those_of_a_file_at_a_common_rate(rate, tmp_path):
    """A band that ends where the model still hears may end there, as in what people record."""
    front_end = dataclasses.replace(FRONT_END, sample_rate=rate)
    for clip in background.made(front_end, tmp_path / "features", 1):
        kind, number = clip.group.split()
        path = tmp_path / f"{kind}.wav"
        soundfile.write(path, background.sound(kind, int(number), RATE), RATE, "FLOAT")
        (found,) = features.build([path], front_end, tmp_path / "files", Quiet(), jobs=1).files.values()
        frames = min(len(features.load(clip.file)), len(features.load(found)))
        assert frames > 600
        assert np.allclose(features.load(clip.file)[:frames], features.load(found)[:frames], atol=0.1)


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    """One sentence, as for the frames of clips."""
    (tmp_path / "features").write_bytes(b"a file")
    with pytest.raises(OutputError, match="cannot keep what is heard"):
        background.made(FRONT_END, tmp_path / "features", 3)
