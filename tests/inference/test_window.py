"""The laws of windows."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.inference import frontend, window
from tagger.inference.frontend import Frames, FrontEnd
from tagger.records import Window


def numbered(n_frames: int) -> Frames:
    """Frames whose single band holds their own number, and whose power does likewise."""
    numbers = np.arange(n_frames, dtype=np.float32)
    return Frames(numbers[:, None], numbers)


def pieces(frames: Frames, cuts: list[int]) -> list[Frames]:
    """The same frames in pieces."""
    at = sorted(min(cut, len(frames)) for cut in cuts)
    return [
        Frames(log_mel, power)
        for log_mel, power in zip(np.split(frames.values, at), np.split(frames.power, at), strict=True)
    ]


def shapes() -> st.SearchStrategy[tuple[int, int]]:
    """Lengths and hops of windows."""
    return st.integers(1, 40).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n)))


@given(n_frames=st.integers(0, 300), shape=shapes(), cuts=st.lists(st.integers(0, 300), max_size=20))
@settings(deadline=None)
def test_cuts_change_nothing(n_frames: int, shape: tuple[int, int], cuts: list[int]) -> None:
    """However the frames are cut, also into empty pieces, the windows are the same."""
    whole = list(window.slide([numbered(n_frames)], *shape))
    cut = list(window.slide(pieces(numbered(n_frames), cuts), *shape))
    assert len(whole) == len(cut)
    for one, other in zip(whole, cut, strict=True):
        np.testing.assert_array_equal(one.frames, other.frames)
        assert one.loudness_db == other.loudness_db


@given(n_frames=st.integers(1, 300), shape=shapes())
@settings(deadline=None)
def test_no_frame_is_lost(n_frames: int, shape: tuple[int, int]) -> None:
    """Every frame is in a window, all windows have the same length, and all but the last keep the hop."""
    windows = [heard.frames[:, 0] for heard in window.slide([numbered(n_frames)], *shape)]
    length, hop = shape
    assert {len(heard) for heard in windows} == {length}
    assert set(np.concatenate(windows)) == set(range(n_frames))
    starts = [int(heard[0]) for heard in windows]
    assert starts[:-1] == [hop * index for index in range(len(starts) - 1)]
    assert len(windows) == 1 + max(0, math.ceil((n_frames - length) / hop))


@given(
    n_samples=st.integers(1, 40_000),
    cuts=st.lists(st.integers(0, 40_000), max_size=15),
    shape=shapes(),
)
@settings(deadline=None, max_examples=50)
def test_cuts_of_the_waveform_change_nothing(n_samples: int, cuts: list[int], shape: tuple[int, int]) -> None:
    """From samples to windows: blocks of any length give the same windows, and no sample is lost."""
    front_end = FrontEnd(sample_rate=8000, n_fft=256, hop_length=128, n_mels=8, fmax=4000)
    y = np.random.default_rng(n_samples).standard_normal(n_samples).astype(np.float32)
    blocks = np.split(y, sorted(min(cut, n_samples) for cut in cuts))
    whole = list(window.slide(frontend.stream([y], front_end), *shape))
    cut = list(window.slide(frontend.stream(blocks, front_end), *shape))
    assert len(whole) == len(cut) >= 1
    for one, other in zip(whole, cut, strict=True):
        np.testing.assert_allclose(one.frames, other.frames, atol=1e-3)
        assert one.loudness_db == pytest.approx(other.loudness_db, abs=1e-6)


def test_a_short_track_is_repeated() -> None:
    """A track shorter than a window fills it by repetition."""
    (heard,) = window.slide([numbered(3)], 8, 4)
    np.testing.assert_array_equal(heard.frames[:, 0], [0, 1, 2, 0, 1, 2, 0, 1])


def test_nothing_gives_nothing() -> None:
    """No frames, no windows."""
    assert list(window.slide([], 8, 4)) == []


def test_windows_do_not_share_memory() -> None:
    """A window that waits in a queue does not keep the whole track in memory."""
    frames = numbered(10_000)
    first: Window = next(window.slide([frames], 8, 4))
    assert first.frames.base is None or first.frames.base.nbytes <= frames.values.nbytes // 100


@pytest.mark.parametrize(("length", "hop"), [(0, 1), (4, 0), (4, 5)])
def test_wrong_lengths_are_refused(length: int, hop: int) -> None:
    """A hop longer than the window would lose music."""
    with pytest.raises(ValueError, match="a hop must be"):
        list(window.slide([numbered(9)], length, hop))


@pytest.mark.parametrize(
    ("power", "level_db"), [(1.0, 0.0), (0.5, -3.0103), (1e-6, -60.0), (0.0, window.SILENCE_FLOOR_DB)]
)
def test_level(power: float, level_db: float) -> None:
    """Levels are in decibels relative to full scale; silence has a floor."""
    assert window.level_db(np.full(5, power, np.float32)) == pytest.approx(level_db, abs=1e-3)
