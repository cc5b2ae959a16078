"""What a model is judged by is what its users get."""

from __future__ import annotations

import numpy as np
import pytest

from tests.trainer import judged, material
from trainer import answers, evaluate, metrics
from trainer.answers import Truth


@pytest.fixture(scope="module")
def truths(tmp_path_factory):
    """Twelve short tracks of three artists, and two files that there is no verdict on."""
    root, rng = tmp_path_factory.mktemp("tracks"), np.random.default_rng(2)
    found = [
        Truth(
            material.write(root / f"{n}.wav", material.GENRES[n % 3], rng, 3.0 + n),
            n % 3,
            f"a{n % 4}",
            "c",
            (5,),
        )
        for n in range(12)
    ]
    (root / "broken.wav").write_bytes(b"RIFF")
    (root / "silent.wav").write_bytes(
        material.write(root / "x.wav", "tones", rng).read_bytes()[:44] + bytes(99_000)
    )
    return [*found, *(Truth(root / name, 0, "a", "c") for name in ("broken.wav", "silent.wav"))]


@pytest.fixture(scope="module")
def heard(bundled, truths):
    """What the bundled model says of them."""
    return answers.of_model(bundled, truths, jobs=2)


def test_a_track_is_judged_by_the_verdict_that_users_get(bundled, truths, heard):
    """Row by row the probabilities are those of the verdicts, and the truth is its own."""
    said = answers.verdicts(bundled, [truth.path for truth in truths])
    assert list(heard.tracks.names) == [f"{n}.wav" for n in range(12)]
    assert list(heard.tracks.y_true) == [n % 3 for n in range(12)]
    for row, truth in zip(heard.tracks.y_prob, truths, strict=False):
        expected = {score.genre: score.probability for score in said[truth.path].scores}
        assert row == pytest.approx([expected[genre] for genre in bundled.card.genres], abs=1e-6)
        assert said[truth.path].scores[0].genre == bundled.card.genres[row.argmax()]


def test_the_verdicts_come_from_the_windows(bundled, truths, heard):
    """Voting on the windows gives the tracks again, and each track has as many as its verdict counted."""
    said = answers.verdicts(bundled, [truth.path for truth in truths])
    voted = answers.voted(heard.windows)
    assert list(voted.names) == list(heard.tracks.names)
    assert voted.y_prob == pytest.approx(heard.tracks.y_prob, abs=1e-6)
    for name in ("y_true", "groups", "corpora", "accepted"):
        assert (getattr(voted, name) == getattr(heard.tracks, name)).all()
    counts = {truth.path.name: (heard.windows.names == truth.path.name).sum() for truth in truths}
    assert {path.name: verdict.n_windows for path, verdict in said.items()} == {
        k: n for k, n in counts.items() if n
    }


def test_tracks_without_a_verdict_are_told(heard):
    """With the reason, and they are in no score."""
    assert sorted(one.track.path.name for one in heard.without) == ["broken.wav", "silent.wav"]
    assert all(one.reason for one in heard.without)
    assert not {"broken.wav", "silent.wav"} & set(heard.windows.names)


def test_progress_counts_tracks_and_their_windows(bundled, truths):
    """Once when there is a verdict or none, once when the windows are there."""
    calls = []
    answers.of_model(bundled, truths[:3], on_track=lambda: calls.append(1))
    assert len(calls) == 6


def test_folds_are_joined_row_by_row():
    """Nothing is lost, and the scores are those of all rows."""
    first, second = judged.answers(1), judged.answers(2, n=40)
    both = answers.joined([first, second])
    assert len(both) == 100
    expected = (
        metrics.accuracy(first.y_true, first.y_pred) * 60 + metrics.accuracy(second.y_true, second.y_pred) * 40
    )
    assert evaluate.of_answers(both)["accuracy"]["value"] == pytest.approx(expected / 100)
    assert list(both.names[60:]) == list(second.names)


def test_no_answers_are_answers_too():
    """No track, no rows."""
    assert len(answers.together(judged.GENRES, [], [])) == 0
