"""The model card for people says what the card says."""

from __future__ import annotations

import dataclasses

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


def test_all_protocols_are_told_side_by_side(bundled):
    """With what makes a score too high; where there is but one, the scores above are all."""
    scores = dict(bundled.card.scores)
    one = scores["per_track"]
    judged = {"how": "5 folds", "leaky": False, "per_track": one}
    scores["protocols"] = {"kfold:5": judged}
    assert "by all protocols" not in readme.text(dataclasses.replace(bundled.card, scores=scores))
    scores["protocols"] = {"windows": judged | {"leaky": True}, "kfold:5": judged}
    text = readme.text(dataclasses.replace(bundled.card, scores=scores))
    lines = [line for line in text.splitlines() if "| 5 folds |" in line]
    assert [line.split(" |")[0] for line in lines] == ["| windows, **too high**", "| kfold:5"]
    assert all(f"{100 * one['accuracy']['value']:.1f} (" in line for line in lines)
    assert all(line.endswith(f"| {one['n']} |") for line in lines)
