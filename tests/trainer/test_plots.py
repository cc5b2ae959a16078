"""Pictures show all they are given, in files that need nothing else."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from tagger.errors import OutputError
from tests.trainer import judged
from trainer import evaluate, plots

SAID = judged.answers(0)
SCORES = evaluate.of_answers(SAID)
CURVES = evaluate.curves(SAID)
EPOCHS = [{"number": n, "loss": 1.0 / n, "learning_rate": 10.0**-n, "best": n == 2} for n in (1, 2, 3)]

FIGURES = {
    "confusion": lambda: plots.confusion_matrix(SCORES["confusion_matrix"], judged.GENRES, "a title"),
    "roc": lambda: plots.roc_curves(CURVES["roc"], "a title"),
    "reliability": lambda: plots.reliability(CURVES["reliability"], "a title"),
    "genres": lambda: plots.per_genre(SCORES["per_genre"], "a title"),
    "selection": lambda: plots.selection(CURVES["selection"], "a title"),
    "training": lambda: plots.training_curves(EPOCHS, "a title"),
    "learning": lambda: plots.learning_curve([{"n": 9, "median": 0.5}, {"n": 3, "median": 0.4}], "a title"),
    "box": lambda: plots.bootstrap_box({"A": [0.5, 0.6, 0.7], "B": [0.1, 0.2, 0.3]}, "a title"),
}
NAMING_GENRES = ("confusion", "roc", "genres")


@pytest.mark.parametrize("name", FIGURES)
def test_a_picture_is_written_twice_and_the_same_each_time(name, tmp_path):
    """As SVG and PNG; the same data gives the same bytes."""
    for folder in ("one", "two"):
        plots.save(FIGURES[name](), tmp_path / folder, name)
    first, second = ({p.name: p.read_bytes() for p in (tmp_path / f).iterdir()} for f in ("one", "two"))
    assert set(first) == {f"{name}.svg", f"{name}.png"}
    assert first == second
    assert first[f"{name}.png"].startswith(b"\x89PNG")


@pytest.mark.parametrize("name", FIGURES)
def test_an_element_is_whole_and_says_what_it_shows(name):
    """It is well formed, has a label for screen readers, and ids that no other picture of the page has."""
    element = plots.svg(FIGURES[name](), "first", 'a "picture" <of> R&B')
    root = ElementTree.fromstring(element)
    assert root.get("aria-label") == 'a "picture" <of> R&B'
    ids = {one.get("id") for one in root.iter()} - {None}
    assert ids
    assert all(one.startswith("first-") for one in ids)
    assert "a title" in "".join(root.itertext())
    assert "<image" not in element


@pytest.mark.parametrize("name", NAMING_GENRES)
def test_no_genre_is_left_out(name):
    """Every name stands in the picture, in full."""
    text = "".join(ElementTree.fromstring(plots.svg(FIGURES[name](), "x", "")).itertext())
    for genre in judged.GENRES:
        assert genre in text


@pytest.mark.parametrize("name", FIGURES)
def test_nothing_is_drawn_outside_the_picture(name):
    """All that is drawn lies on the paper, to a pixel."""
    figure = FIGURES[name]()
    figure.draw_without_rendering()
    inside, paper = figure.get_tightbbox().extents, [0, 0, *figure.get_size_inches()]
    assert (inside[:2] >= -0.02).all()
    assert (inside[2:] <= [side + 0.02 for side in paper[2:]]).all()


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    """Our own error, with the path."""
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file"):
        plots.save(FIGURES["box"](), tmp_path / "file", "box")


def test_matplotlib_is_loaded_to_draw_only():
    """Importing the module does not load it, and drawing opens no window's library."""
    program = (
        "import sys; from trainer import plots; first = 'matplotlib' in sys.modules;"
        "plots.learning_curve([{'n': 3, 'median': 0.4}], 't'); print(first, 'matplotlib.pyplot' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "False"]
