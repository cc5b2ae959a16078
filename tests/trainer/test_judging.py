"""A model is judged on the tracks it should be, and leaks are said."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil

import numpy as np
import pytest

from tagger.cli import evaluate, runs
from tagger.errors import CorpusError, ModelError, OutputError, SettingsError
from tests.trainer import judged, material
from trainer import corpora, judging, places, sides
from trainer.progress import Quiet


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A table of twelve tracks on three sides, some of whose labels the bundled model does not know."""
    root, rng = tmp_path_factory.mktemp("table"), np.random.default_rng(4)
    labels = ("jazz+blues", "rock", "hiphop", "klezmer")
    lines = ["file,genre,artist,split"]
    for number in range(12):
        path = material.write(root / f"{number}.wav", material.GENRES[number % 3], rng, 3.5)
        side = ("train", "validation", "test")[number // 4]
        lines.append(f"{path.name},{labels[number % 4]},artist {number},{side}")
    (root / "table.csv").write_text("\n".join(lines))
    return root / "table.csv"


@pytest.fixture
def corpus(table, tmp_path):
    """The same, read."""
    return corpora.load(f"csv:{table}", data=None, cache=tmp_path)


def learned_from(bundled, corpus, protocol="official"):
    """The bundled model, as if it had learned from a corpus."""
    card = dataclasses.replace(
        bundled.card, corpora=({"name": corpus.name},), split={"protocol": protocol}, name="learned"
    )
    return dataclasses.replace(bundled, card=card)


def test_a_corpus_that_the_model_never_saw_is_judged_whole(bundled, corpus):
    """Labels become the model's genres; tracks without one are counted, and further labels are kept."""
    found = judging.judge(bundled, corpus, Quiet())
    track = found.scores["protocols"]["all"]["per_track"]
    assert (found.side, found.protocol, found.leaky) == ("all", "all", False)
    support = {genre: one["support"] for genre, one in track["per_genre"].items() if one["support"]}
    assert support == {"Jazz": 3, "Rock": 3, "Hip-Hop": 3}
    assert "3 tracks left out: no genre of the model: klezmer (3)" in found.notes
    assert track["any_label_accuracy"]["value"] >= track["accuracy"]["value"]
    assert found.scores["protocols"]["all"]["per_window"]["n"] >= 9
    assert "With so few artists or source tracks (9) the intervals are too narrow" in found.notes


def test_of_a_corpus_that_it_learned_from_only_the_test_side_is_judged(bundled, corpus):
    """Unless all is asked for, which is called a leak."""
    model = learned_from(bundled, corpus)
    found = judging.judge(model, corpus, Quiet())
    assert (found.side, found.protocol, found.leaky) == ("test", "official", False)
    assert found.scores["protocols"]["official"]["per_track"]["n"] == 3
    whole = judging.judge(model, corpus, Quiet(), side="all")
    assert whole.leaky
    assert any("too high" in note for note in whole.notes)


def test_a_model_that_learned_all_tracks_leaks_on_any_side(bundled, corpus):
    """None was left out to test it, and by itself it is judged on all."""
    card = dataclasses.replace(
        learned_from(bundled, corpus).card,
        split={"protocol": "corpora", "train": 12, "validation": 0, "test": 0},
    )
    model = dataclasses.replace(bundled, card=card)
    found = judging.judge(model, corpus, Quiet())
    assert (found.side, found.leaky) == ("all", True)
    assert judging.judge(model, corpus, Quiet(), side="test").leaky


def test_a_model_that_learned_windows_of_all_tracks_leaks_on_any_side(bundled, corpus):
    """There is no track of the corpus that it never heard."""
    assert judging.judge(learned_from(bundled, corpus, "windows"), corpus, Quiet(), side="test").leaky


def telling(bundled, side_of, folder):
    """The bundled model, as if these examples had been on these sides, drawn in a way of its own."""
    shutil.copytree(bundled.folder, folder)
    name = sides.write({one.path: side for one, side in side_of}, folder)
    card = dataclasses.replace(
        bundled.card,
        checksums={**bundled.card.checksums, name: "sha256:0"},
        split={"protocol": "kfold:5"},
        name="telling",
    )
    return dataclasses.replace(bundled, card=card, folder=folder)


def test_a_model_that_tells_its_sides_is_judged_by_them(bundled, corpus, tmp_path):
    """Whatever the corpus is called and however it would be split now; all can be asked for, as a leak."""
    known = [one for one in corpus.examples if one.labels[0] != "klezmer"]
    names = ("train", "test", "train", "test", "test", "validation", "train", "train", "train")
    model = telling(bundled, zip(known, names, strict=True), tmp_path / "model")
    found = judging.judge(model, corpus, Quiet())
    assert (found.side, found.protocol, found.leaky) == ("test", "kfold:5", False)
    assert found.scores["protocols"]["kfold:5"]["per_track"]["n"] == 3
    assert judging.judge(model, corpus, Quiet(), side="all").leaky
    nowhere = telling(bundled, [(known[0], "train")], tmp_path / "other")
    with pytest.raises(CorpusError, match="no track here was on the test side"):
        judging.judge(nowhere, corpus, Quiet())


def test_of_a_side_drawn_anew_what_made_the_model_is_left_out(bundled, corpus, tmp_path):
    """With a sentence, since artists of the rest may have been learned; a side that is all gone is refused."""
    model = telling(bundled, [(one, "train") for one in corpus.examples[:9]], tmp_path / "model")
    found = judging.judge(model, corpus, Quiet(), side="test", protocol="official")
    assert found.scores["protocols"]["official"]["per_track"]["n"] == 2
    assert any(note.startswith("1 of 3 tracks left out") and "artists" in note for note in found.notes)
    with pytest.raises(CorpusError, match="learned from all"):
        judging.judge(model, corpus, Quiet(), side="validation", protocol="official")


def test_what_cannot_be_judged_is_refused(bundled, corpus):
    """Unknown sides, protocols without a side of tracks, foreign labels, sound that nobody can hear."""
    for wrong in (
        {"side": "left"},
        {"side": "test", "protocol": "windows"},
        {"side": "test", "protocol": "kfold:5"},
        {"side": "all", "protocol": "banana"},
        {"protocol": "banana"},
    ):
        with pytest.raises(SettingsError):
            judging.judge(bundled, corpus, Quiet(), **wrong)
    foreign = [dataclasses.replace(one, labels=("klezmer",)) for one in corpus.examples]
    with pytest.raises(CorpusError, match="none of its labels"):
        judging.judge(bundled, dataclasses.replace(corpus, examples=tuple(foreign)), Quiet())
    gone = [dataclasses.replace(one, path=one.path.with_name("gone.wav")) for one in corpus.examples]
    with pytest.raises(CorpusError, match="can be heard"):
        judging.judge(bundled, dataclasses.replace(corpus, examples=tuple(gone)), Quiet())


@pytest.mark.parametrize(
    "recipe",
    [
        {"shares": [1, 2]},
        {"shares": 3},
        {"shares": [1, 1, "x"]},
        {"shares": [1, 0, 1]},
        {"seed": "x"},
        {"seed": -1},
        {"seed": None},
    ],
)
def test_a_recipe_that_does_not_tell_how_sides_were_drawn_is_refused(bundled, corpus, recipe):
    """Before anything is heard, in one sentence with a hint."""
    model = dataclasses.replace(bundled, card=dataclasses.replace(bundled.card, recipe=recipe))
    with pytest.raises(ModelError, match=f"damaged card: recipe.{next(iter(recipe))}") as caught:
        judging.judge(model, corpus, Quiet(), side="test", protocol="artists")
    assert caught.value.hint


@pytest.fixture
def stdout(capsys):
    """What was printed since it was last asked."""
    return lambda: capsys.readouterr().out


@pytest.mark.real
@pytest.mark.slow
def test_the_bundled_model_learned_the_real_music_and_says_so(bundled, music, tmp_path):
    """Judged on a fold of the labelled music it does better than its card says, and that is called a leak."""
    corpus = corpora.load(f"csv:{music / 'manifest.csv'}", data=None, cache=tmp_path)
    found = judging.judge(bundled, corpus, Quiet(), side="test")
    judged, said = found.scores["protocols"]["official"]["per_track"], bundled.card.scores["per_track"]
    assert found.leaky
    assert any("too high" in note for note in found.notes)
    assert judged["n"] > 200
    assert judged["accuracy"]["value"] > said["accuracy"]["value"]


def test_evaluate_prints_json_and_writes_a_report(table, tmp_path, stdout):
    """One object with every score, and a page with its figures."""
    evaluate.evaluate("default", f"csv:{table}", report=tmp_path / "report", as_json=True)
    row = json.loads(stdout())
    assert (row["model"], row["side"], row["protocol"]) == ("default", "all", "all")
    assert row["protocols"]["all"]["per_track"]["n"] == 9
    assert row["notes"]
    assert "default on csv:" in (tmp_path / "report" / "report.html").read_text("utf-8")
    figures = tmp_path / "report" / "figures"
    assert (figures / "confusion_per_track.png").stat().st_size > 1000
    assert {picture.stem for picture in figures.iterdir()} == set(places.OF_JUDGEMENT)
    evaluate.evaluate("default", f"csv:{table}", report=tmp_path / "report")  # tagger's own is replaced


@pytest.mark.parametrize("name", ["report.html", "figures/genres.png", "figures"])
def test_a_foreign_file_in_the_reports_place_is_not_replaced(name, table, tmp_path, stdout):
    """It stays as it is, and is refused in one sentence before anything is heard."""
    foreign = tmp_path / "page" / name
    foreign.parent.mkdir(parents=True)
    foreign.write_text("<!doctype html> of somebody else")
    with pytest.raises(OutputError, match=re.escape(str(foreign))) as caught:
        evaluate.evaluate("default", f"csv:{table}", report=tmp_path / "page")
    assert caught.value.hint
    assert foreign.read_text() == "<!doctype html> of somebody else"
    assert [place for place in (tmp_path / "page").rglob("*") if place.is_file()] == [foreign]
    assert stdout() == ""


def test_evaluate_refuses_a_protocol_before_anything_is_read():
    """Whichever side is asked for."""
    for side in ("all", ""):
        with pytest.raises(SettingsError, match="banana") as caught:
            evaluate.evaluate("nonesuch", "csv:nowhere.csv", side=side, protocol="banana")
        assert "artists" in caught.value.hint


def test_evaluate_prints_tables(table, stdout):
    """Scores per track and per window, genres, confusions."""
    evaluate.evaluate("default", f"csv:{table}")
    shown = stdout()
    for part in (
        "all (all), with 95 % intervals, too narrow",
        "per track, n = 9",
        "macro F1",
        "Jazz",
        "most frequent confusions",
    ):
        assert part in shown


def test_runs_are_listed_and_compared(tmp_path, stdout):
    """A row a protocol, leaks named; two side by side, with what differs; one by itself, with its numbers."""
    first = judged.run(tmp_path, 0, ("artists", False), ("windows", True))
    second = judged.run(tmp_path, 1, ("artists", False))
    runs.runs(place=tmp_path)
    listed = stdout()
    assert listed.count("\n") == 4
    assert listed.count("windows (LEAKED)") == 1
    runs.runs([first.name, second.name], place=tmp_path)
    compared = stdout()
    for part in ("what differs", "seed\t0\t1", "windows, LEAKED, per track"):
        assert part in compared
    runs.runs([first.name], place=tmp_path)
    assert "learning rate" in stdout()


def test_a_run_compared_with_itself_does_not_differ(tmp_path, capsys):
    """It is said, instead of a table without rows."""
    run = judged.run(tmp_path, 0, ("artists", False))
    runs.runs([run.name, run.name], place=tmp_path)
    said = capsys.readouterr()
    assert "what differs" not in said.out
    assert "nothing differs" in said.err


def test_runs_print_json(tmp_path, stdout):
    """A line a row, or a line a run with all its scores."""
    run = judged.run(tmp_path, 0, ("artists", False))
    runs.runs(place=tmp_path, as_json=True)
    runs.runs([run.name], place=tmp_path, as_json=True)
    row, whole = map(json.loads, stdout().splitlines())
    assert row["accuracy"] == whole["scores"]["protocols"]["artists"]["per_track"]["accuracy"]
    assert whole["recipe_numbers"]["window_frames"] == 128


def test_no_runs_is_no_error(tmp_path, capsys):
    """It is said, with the place."""
    runs.runs(place=tmp_path)
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"{tmp_path}: no runs yet\n")
