"""Weights are chosen by what a model says of the validation tracks, and every epoch is noted."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import sklearn.metrics

from trainer import judge
from trainer.data.drawing import Clip
from trainer.learner import EpochEnd
from trainer.progress import Quiet
from trainer.recipe import Phase, Recipe

RECIPE = Recipe(window_frames=4, hop_frames=4, validation_windows=100)
N_GENRES = 3
LENGTHS = (16, 4, 8, 40, 3, 12)
"""Of the clips, in frames; their genres are 0, 1, 2 and again."""


class Telling:
    """Says of a window what its first frame holds.

    Attributes:
        strength: What it says is multiplied by this.
        asked: Number of windows in each question.
    """

    def __init__(self, strength=1.0):
        self.strength, self.asked = strength, []

    def outputs(self, windows):
        """See `Learner.outputs`."""
        self.asked.append(len(windows))
        return {"logits": self.strength * windows[:, 0]}


class Listening(Quiet):
    """Remembers every epoch."""

    def __init__(self):
        self.epochs = []

    def epoch(self, epoch):
        """Remember."""
        self.epochs.append(epoch)


@pytest.fixture
def clips(tmp_path, rng):
    """Clips whose windows say logits that lean towards their genre, more or less."""
    made = []
    for index, length in enumerate(LENGTHS):
        values = rng.normal(size=(length, N_GENRES)) + 0.8 * np.eye(N_GENRES)[index % N_GENRES]
        np.save(tmp_path / f"{index}.npy", values.astype(np.float16))
        made.append(Clip(tmp_path / f"{index}.npy", index % N_GENRES, "made", f"artist{index}"))
    return made


def end(number, loss=1.0):
    """The end of an epoch."""
    return EpochEnd(number, loss, 1e-3 / number, 2.0)


def validation(clips, folder, learner=None, progress=None, recipe=RECIPE, **fitting):
    """A judge whose log lies in a folder."""
    recipe = dataclasses.replace(recipe, fitting=dataclasses.replace(recipe.fitting, **fitting))
    return judge.Validation(learner or Telling(), clips, recipe, progress or Quiet(), folder / "log.jsonl")


def answers(clips, strength=1.0):
    """Logits of all windows as the model gives them, and the clip of each."""
    starts = [range(0, max(1, length - 3), 4) for length in LENGTHS]
    logits = [np.load(clip.file)[list(own)] for clip, own in zip(clips, starts, strict=True)]
    return strength * np.concatenate(logits).astype(np.float32), np.repeat(range(6), list(map(len, starts)))


def test_an_epoch_is_judged_by_tracks(clips, tmp_path):
    """Accuracy and macro F1 are those of the mean probabilities of tracks, after the best temperature."""
    progress = Listening()
    score = validation(clips, tmp_path, progress=progress)(end(1))
    (epoch,) = progress.epochs
    logits, owners = answers(clips)
    y_true = [clip.target for clip in clips]
    losses = []
    for temperature in np.geomspace(0.05, 20, 400):
        y_prob = np.exp(logits / temperature)
        y_prob /= y_prob.sum(axis=1, keepdims=True)
        of_tracks = np.stack([y_prob[owners == clip].mean(axis=0) for clip in range(6)])
        losses.append((sklearn.metrics.log_loss(y_true, of_tracks), of_tracks.argmax(axis=1)))
    loss, y_pred = min(losses, key=lambda pair: pair[0])
    assert epoch.validation_loss == pytest.approx(loss, abs=1e-3)
    assert epoch.validation_accuracy == pytest.approx(sklearn.metrics.accuracy_score(y_true, y_pred))
    assert epoch.validation_macro_f1 == pytest.approx(sklearn.metrics.f1_score(y_true, y_pred, average="macro"))
    assert score == epoch.score == -epoch.validation_loss


@pytest.mark.parametrize("monitor", ["cross_entropy", "accuracy", "macro_precision"])
def test_other_scores_are_those_of_windows(clips, tmp_path, monitor):
    """As the model says them, without temperature; a higher score is better."""
    logits, owners = answers(clips, strength=2.0)
    y_true, y_pred = owners % N_GENRES, logits.argmax(axis=1)
    y_prob = np.exp(logits.astype(float))
    y_prob /= y_prob.sum(axis=1, keepdims=True)
    expected = {
        "cross_entropy": -sklearn.metrics.log_loss(y_true, y_prob),
        "accuracy": sklearn.metrics.accuracy_score(y_true, y_pred),
        "macro_precision": sklearn.metrics.precision_score(y_true, y_pred, average="macro", zero_division=0),
    }
    score = validation(clips, tmp_path, Telling(2.0), monitor=monitor)(end(1))
    assert score == pytest.approx(expected[monitor], abs=1e-3)


def test_logits_of_any_size_have_a_score(clips, tmp_path):
    """Nothing overflows where a model is very sure."""
    assert np.isfinite(validation(clips, tmp_path, Telling(1e4), monitor="cross_entropy")(end(1)))


def test_every_epoch_is_told_and_logged(clips, tmp_path):
    """One line of JSON each, with what the progress was told; the epochs of all phases are counted."""
    progress, learner = Listening(), Telling(0.5)
    judged = validation(clips, tmp_path, learner, progress, phases=(Phase(3, 1e-3), Phase(4, 1e-4)))
    assert judged.best_epoch == 0
    for number, strength in enumerate((1.0, 0.0, 5.0), 1):
        learner.strength = strength
        judged(end(number, loss=1 / number))
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text("utf-8").splitlines()]
    assert lines == [dataclasses.asdict(epoch) for epoch in progress.epochs]
    assert [(line["number"], line["of"], line["loss"]) for line in lines] == [
        (1, 7, 1),
        (2, 7, 1 / 2),
        (3, 7, 1 / 3),
    ]
    assert [line["learning_rate"] for line in lines] == [1e-3, 1e-3 / 2, 1e-3 / 3]


TOLD = (0.0, 3.0, 3.0, 1.0, -1.0)
"""Strengths; by cross-entropy of windows the fourth is best."""


@pytest.mark.parametrize("n_before", range(6))
@pytest.mark.parametrize("monitor", ["cross_entropy", "accuracy"])
def test_the_best_epoch_is_the_first_with_the_best_score(clips, tmp_path, n_before, monitor):
    """A run that goes on after any epoch knows the best one as if it had never stopped; ties do not count."""
    learner, scores, best = Telling(), [], []
    judged = validation(clips, tmp_path, learner, monitor=monitor)
    for number, strength in enumerate(TOLD, 1):
        if number == n_before + 1:
            judged = validation(clips, tmp_path, learner, monitor=monitor)
        learner.strength = strength
        scores.append(judged(end(number)))
        best.append(judged.best_epoch)
    assert best == [1 + int(np.argmax(scores[:number])) for number in range(1, 6)]
    assert validation(clips, tmp_path, learner, monitor=monitor).best_epoch == best[-1]


def test_an_epoch_that_is_done_again_is_the_best_again(clips, tmp_path):
    """It was logged before its weights were kept: the later line says the same."""
    first, again = Listening(), Listening()
    validation(clips, tmp_path, progress=first)(end(1))
    judged = validation(clips, tmp_path, progress=again)
    judged(end(1))
    assert first.epochs == again.epochs
    assert first.epochs[0].best
    assert judged.best_epoch == 1


def test_a_log_that_a_crash_cut_off_does_not_matter(clips, tmp_path):
    """The torn line is passed over."""
    validation(clips, tmp_path)(end(1))
    with (tmp_path / "log.jsonl").open("a") as log:
        log.write('{"number": 2, "sco')
    assert validation(clips, tmp_path).best_epoch == 1


@pytest.mark.parametrize(
    ("most", "counts"), [(100, [4, 1, 2, 10, 1, 3]), (2, [2, 1, 2, 2, 1, 2]), (1, [1] * 6)]
)
def test_long_tracks_are_judged_by_some_of_their_windows(clips, tmp_path, most, counts):
    """By no more than the recipe says."""
    learner = Telling()
    recipe = dataclasses.replace(RECIPE, validation_windows=most)
    validation(clips, tmp_path, learner, recipe=recipe)(end(1))
    assert sum(learner.asked) == sum(counts)


def test_many_clips_are_answered_in_parts(clips):
    """Windows, and the clips they are of, are in the order of the clips, however many these are."""
    many = clips * 100
    learner = Telling()
    logits, owners = judge.answered(learner, many, RECIPE)
    expected, of_six = answers(clips)
    assert len(learner.asked) > 1
    assert np.array_equal(logits, np.tile(expected, (100, 1)))
    assert np.array_equal(owners, np.concatenate([of_six + 6 * number for number in range(100)]))


def test_the_targets_of_clips_are_theirs(clips):
    """In order, as whole numbers."""
    found = judge.targets(clips)
    assert found.tolist() == [0, 1, 2, 0, 1, 2]
    assert found.dtype == np.intp
    assert judge.targets([]).shape == (0,)
