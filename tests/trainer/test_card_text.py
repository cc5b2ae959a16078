"""The model card for people says what the card says."""

from __future__ import annotations

import dataclasses

from tagger import pipeline
from tagger.inference import artefact
from trainer import readme
from trainer.recipe import Ablation


def test_what_ingredients_are_worth_is_a_table(bundled):
    """One row for each, in points with signs; without any there is no such chapter."""
    recipe = {name: value for name, value in bundled.card.recipe.items() if name != "ablations"}
    assert "## Ingredients" not in readme.text(dataclasses.replace(bundled.card, recipe=recipe))
    one = Ablation("a head of its own", "--set a.b=0", "corpora", (0.012, -0.003, 0.0249), (-0.02, -0.03, 0.0))
    recipe["ablations"] = [dataclasses.asdict(one)]
    text = readme.text(dataclasses.replace(bundled.card, recipe=recipe))
    row = "| a head of its own | `--set a.b=0` | corpora | +1.2 (−0.3 to +2.5) | −2.0 (−3.0 to +0.0) |"
    assert row in text.split("## Ingredients")[1].split("## Data")[0]


def test_a_model_can_be_used_wherever_its_folder_lies(bundled, tmp_path):
    """The command names the folder; the model's name is known only in a folder of models."""
    text = readme.text(dataclasses.replace(bundled.card, name="of-mine"))
    assert "`tagger scan --model FOLDER PATH`, where FOLDER is the path of this folder" in text
    assert "--model of-mine" not in text
    elsewhere = tmp_path / "elsewhere"
    elsewhere.symlink_to(bundled.folder)
    assert artefact.find(str(elsewhere), pipeline.model_folders()) == elsewhere
    listed = {model["name"] for model in pipeline.installed_models()}
    assert listed == {"accurate", "default"}
    assert artefact.find("default", pipeline.model_folders()) == bundled.folder


def test_the_bundled_models_text_is_its_cards(bundled):
    """What people read beside the model was made from what it says of itself."""
    assert (bundled.folder / "README.md").read_text("utf-8") == readme.text(bundled.card)


def test_all_protocols_are_told_side_by_side(bundled):
    """With what makes a score too high; where there is but one, the scores above are all."""
    scores = dict(bundled.card.scores)
    one = scores["per_track"]
    judged = {"leaky": False, "leaked": 0, "per_track": one}
    scores["protocols"] = {"kfold:5": judged}
    assert "by all protocols" not in readme.text(dataclasses.replace(bundled.card, scores=scores))
    leaky, leaked = judged | {"leaky": True}, judged | {"leaky": True, "leaked": 4}
    scores["protocols"] = {"windows": leaky, "kfold:5": leaked, "corpora": judged}
    text = readme.text(dataclasses.replace(bundled.card, scores=scores)).split("by all protocols")[1]
    lines = text.split("\n\n")[1].splitlines()[2:]
    assert [line.split(" |")[0] for line in lines] == [
        "| windows (**too high**: it learned from the same tracks)",
        "| kfold:5 (**4 of the tracks are on another side as well**)",
        "| corpora",
    ]
    assert all(f"{100 * one['accuracy']['value']:.1f} (" in line for line in lines)
    assert all(line.endswith(f"| {one['n']} |") for line in lines)


def test_intervals_of_few_artists_are_called_too_narrow(bundled):
    """Beside them; those of the bundled model rest on many."""
    narrow = "(19) the intervals are too narrow.**"
    per_track = {**bundled.card.scores["per_track"], "n_groups": 19}
    card = dataclasses.replace(bundled.card, scores={**bundled.card.scores, "per_track": per_track})
    assert narrow in readme.text(card).split("## Scores")[1].split("|")[0]
    assert "too narrow" not in readme.text(bundled.card)
