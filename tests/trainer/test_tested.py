"""What was answered to each test track is kept, and tells what one run gained over another."""

from __future__ import annotations

import csv
import dataclasses
import json

import numpy as np
import pytest

from tagger import cli
from tagger.errors import OutputError, SettingsError
from tests.trainer import judged
from trainer import metrics, tested

FILE = "tracks-kfold-5.csv"


def kept(folder, answers, protocol="kfold:5"):
    """A run that gave these answers."""
    run = judged.run(folder, 0, (protocol, False))
    tested.write(run, protocol, answers)
    return run


def rows(answers, chosen):
    """Some of the answers, in this order."""
    names = [field.name for field in dataclasses.fields(answers) if field.name != "genres"]
    return dataclasses.replace(answers, **{name: getattr(answers, name)[chosen] for name in names})


def test_a_table_tells_what_was_said_of_each_track(tmp_path):
    """Its file, its genre and the one that it got, with all probabilities; any name comes back."""
    answers = judged.answers(0, n=4)
    answers.names[:3] = ['a,"b"\r\nc.mp3', "bytes \udcff.mp3", "old\rmac.mp3"]
    run = kept(tmp_path, answers)
    with (run.folder / FILE).open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        found = list(csv.DictReader(stream))
    assert [row["file"] for row in found] == list(answers.names)
    assert [row["genre"] for row in found] == [judged.GENRES[genre] for genre in answers.y_true]
    assert [row["said"] for row in found] == [judged.GENRES[genre] for genre in answers.y_pred]
    probabilities = [[float(row[genre]) for genre in judged.GENRES] for row in found]
    assert probabilities == pytest.approx(answers.y_prob, abs=1e-6)
    assert tested.gain(run, run, "kfold:5").n_tracks == 4


def test_a_gain_is_the_difference_of_the_scores(tmp_path):
    """Both ways; against itself a run gains nothing, and that for certain."""
    before, after = judged.answers(1, n=300, lean=0.5), judged.answers(1, n=300, lean=1.5)
    first, second = kept(tmp_path, before), kept(tmp_path, after)
    found, back = tested.gain(second, first, "kfold:5"), tested.gain(first, second, "kfold:5")
    for name, score in (("accuracy", metrics.accuracy), ("macro_f1", metrics.macro_f1)):
        expected = score(after.y_true, after.y_pred) - score(before.y_true, before.y_pred)
        gained = getattr(found, name)
        assert gained.value == pytest.approx(expected)
        assert 0 < gained.low < gained.value < gained.high
        assert getattr(back, name).value == pytest.approx(-expected)
        assert dataclasses.astuple(getattr(tested.gain(first, first, "kfold:5"), name)) == (0, 0, 0)


def test_the_same_tracks_make_the_interval_narrow(tmp_path):
    """A run that differs in one track of 300 gains little and surely, though each score by itself is unsure."""
    before = judged.answers(1, n=300)
    (wrong, *_) = np.flatnonzero(before.y_pred != before.y_true)
    after = dataclasses.replace(before, y_prob=before.y_prob.copy())
    after.y_prob[wrong] = np.eye(3)[before.y_true[wrong]]
    gained = tested.gain(kept(tmp_path, after), kept(tmp_path, before), "kfold:5").accuracy
    assert gained.value == pytest.approx(1 / 300)
    assert gained.low == 0
    assert gained.high < 0.02


def test_only_tracks_of_both_count_whatever_their_order(tmp_path):
    """Namesakes are told apart by their order alone; where no track is shared, nothing is gained."""
    answers = judged.answers(2, n=100)
    answers.names[:50] = "same.mp3"
    answers.groups[:50], answers.corpora[:50] = "someone", "one"
    all_of_them = kept(tmp_path, answers)
    turned = kept(tmp_path, rows(answers, np.r_[50:100, 0:50]))
    half = kept(tmp_path, rows(answers, np.arange(50, 100)))
    all_but_one = kept(tmp_path, rows(answers, np.arange(1, 100)))
    assert tested.gain(turned, all_of_them, "kfold:5").accuracy.value == 0
    assert tested.gain(turned, all_of_them, "kfold:5").n_tracks == 100
    for fewer in (half, all_but_one):  # which of the namesakes is missing, nobody knows
        found = tested.gain(fewer, all_of_them, "kfold:5")
        assert (found.n_tracks, found.accuracy.value) == (50, 0)
    stranger = dataclasses.replace(answers, names=np.array([f"x{n}" for n in range(100)], object))
    assert tested.gain(kept(tmp_path, stranger), all_of_them, "kfold:5") is None
    assert tested.gain(all_of_them, judged.run(tmp_path, 0, ("kfold:5", False)), "kfold:5") is None


HEAD = b"file,corpus,group,genre,said\n"


@pytest.mark.parametrize(
    "content",
    [b"file,corpus\na,b\n", b"\x00\xff", b"", HEAD + b"a,b,c,d\n", HEAD + b'a,b,c,d,"e\n'],
)
def test_a_damaged_table_is_named(tmp_path, content):
    """In one sentence."""
    run = kept(tmp_path, judged.answers(0))
    (run.folder / FILE).write_bytes(content)
    good = kept(tmp_path, judged.answers(0))
    with pytest.raises(SettingsError, match=f"{FILE}: damaged"):
        tested.gain(run, good, "kfold:5")


def test_a_table_that_cannot_be_written_is_an_error(tmp_path):
    """In one sentence."""
    run = dataclasses.replace(judged.run(tmp_path, 0), folder=tmp_path / "gone")
    with pytest.raises(OutputError, match="gone"):
        tested.write(run, "kfold:5", judged.answers(0))


def test_runs_side_by_side_tell_what_was_gained(capsys, tmp_path):
    """Over the first, in points, on the tracks of both; a single run gains over none."""
    first, second = kept(tmp_path, judged.answers(1, lean=0.2)), kept(tmp_path, judged.answers(1, lean=3.0))
    place = ["--runs", str(tmp_path)]
    assert cli.run(["runs", first.name, second.name, *place]) == 0
    out = capsys.readouterr().out
    gained = tested.gain(second, first, "kfold:5")
    assert f"points gained over {first.name}" in out
    assert f"{100 * gained.accuracy.value:+.1f} ({100 * gained.accuracy.low:+.1f} to" in out
    assert cli.run(["runs", first.name, *place]) == 0
    assert "gained" not in capsys.readouterr().out


def test_json_tells_what_was_gained(capsys, tmp_path):
    """On the lines of all runs but the first."""
    first, second = kept(tmp_path, judged.answers(1, lean=0.2)), kept(tmp_path, judged.answers(1, lean=3.0))
    assert cli.run(["runs", first.name, second.name, "--runs", str(tmp_path), "--json"]) == 0
    before, after = map(json.loads, capsys.readouterr().out.splitlines())
    assert "gained" not in before
    gained = tested.gain(second, first, "kfold:5")
    assert after["gained"] == {
        "over": first.name,
        "protocols": {"kfold:5": dataclasses.asdict(gained)},
    }
