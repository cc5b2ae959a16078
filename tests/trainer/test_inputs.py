"""Windows to learn from are honest pieces of their clips; windows to be judged by are those of inference."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.inference import window
from tagger.inference.frontend import Frames
from trainer.data import inputs
from trainer.data.inputs import Clip
from trainer.recipe import Augmentation, Recipe

PLAIN = Recipe(window_frames=8, hop_frames=4, batch_size=6, crops_per_epoch=60)


def numbered(n_frames, n_mels=3):
    """A clip whose every frame says its own number."""
    return np.repeat(np.arange(n_frames, dtype=np.float32)[:, None], n_mels, axis=1)


def clips(folder, *lengths):
    """Clips of these lengths; their targets alternate between 0 and 1."""
    made = []
    for index, length in enumerate(lengths):
        np.save(folder / f"{index}.npy", numbered(length).astype(np.float16))
        made.append(Clip(folder / f"{index}.npy", index % 2, "made", f"artist{index}"))
    return made


@given(st.integers(8, 40), st.integers(0, 2**32 - 1))
def test_a_crop_is_a_piece_of_its_clip(n_frames, seed):
    """Without augmentation the frames of a crop follow each other in the clip."""
    crop = inputs.crop(numbered(n_frames), PLAIN, np.random.default_rng(seed))
    assert np.array_equal(crop, numbered(n_frames)[int(crop[0, 0]) :][:8])


@given(st.integers(1, 8))
def test_a_short_clip_is_repeated_as_inference_repeats_it(n_frames):
    """A clip shorter than a window gives the very window that inference cuts."""
    clip = numbered(n_frames)
    (expected,) = window.slide([Frames(clip, np.ones(n_frames, np.float32))], 8, 4)
    assert np.array_equal(inputs.crop(clip, PLAIN, np.random.default_rng(0)), expected.frames)


@given(st.integers(1, 60), st.floats(0, 0.5), st.integers(0, 2**32 - 1))
def test_a_stretched_crop_stays_within_its_clip(n_frames, stretch, seed):
    """At any tempo the values lie between those of the clip's frames, and the shape stays."""
    recipe = dataclasses.replace(PLAIN, augmentation=Augmentation(stretch=stretch))
    crop = inputs.crop(numbered(n_frames), recipe, np.random.default_rng(seed))
    assert crop.shape == (8, 3)
    assert crop.dtype == np.float32
    assert 0 <= crop.min() <= crop.max() <= n_frames - 1


def test_a_repeated_piece_has_the_length_of_the_recipe():
    """The share and the seconds of the recipe decide, and the piece repeats from its start."""
    settings = Augmentation(repeat_share=1.0, repeat_seconds=(0.07, 0.07))  # 3 frames at 43 frames a second
    recipe = dataclasses.replace(PLAIN, augmentation=settings)
    crop = inputs.crop(numbered(40), recipe, np.random.default_rng(3))[:, 0]
    assert np.array_equal(crop - crop[0], [0, 1, 2, 0, 1, 2, 0, 1])


def test_genres_are_drawn_alike(tmp_path):
    """Nine clips of one genre and one of another are heard equally often."""
    made = [dataclasses.replace(clip, target=int(n == 9)) for n, clip in enumerate(clips(tmp_path, *[9] * 10))]
    batches = inputs.batches(made, 2, PLAIN, np.random.default_rng(0))
    heard = sum(next(batches)[1].sum(axis=0) for _ in range(10))
    assert list(heard) == [30, 30]


def test_a_long_clip_is_not_heard_more_often(tmp_path):
    """Length does not weigh."""
    assert len(set(inputs.weights(clips(tmp_path, 8, 8, 800, 800), 0.5))) == 1


@pytest.mark.parametrize(("balance", "share"), [(0.0, 1 / 2), (0.5, 1 / 3), (1.0, 1 / 5)])
def test_corpora_are_balanced_within_a_genre(tmp_path, balance, share):
    """Four clips of one corpus and one of another: the power decides how much the one weighs."""
    made = [dataclasses.replace(clip, target=0) for clip in clips(tmp_path, *[8] * 5)]
    made[4] = dataclasses.replace(made[4], corpus="other")
    weights = inputs.weights(made, balance)
    assert weights.sum() == pytest.approx(1)
    assert weights[4] == pytest.approx(share)


def test_every_clip_is_heard_as_often_as_its_weight_says(tmp_path):
    """In each epoch no clip is forgotten: counts differ from the weights by less than one."""
    made = clips(tmp_path, *[8] * 10)
    drawn = Counter(inputs._draw(inputs.weights(made, 0.5), 60, np.random.default_rng(1)).tolist())
    assert all(abs(drawn[index] - 6) <= 1 for index in range(10))


def test_batches_are_reproducible_and_well_formed(tmp_path):
    """The same seed gives the same batches; targets sum to one, also when mixed."""
    recipe = dataclasses.replace(PLAIN, augmentation=Augmentation(stretch=0.1, gain_db=3, mixup=0.4))
    made = clips(tmp_path, 8, 20, 30, 5)
    first, again = (next(inputs.batches(made, 2, recipe, np.random.default_rng(7))) for _ in range(2))
    assert np.array_equal(first[0], again[0])
    assert first[0].shape == (6, 8, 3)
    assert first[0].dtype == first[1].dtype == np.float32
    assert first[1].sum(axis=1) == pytest.approx(1)


def test_cut_gives_the_windows_of_inference(tmp_path):
    """Cutting kept spectrograms gives what a stream of the same frames gives."""
    cut = inputs.cut(clips(tmp_path, 21, 3), PLAIN)
    expected = [one.frames for one in window.slide([Frames(numbered(21), np.ones(21, np.float32))], 8, 4)]
    assert np.array_equal(cut.frames[: len(expected)], expected)
    assert list(cut.clips) == [0] * len(expected) + [1]


def test_at_most_so_many_windows_are_spread_over_the_clip(tmp_path):
    """The first and the last window are among those taken."""
    cut = inputs.cut(clips(tmp_path, 100), PLAIN, most=3)
    assert len(cut.frames) == 3
    assert cut.frames[0][0, 0] == 0
    assert cut.frames[-1][-1, 0] == 99
