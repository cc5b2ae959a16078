"""The report holds everything in one file, says what scores are worth, and can be read by anybody."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser

import pytest

from tagger.sinks import page
from tests.trainer import judged
from trainer import chapters, report, runs
from trainer.recipe import Recipe, Reported

VOID = {"meta", "br", "img", "link", "hr", "input"}


class Checker(HTMLParser):
    """Notes what a page holds, and whether its elements are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attributes) -> None:
        """Open."""
        self.tags.append(tag)
        self.ids += [value for name, value in attributes if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes) -> None:
        """Open and close."""
        self.tags.append(tag)
        self.ids += [value for name, value in attributes if name == "id"]

    def handle_endtag(self, tag) -> None:
        """Close."""
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        """Read."""
        self.text += data


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The report of a run that was judged by three protocols."""
    reported = Reported("Somebody 2025", "GTZAN", "a random split of windows", {"accuracy": 0.942}, "windows")
    recipe = dataclasses.replace(Recipe(), reported=reported, notes=("The paper leaves the hop open",))
    protocols = (("windows", True), ("tracks", False), ("artists", False))
    run = judged.run(tmp_path_factory.mktemp("runs"), 0, *protocols, recipe=recipe)
    corpora = [{"name": "<gtzan>", "examples": 1000, "licences": {"not known": 1000}}]
    path = report.of_run(run, corpora, ["2 clips left out"])
    return path, path.read_text("utf-8")


def test_the_page_needs_nothing_else(written):
    """No script, no network, nothing beside it; whatever it links to is in it."""
    _, text = written
    assert "<script" not in text
    assert not re.findall(r'(?:src|href)="(?!#)[^"]*"', text)
    assert "@import" not in text
    assert not re.findall(r"url\((?!#)", text)


def test_the_page_is_well_formed(written):
    """Elements are closed in order, ids are unique, and every link inside leads somewhere."""
    _, text = written
    checker = Checker(text)
    assert checker.open == []
    assert len(checker.ids) == len(set(checker.ids))
    assert set(re.findall(r'(?:url\(|href=")#([^)"]+)', text)) <= set(checker.ids)


def test_tables_and_pictures_speak_to_screen_readers(written):
    """Every table has a caption and says what its headers head; every picture has a label."""
    _, text = written
    assert text.count("<table") == text.count("<caption") > 4
    assert "<th>" not in text
    assert text.count("<svg") == text.count('role="img"') == text.count("<figcaption>") > 6


def test_leaks_are_flagged_and_measured(written):
    """The leaky protocol is called so wherever it stands, and what the leak is worth is said in points."""
    _, text = written
    shown = Checker(text).text
    assert "windows: LEAKED" in shown
    assert shown.count("windows, LEAKED, per track") == 2
    points = float(re.search(r"The leak is worth \+([\d.]+) points", shown)[1])
    scores = runs.read_scores(runs.read(written[0].parent))["protocols"]
    gap = (
        scores["windows"]["per_track"]["accuracy"]["value"]
        - scores["artists"]["per_track"]["accuracy"]["value"]
    )
    assert points == pytest.approx(100 * gap, abs=0.051)


def test_further_trainings_are_drawn(tmp_path):
    """A bootstrap over training tracks and a learning curve, in the page and as files."""
    run = judged.run(tmp_path, 0, ("artists", False))
    drawn = [
        {"number": number, "share": share, "n_examples": int(100 * share), "scores": {"accuracy": share / 2}}
        for number in (1, 2)
        for share in (0.1, 0.5, 1.0)
    ]
    runs.write_scores(run, {**runs.read_scores(run), "bootstrap": drawn, "learning_curve": drawn})
    shown = report.of_run(run, [], []).read_text("utf-8")
    for name, caption in (
        ("bootstrap", "6 trainings on tracks drawn"),
        ("learning_curve", "number of training"),
    ):
        assert caption in shown
        assert (run.folder / "figures" / f"{name}.png").stat().st_size > 1000
        assert (run.folder / "figures" / f"{name}.svg").exists()


def test_everything_is_told(written):
    """The paper's figure, notes, corpora, limits, numbers and versions; names mean nothing in HTML."""
    _, text = written
    shown = Checker(text).text
    for part in (
        "Somebody 2025",
        "94.2",
        "The paper leaves the hop open",
        "2 clips left out",
        "<gtzan>",
        "R&B <live>",
        "Limits",
        "fitting.epochs",
        "version of numpy",
        "a yardstick",
        "With so few artists or source tracks (15) the intervals are too narrow. The yardstick",
        *chapters.MEANINGS["tracks"].split(". "),
    ):
        assert part in shown, part


def test_pictures_lie_beside_the_page_too(written):
    """Each as SVG and PNG."""
    path, _ = written
    names = {place.name for place in (path.parent / runs.FIGURES).iterdir()}
    for name in (
        "confusion_per_track",
        "roc_per_window",
        "reliability_per_track",
        "genres",
        "selection",
        "training",
    ):
        assert {f"{name}.svg", f"{name}.png"} <= names


def test_the_most_honest_protocol_is_the_main_one():
    """Whatever their order; unknown names are taken as the corpus' own."""
    for names, main in (
        (("windows", "tracks", "artists"), "artists"),
        (("windows", "kfold:5"), "kfold:5"),
        (("artists", "corpora"), "corpora"),
        (("all", "windows"), "windows"),
        ((), ""),
    ):
        assert chapters.main_protocol({"protocols": {name: {} for name in names}}) == main


def test_a_run_that_was_not_judged_has_a_report_too(tmp_path):
    """Its curves are shown, and that there are no scores is said."""
    text = report.of_run(judged.run(tmp_path)).read_text("utf-8")
    assert "It was not judged." in text
    assert "<svg" in text


def test_names_that_are_no_text_are_escaped():
    """Bytes that are not UTF-8, and signs that mean something in HTML."""
    assert page.text("<b>&\udcff") == "&lt;b&gt;&amp;\\udcff"
