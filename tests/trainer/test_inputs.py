"""Windows to learn from are honest pieces of their clips; windows to be judged by are those of inference."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.errors import CorpusError
from tagger.inference import window
from tagger.inference.frontend import Frames
from trainer.data import drawing, inputs
from trainer.data.drawing import Clip
from trainer.recipe import Fitting, Recipe
from trainer.sampling import Augmentation, Sampling

PLAIN = Recipe(
    window_frames=8,
    hop_frames=4,
    sampling=Sampling(windows_per_epoch=60),
    fitting=Fitting(batch_size=6),
)
WINDOWS = dataclasses.replace(PLAIN, sampling=Sampling(mode="windows", windows_per_epoch=0))


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


def sampled(recipe, **numbers):
    """The recipe with other numbers of its sampling."""
    return dataclasses.replace(recipe, sampling=dataclasses.replace(recipe.sampling, **numbers))


def heard(supply, epoch=0):
    """How often each window comes in an epoch, by its genre and its first and last frame."""
    return Counter(
        (int(genre), float(one[0, 0]), float(one[-1, 0]))
        for batch in supply.batches(epoch)
        for genre, one in zip(batch.targets.argmax(axis=1), batch.windows, strict=True)
    )


def same(one, other):
    """Whether two batches are the same numbers."""
    return all(map(np.array_equal, dataclasses.astuple(one), dataclasses.astuple(other)))


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


@given(st.integers(1, 80), st.integers(1, 12), st.integers(1, 12))
def test_positions_are_those_of_inference(n_frames, length, hop):
    """Windows start where a stream of as many frames is cut, whatever their length and distance."""
    hop = min(hop, length)
    cut = window.slide([Frames(numbered(n_frames), np.ones(n_frames, np.float32))], length, hop)
    assert inputs.positions(n_frames, length, hop) == [int(one.frames[0, 0]) for one in cut]


def test_genres_are_drawn_alike(tmp_path):
    """Nine clips of one genre and one of another are heard equally often."""
    made = [dataclasses.replace(clip, target=int(n == 9)) for n, clip in enumerate(clips(tmp_path, *[9] * 10))]
    supply = inputs.Training(made, 2, PLAIN)
    assert list(sum(batch.targets.sum(axis=0) for batch in supply.batches(0))) == [30, 30]


def test_a_long_clip_is_not_heard_more_often(tmp_path):
    """Length does not weigh."""
    assert len(set(drawing.weights(clips(tmp_path, 8, 8, 800, 800), 0.5))) == 1


@pytest.mark.parametrize(("balance", "share"), [(0.0, 1 / 2), (0.5, 1 / 3), (1.0, 1 / 5)])
def test_corpora_are_balanced_within_a_genre(tmp_path, balance, share):
    """Four clips of one corpus and one of another: the power decides how much the one weighs."""
    made = [dataclasses.replace(clip, target=0) for clip in clips(tmp_path, *[8] * 5)]
    made[4] = dataclasses.replace(made[4], corpus="other")
    weights = drawing.weights(made, balance)
    assert weights.sum() == pytest.approx(1)
    assert weights[4] == pytest.approx(share)


def test_every_clip_is_heard_as_often_as_its_weight_says(tmp_path):
    """In each epoch no clip is forgotten: counts differ from the weights by less than one."""
    made = clips(tmp_path, *[8] * 10)
    drawn = Counter(drawing.draw(drawing.weights(made, 0.5), 60, np.random.default_rng(1)).tolist())
    assert all(abs(drawn[index] - 6) <= 1 for index in range(10))


def test_batches_are_reproducible_and_well_formed(tmp_path):
    """The same epoch gives the same batches, in any order; others differ; targets sum to one, mixed or not."""
    recipe = dataclasses.replace(PLAIN, augmentation=Augmentation(stretch=0.1, gain_db=3, mixup=0.4))
    supply, again = (inputs.Training(clips(tmp_path, 8, 20, 30, 5), 2, recipe) for _ in range(2))
    batches = list(supply.batches(3))
    assert len(batches) == supply.n_batches == 10
    assert all(same(batches[number], again.batch(3, number)) for number in reversed(range(10)))
    assert not any(same(one, other) for one, other in zip(batches, supply.batches(4), strict=True))
    for batch in batches:
        assert batch.windows.shape == (6, 8, 3)
        assert batch.windows.dtype == batch.targets.dtype == batch.weights.dtype == np.float32
        assert batch.targets.sum(axis=1) == pytest.approx(1)
        assert list(batch.weights) == [1] * 6


def test_in_mode_windows_each_comes_once_in_an_epoch(tmp_path):
    """They are those of inference, in another order each time; a rest that fills no batch waits."""
    made = clips(tmp_path, 21, 30, 8, 5)
    recipe = dataclasses.replace(WINDOWS, fitting=Fitting(batch_size=1))
    supply, cut = inputs.Training(made, 2, recipe), inputs.cut(made, recipe)
    genres = [made[index].target for index in cut.clips]
    expected = Counter(
        (genre, float(one[0, 0]), float(one[-1, 0])) for genre, one in zip(genres, cut.frames, strict=True)
    )
    assert heard(supply, 0) == heard(supply, 1) == expected
    assert not all(map(same, supply.batches(0), supply.batches(1)))
    assert inputs.Training(made, 2, WINDOWS).n_batches == len(cut.frames) // 6


@pytest.mark.parametrize("mode", ["windows", "crops"])
def test_so_many_windows_make_an_epoch(tmp_path, mode):
    """Fewer than there are, or more: then all come again, none twice more than another."""
    made = clips(tmp_path, 40, 40)  # 18 windows
    for n_windows in (6, 48):
        supply = inputs.Training(made, 2, sampled(WINDOWS, mode=mode, windows_per_epoch=n_windows))
        counts = heard(supply)
        assert sum(counts.values()) == supply.n_batches * 6 == n_windows
        if mode == "windows":
            assert max(counts.values()) - min(counts.values()) <= 1
    few = inputs.Training(made, 2, sampled(WINDOWS, mode=mode, windows_per_epoch=4))
    assert few.n_batches == 1
    assert len(few.batch(0, 0).windows) == 4


@pytest.mark.parametrize("mode", ["windows", "crops"])
def test_only_windows_that_a_clip_allows_are_learned(tmp_path, mode):
    """What is left for the other sides is never heard, neither in batches nor all at once."""
    made = [dataclasses.replace(clip, starts=(4, 20)) for clip in clips(tmp_path, 60, 60)]
    supply = inputs.Training(made, 2, sampled(WINDOWS, mode=mode, windows_per_epoch=48))
    assert set(heard(supply)) == {(genre, first, first + 7) for genre in (0, 1) for first in (4, 20)}
    assert sorted(supply.everything()[0][:, 0, 0]) == [4, 4, 20, 20]
    assert sorted(inputs.cut(made, PLAIN).frames[:, 0, 0]) == [4, 4, 20, 20]


@pytest.mark.parametrize("mode", ["windows", "crops"])
def test_batches_can_be_drawn_from_the_windows_that_inference_cuts(tmp_path, mode):
    """Each is drawn with the genre of its clip, long and short clips of a genre alike as crops."""
    made = clips(tmp_path, 21, 60, 5)  # genres 0, 1, 0
    supply = inputs.Training(made, 2, sampled(WINDOWS, mode=mode, windows_per_epoch=600))
    given, cut = supply.windows(np.arange(supply.n_windows)), inputs.cut(made, PLAIN)
    assert np.array_equal(given, cut.frames)
    drawn = [supply.drawn(0, number) for number in range(supply.n_batches)]
    numbers = np.concatenate([one.numbers for one in drawn])
    assert set(numbers.tolist()) == set(range(len(given)))
    genres = np.concatenate([one.targets for one in drawn])[:, :2].argmax(axis=1)
    assert genres.tolist() == [made[clip].target for clip in cut.clips[numbers]]
    assert same_drawn(supply.drawn(0, 1), drawn[1])
    assert not same_drawn(supply.drawn(1, 1), drawn[1])
    shares = np.bincount(cut.clips[numbers], minlength=3) / len(numbers)
    expected = [0.25, 0.5, 0.25] if mode == "crops" else np.bincount(cut.clips) / len(cut.clips)
    assert shares == pytest.approx(expected, abs=0.05)


def same_drawn(one, other):
    """Whether two batches are of the same windows, and teach the same."""
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("numbers", "targets"))


def sets(folder):
    """Clips of genre 0 with a set, of genre 1 without, and one that may be 0, 2 or 3; all of four genres."""
    first, second, third = clips(folder, 20, 20, 20)
    return [
        dataclasses.replace(first, allowed=(0, 1, 3)),
        second,
        dataclasses.replace(third, target=-1, allowed=(0, 2, 3)),
    ]


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        (Sampling(partial=True, first_share=0.6), [[0.6, 0.2, 0, 0.2], [0, 1, 0, 0], [1 / 3, 0, 1 / 3, 1 / 3]]),
        (Sampling(partial=True, first_share=1.0), [[1, 0, 0, 0], [0, 1, 0, 0], [1 / 3, 0, 1 / 3, 1 / 3]]),
        (Sampling(), [[1, 0, 0, 0], [0, 1, 0, 0]]),
    ],
)
def test_a_clip_teaches_its_set(tmp_path, sampling, expected):
    """The first genre gets its share, the others the rest alike; without sets it gets all."""
    made, recipe = sets(tmp_path)[: len(expected)], dataclasses.replace(PLAIN, sampling=sampling)
    assert np.allclose(drawing.targets(made, 4, recipe), expected)


@pytest.mark.parametrize("mixup", [0.0, 0.4])
def test_the_loss_is_told_what_sets_ask_for(tmp_path, mixup):
    """The second half of a row is what came from clips without a genre, mixed as the first half is."""
    recipe = dataclasses.replace(
        sampled(PLAIN, partial=True, partial_share=0.5),
        fitting=Fitting(batch_size=6, loss="partial"),
        augmentation=Augmentation(mixup=mixup),
    )
    batches = list(inputs.Training(sets(tmp_path), 4, recipe).batches(0))
    shares, of_sets = np.split(np.concatenate([batch.targets for batch in batches]), 2, axis=1)
    assert shares.sum(axis=1) == pytest.approx(1)
    assert (of_sets <= shares + 1e-6).all()
    assert (of_sets[:, 1] == 0).all()  # the clip without a genre excludes it
    assert of_sets.sum() == pytest.approx(30, abs=12 if mixup else 1e-3)
    if not mixup:
        assert {round(float(total), 3) for total in of_sets.sum(axis=1)} == {0, 1}
    others = dataclasses.replace(recipe, learner="wav2vec2", network="wav2vec2")
    assert drawing.targets(sets(tmp_path), 4, others).shape == (3, 4)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5])
def test_clips_without_a_genre_have_their_share_of_the_windows(tmp_path, share):
    """Whatever their number; the others share the rest as if they were alone."""
    made = sets(tmp_path)
    more = [*made, *(dataclasses.replace(made[2], corpus=corpus) for corpus in ("made", "other"))]
    weights = drawing.weights(more, 0.5, partial_share=share)
    assert weights.sum() == pytest.approx(1)
    assert weights[2:].sum() == pytest.approx(share)
    assert weights[:2] == pytest.approx((1 - share) * drawing.weights(made[:2], 0.5))
    assert weights[4] * 2**0.5 == pytest.approx(weights[2:4].sum())
    supply = inputs.Training(more, 4, sampled(PLAIN, partial=True, partial_share=share))
    n_sets = sum((batch.targets[:, 2] > 0.3).sum() for batch in supply.batches(0))
    assert n_sets == pytest.approx(60 * share, abs=1)


def test_what_is_no_music_has_its_share_and_teaches_no_genre(tmp_path):
    """Beside the share of open labels; a window of it counts as much as any other."""
    made = sets(tmp_path)
    speech = dataclasses.replace(made[1], target=drawing.BACKGROUND, allowed=(), corpus="speech")
    recipe = dataclasses.replace(
        sampled(PLAIN, partial=True, partial_share=0.2, background_share=0.3),
        fitting=Fitting(batch_size=6, loss="partial"),
    )
    assert drawing.targets([speech], 4, recipe).tolist() == [[0] * 8]
    weights = drawing.weights([*made, speech], 0.5, partial_share=0.2, background_share=0.3)
    assert weights == pytest.approx([0.25, 0.25, 0.2, 0.3])
    batches = list(inputs.Training([*made, speech], 4, recipe).batches(0))
    taught = np.concatenate([batch.targets for batch in batches])
    assert (taught == 0).all(axis=1).sum() == pytest.approx(18, abs=1)
    assert np.concatenate([batch.weights for batch in batches]) == pytest.approx(1)


def test_windows_may_stay_as_they_are(tmp_path):
    """A phase of the training may ask for windows that the augmentation leaves alone."""
    recipe = dataclasses.replace(PLAIN, augmentation=Augmentation(stretch=0.1, gain_db=30.0, mixup=0.4))
    supply, plain = (inputs.Training(clips(tmp_path, 30, 30), 2, one) for one in (recipe, PLAIN))
    assert same(supply.batch(2, 1, changed=False), plain.batch(2, 1))
    assert not same(supply.batch(2, 1), plain.batch(2, 1))


def test_models_that_learn_at_once_learn_genres_only(tmp_path):
    """A clip without a genre is in no window of `everything`, and weighs nothing in the balance of genres."""
    made = sets(tmp_path)
    recipe = sampled(WINDOWS, partial=True, class_weights=True)
    supply, alone = (inputs.Training(some, 4, recipe) for some in (made, made[:2]))
    assert all(map(np.array_equal, supply.everything(), alone.everything()))
    assert sum(heard(supply).values()) == 12  # of 12 windows in all, 4 a clip


def test_quiet_windows_are_left_out(tmp_path):
    """Frames rise by 1 dB: only windows whose last frame is within 10 dB of the clip's are learned."""
    made = clips(tmp_path, 40)
    for quiet_db, n_kept in ((0.0, 9), (10.0, 3), (1000.0, 9)):
        windows, _, _ = inputs.Training(made, 1, sampled(WINDOWS, quiet_db=quiet_db)).everything()
        assert len(windows) == n_kept
        assert not quiet_db or (windows.max(axis=(1, 2)) > 39 - quiet_db).all()


def test_short_clips_are_left_out_if_the_recipe_says_so(tmp_path):
    """Without them nothing is repeated; where nothing else is there, that is said."""
    made = clips(tmp_path, 5, 20, 7, 20)
    assert len(inputs.Training(made, 2, WINDOWS).everything()[0]) == 2 * 4 + 2
    assert len(inputs.Training(made, 2, sampled(WINDOWS, keep_short=False)).everything()[0]) == 2 * 4
    with pytest.raises(CorpusError, match="no window is left"):
        inputs.Training(made[::2], 2, sampled(WINDOWS, keep_short=False))


def test_class_weights_make_genres_count_alike(tmp_path):
    """Weights are 1 on average over all windows, and their sums over genres are equal; one unheard has none."""
    made = clips(tmp_path, 40, 12)
    supply = inputs.Training(made, 3, sampled(WINDOWS, class_weights=True))
    _, genres, weights = supply.everything()
    assert list(np.bincount(genres)) == [9, 2]
    assert weights.mean() == pytest.approx(1)
    assert weights[genres == 0].sum() == pytest.approx(weights[genres == 1].sum())
    assert weights[genres == 1][0] > 1 > weights[genres == 0][0]
    batch = supply.batch(0, 0)
    assert {(int(genre), float(weight)) for genre, weight in zip(genres, weights, strict=True)} >= {
        (int(genre), float(weight))
        for genre, weight in zip(batch.targets.argmax(axis=1), batch.weights, strict=True)
    }


def test_everything_is_unchanged(tmp_path):
    """Models that learn at once are given the windows of inference, whatever the augmentation."""
    made = clips(tmp_path, 21, 3)
    recipe = dataclasses.replace(PLAIN, augmentation=Augmentation(gain_db=9, mixup=1.0))
    windows, genres, weights = inputs.Training(made, 2, recipe).everything()
    cut = inputs.cut(made, recipe)
    assert np.array_equal(windows, cut.frames)
    assert list(genres) == [made[index].target for index in cut.clips]
    assert list(weights) == [1] * len(windows)


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
