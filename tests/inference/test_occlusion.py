"""What stands still says nothing any more, and nothing else changes; maps mark what a model looks at."""

import itertools

import numpy as np
import pytest
import soundfile

from tagger.inference import canvas, frontend, occlusion
from tagger.inference.frontend import FrontEnd

MEL = FrontEnd()


def window(rng: np.random.Generator) -> np.ndarray:
    """Frames of noise in dB."""
    return rng.normal(-30, 8, (40, 24)).astype(np.float32)


def looks_at(times: slice, bands: slice) -> occlusion.Predict:
    """A model of two genres, which believes in the first the more, the more moves in a part of a window."""

    def predict(windows: np.ndarray) -> np.ndarray:
        share = np.clip(windows[:, times, bands].std(axis=1).mean(axis=1) / 10, 0.01, 0.99)
        return np.stack([share, 1 - share], axis=1)

    return predict


def test_cells_stand_still_at_their_mean(rng: np.random.Generator) -> None:
    """Marked cells get the mean of their band over the window; the others keep their values."""
    frames = window(rng)
    cells = rng.random(frames.shape) < 0.3
    found = canvas.Frames(frames).without(cells)
    assert np.array_equal(found[~cells], frames[~cells])
    assert found[cells] == pytest.approx(np.broadcast_to(frames.mean(axis=0), frames.shape)[cells])
    assert np.array_equal(canvas.Frames(frames).without(np.zeros_like(cells)), frames)


def test_the_map_marks_what_the_model_looks_at(rng: np.random.Generator) -> None:
    """The part that a model looks at speaks for its genre, and against the other; the rest says nothing."""
    for_first, for_second = occlusion.maps(
        canvas.Frames(window(rng)), [0, 1], looks_at(slice(20, 40), slice(6, 9))
    )
    marked = np.zeros((40, 24), bool)
    marked[20:, 6:9] = True
    assert for_first[marked].min() > 0
    assert for_second == pytest.approx(-for_first, abs=1e-6)
    assert not for_first[~marked].any()


def test_only_the_band_that_a_model_looks_at_matters(rng: np.random.Generator) -> None:
    """Without its band a model believes less, without any other it believes the same."""
    canvases = [canvas.Frames(window(rng)) for _ in range(3)]
    predict = looks_at(slice(None), slice(12, 16))
    whole = predict(np.stack([one.spectrogram for one in canvases]))
    bands = np.arange(24)
    own = occlusion.without_band(canvases, (bands >= 12) & (bands < 16), predict)
    assert (own[:, 0] == 0.01).all()
    other = occlusion.without_band(canvases, bands < 12, predict)
    assert other == pytest.approx(whole)


def test_bands_are_those_of_their_frequencies() -> None:
    """A tone lies in the band that is named after its frequency, and the bands leave no gap."""
    sr = MEL.sample_rate
    hz = canvas.band_hz(MEL)
    for tone, name in (
        (110, "bass"),
        (350, "low mids"),
        (1000, "mids"),
        (4000, "presence"),
        (9000, "brilliance"),
    ):
        y = np.sin(2 * np.pi * tone * np.arange(sr) / sr).astype(np.float32)
        loudest = frontend.analyse(y, MEL).values.mean(axis=0).argmax()
        assert [band.name for band in occlusion.BANDS if band.holds(hz)[loudest]] == [name]
    edges = [(band.low_hz, band.high_hz) for band in occlusion.BANDS]
    assert all(high == low for (_, high), (low, _) in itertools.pairwise(edges))


@pytest.mark.parametrize("kind", ["waveform", "descriptors"])
def test_sounds_can_stand_still_too(tune, tmp_path, kind: str) -> None:
    """What hears samples hears the same sound if nothing is marked, and no beat where all stands still."""
    y, sr = soundfile.read(tune(tmp_path / "a.wav", seconds=3), dtype="float32")
    front_end = FrontEnd(kind, sr, hop_length=sr * 3 if kind == "descriptors" else 1)
    sound = canvas.Sound(y, front_end, 1 if kind == "descriptors" else len(y))
    shape = sound.spectrogram.shape
    heard = frontend.analyse(y, front_end).values
    same = sound.without(np.zeros(shape, bool))
    assert same == pytest.approx(heard, rel=0.02, abs=0.02)
    still = sound.without(np.ones(shape, bool))
    assert still.shape == same.shape
    if kind == "waveform":
        before, after = (
            np.std([part.std() for part in np.array_split(one[:, 0], 60)]) for one in (same, still)
        )
        assert after < before / 2


def test_strengths_are_shares_of_the_strongest() -> None:
    """What is shown is between 0 and 1; what speaks against is not shown, and nothing is nothing."""
    cells = np.zeros((50, 30), np.float32)
    assert not canvas.strengths(cells).any()
    cells[20:30, 10:20], cells[40:, 20:] = 3, -5
    shown = canvas.strengths(cells)
    assert shown.max() == 1
    assert shown[25, 15] > 0.9
    assert not shown[45:, 25:].any()
