"""Runs side by side show what they reached and how they differ, and leaks by name."""

from __future__ import annotations

import dataclasses

import pytest

from tagger.errors import SettingsError
from tests.trainer import judged
from trainer import comparison, runs
from trainer.recipe import Fitting, Recipe


def test_a_run_has_a_row_for_each_protocol(tmp_path):
    """With its score per track, its interval, and whether it leaks; one that was not judged has one row too."""
    run = judged.run(tmp_path, 0, ("artists", False), ("windows", True))
    rows = comparison.summaries(run)
    assert [(row["protocol"], row["leaky"], row["epochs"]) for row in rows] == [
        ("artists", False, 3),
        ("windows", True, 3),
    ]
    assert rows[1]["accuracy"]["value"] > rows[0]["accuracy"]["value"]
    (bare,) = comparison.summaries(judged.run(tmp_path, 1))
    assert (bare["protocol"], bare["accuracy"], bare["macro_f1"]) == ("artists", None, None)


def test_only_what_differs_is_told(tmp_path):
    """Numbers of the recipe by their full names, missing ones as None."""
    other = dataclasses.replace(Recipe(), fitting=Fitting(epochs=3))
    first, second = judged.run(tmp_path, 0), judged.run(tmp_path, 0, recipe=other)
    assert comparison.differences([first, second]) == {"recipe.fitting.epochs": [60, 3]}
    assert comparison.differences([first, first]) == {}


@pytest.mark.parametrize("key", comparison.SORTS)
def test_every_order_is_one(key, tmp_path):
    """Each row comes once; scores come best first, and runs without any last."""
    judged.run(tmp_path, 0)
    judged.run(tmp_path, 1, ("windows", True), ("artists", False))
    runs.create(tmp_path, dataset="", recipe="", recipe_numbers={}, protocol="tracks", seed=0)
    rows, _ = comparison.listed(tmp_path)
    ordered = comparison.ordered(rows, key)
    assert sorted(map(id, ordered)) == sorted(map(id, rows))
    if key == "accuracy":
        assert [row["leaky"] for row in ordered[:2]] == [True, False]
        assert ordered[2]["accuracy"] is None


def test_an_unknown_order_is_refused():
    """With those there are."""
    with pytest.raises(SettingsError) as caught:
        comparison.ordered([], "beauty")
    assert "macro-f1" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "3",
        '{"protocols": 3}',
        '{"protocols": null}',
        '{"protocols": {"artists": 3}}',
        '{"protocols": {"artists": {"per_track": 3}}}',
        '{"protocols": {"artists": {"per_window": [3]}}}',
        '{"protocols": {"artists": {"per_track": {"accuracy": 0.5}}}}',
        '{"protocols": {"artists": {"per_track": {"accuracy_by_corpus": []}}}}',
        '{"protocols": {"artists": {"per_track": {"accuracy_by_corpus": {"one": 3}}}}}',
        '{"protocols": {"artists": {"per_track": {"macro_f1_by_corpus": {"one": {"low": 0.5}}}}}}',
        '{"protocols": {"a": {"per_track": {"macro_f1_by_corpus": {"b": {"macro_f1": 1,"low":1,"high":1}}}}}}',
        '{"protocols": {"artists": {"per_track": {"macro_f1": {"value": 0.5, "low": "?", "high": 1}}}}}',
    ],
)
def test_damaged_scores_do_not_hide_other_runs(text, tmp_path):
    """Their run is passed over with a note in a list, and cannot be compared."""
    judged.run(tmp_path, 0, ("artists", False))
    damaged = judged.run(tmp_path, 1)
    (damaged.folder / runs.SCORES).write_text(text)
    rows, notes = comparison.listed(tmp_path)
    assert len(rows) == len(notes) == 1
    assert f"{damaged.name}/{runs.SCORES}: damaged" in notes[0]
    with pytest.raises(SettingsError, match="damaged") as caught:
        comparison.side_by_side([damaged])
    assert caught.value.hint


def test_leaks_are_named_beside_scores(tmp_path):
    """Where any of the runs compared leaks."""
    compared = [judged.run(tmp_path, 0, ("windows", True)), judged.run(tmp_path, 1, ("artists", False))]
    found = comparison.side_by_side(compared)
    assert set(found) == {
        (name, unit) for name in ("windows, LEAKED", "artists") for unit in ("per_track", "per_window")
    }
    assert found["artists", "per_track"][0] == {}
    assert found["artists", "per_track"][1]["n"] == 60


def test_where_corpora_were_left_out_each_has_its_scores():
    """By its name, for the runs that left it out; what older runs do not know is left out."""
    track = judged.scores(("corpora", False))["protocols"]["corpora"]["per_track"]
    found = comparison.by_corpus(track)
    assert set(found) == {"one", "two"}
    for name, scores in found.items():
        assert set(scores) == {"accuracy", "macro_f1"}
        assert scores["accuracy"]["value"] == track["accuracy_by_corpus"][name]["accuracy"]
    assert comparison.by_corpus({"accuracy_by_corpus": {"one": {"accuracy": 0.5, "n": 3}}}) == {"one": {}}
    assert comparison.by_corpus({}) == {}


def test_scores_are_shown_as_people_write_them():
    """Shares in per cent, areas and errors as they are, a dash for what is not known."""
    score = {"value": 0.628, "low": 0.5392, "high": 0.7}
    assert comparison.with_interval("accuracy", score) == "62.8 (53.9–70.0)"
    assert comparison.with_interval("roc_auc", score) == "0.628 (0.539–0.700)"
    assert comparison.with_interval("accuracy", None) == "–"


@pytest.mark.parametrize(("n_groups", "too_few"), [(1, True), (19, True), (20, False), (749, False)])
def test_intervals_of_few_artists_come_with_a_caution(n_groups, too_few):
    """It says how few they are; scores that do not tell are not doubted."""
    said = comparison.caution({"n_groups": n_groups})
    assert said == (f"With so few artists or source tracks ({n_groups}) the intervals are too narrow" * too_few)
    assert comparison.caution({}) == ""
