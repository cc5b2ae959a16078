"""What a user asks for is done as asked, survives a crash, and is known afterwards."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from tagger.errors import CorpusError, SettingsError
from tagger.inference import artefact as artefacts
from tests.trainer import material
from trainer import documents, orders, recipes, runs, summary
from trainer.orders import Order
from trainer.progress import Quiet

NEIGHBOURS = ("learner=classical", "network=knn", "min_examples=3", "min_groups=3")
"""What makes the recipe cnn one that learns in no time."""


class Watching(Quiet):
    """Remembers what it is told, and stops the run at a stage or an epoch."""

    def __init__(self, at=None, stopped_by=KeyboardInterrupt):
        self.epochs, self.said = [], []
        self._at, self._stopped_by = at, stopped_by

    def stage(self, name, total=0):
        """Perhaps stop."""
        if name == self._at:
            raise self._stopped_by

    def epoch(self, epoch):
        """Remember, and perhaps stop."""
        self.epochs.append(epoch.number)
        if epoch.number == self._at:
            raise self._stopped_by

    def say(self, message):
        """Remember."""
        self.said.append(message)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home for all tests here, so that clips are heard once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _one_home(home, monkeypatch):
    monkeypatch.setenv("TAGGER_HOME", str(home))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Three genres that no one can confuse."""
    return f"folder:{material.folder(tmp_path_factory.mktemp('music'), np.random.default_rng(5), n_clips=10)}"


def carried_out(order, place, progress=None):
    """What an order gives, and its run."""
    trained = orders.carry_out(order, orders.corpus(order), place, progress or Quiet())
    return trained, only_run(place)


def only_run(place):
    """The one run in a folder, as it is written there."""
    (run,) = runs.find_all(place)[0]
    return run


def begun(order, place):
    """A run of an order that has got no further than its start."""
    return orders._begun(order, orders.chosen(order), Path("out"), place)


@pytest.mark.parametrize(
    "order",
    [
        Order("gtzan"),
        Order(
            "csv:music.csv", Path("/data"), "li2025-vgg16", "all", Path("/out"), True, True, 3, 7, "none", True
        ),
        Order(
            "folder:x",
            changes=("fitting.batch_size=5", 'genres=["Jazz", "Folk"]'),
            bootstrap=2,
            learning_curve=1,
        ),
    ],
    ids=["plain", "everything", "changes"],
)
def test_an_order_survives_json(order, tmp_path):
    """The order of a run that goes on is the one that was given, and so is its recipe."""
    run = begun(order, tmp_path)
    again, found = orders.resumed(run.name, tmp_path)
    assert (again, found) == (order, runs.read(run.folder))
    assert orders.chosen(again) == orders.chosen(order)


def test_an_order_can_go_on_from_elsewhere(tmp_path, monkeypatch):
    """Paths that were given relative to the folder of that time are absolute in it."""
    monkeypatch.chdir(tmp_path)
    run = begun(Order("gtzan", Path("data"), out=Path("out/model")), tmp_path / "runs")
    monkeypatch.chdir("/")
    order, _ = orders.resumed(run.name, tmp_path / "runs")
    assert (order.data, order.out) == (tmp_path / "data", tmp_path / "out" / "model")


def test_a_run_that_was_begun_with_an_idle_folder_goes_on(tmp_path):
    """Such a folder was taken once, and nobody looked into it."""
    run = begun(Order("folder:x", Path("/data")), tmp_path)
    assert orders.resumed(run.name, tmp_path)[0] == Order("folder:x")


def test_options_change_their_numbers_only():
    """Seed, epochs, weights, smoke and changes; epochs are those of every phase."""
    plain = recipes.find("vukotic2025-resnet50v2-transfer")
    made = orders.chosen(Order("x", recipe=plain.name, seed=9, epochs=2, weights="none"))
    assert made.seed == 9
    assert [phase.epochs for phase in made.fitting.phases] == [2] * len(plain.fitting.phases)
    assert made.network_parameters == {**plain.network_parameters, "weights": "none"}
    phases = tuple(
        dataclasses.replace(one, epochs=old.epochs)
        for one, old in zip(made.fitting.phases, plain.fitting.phases, strict=True)
    )
    fitting = dataclasses.replace(made.fitting, epochs=plain.fitting.epochs, phases=phases)
    parameters = plain.network_parameters
    assert dataclasses.replace(made, seed=plain.seed, fitting=fitting, network_parameters=parameters) == plain
    assert orders.chosen(Order("x", smoke=True, epochs=3)).fitting.epochs == 3
    default = recipes.find("default")
    assert orders.chosen(Order("x", smoke=True)) == dataclasses.replace(default.smoke(), ablations=())
    assert orders.chosen(Order("x", changes=("threshold=0.7",))).threshold == 0.7


def test_what_ingredients_are_worth_is_told_of_the_recipe_as_it_is_alone():
    """Other numbers were not measured."""
    assert orders.chosen(Order("x")) == recipes.find("default")
    assert orders.chosen(Order("x")).ablations
    assert orders.chosen(Order("x", changes=("threshold=0.7",))).ablations == ()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("li2025-knn", "fitting.inner_folds=3"),
        ("li2025-knn", "network_parameters.n_neighbors=3"),
        ("li2025-xgboost", "sampling.class_weights=true"),
        ("li2025-knn", "sampling.keep_short=false"),
        ("li2025-random-forest", "sampling.quiet_db=20"),
        ("li2025-wav2vec2", "augmentation.mixup=0.1"),
        ("li2025-wav2vec2", "sampling.first_share=0.5"),
        ("cnn", "quantise=int8"),
        ("cnn", "fitting.loss=partial"),
    ],
)
def test_numbers_that_a_learner_uses_can_be_changed(name, change):
    """Whatever others of their group are refused, at full size and made small."""
    for smoke in (False, True):
        assert orders.chosen(Order("x", recipe=name, smoke=smoke, changes=(change,)))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        *(
            (name, f"sampling.{one}")
            for name in ("li2025-knn", "li2025-xgboost")
            for one in (
                "mode=crops",
                "windows_per_epoch=7",
                "corpus_balance=0",
                "partial=true",
                "first_share=0.5",
                "partial_share=0.3",
                "background_share=0",
                "made_sounds=3",
            )
        ),
        ("li2025-knn", "sampling.class_weights=true"),
        ("li2025-wav2vec2", "sampling.made_sounds=3"),
    ],
)
def test_windows_that_a_learner_would_not_draw_are_refused(name, change):
    """The number is named; what learns from all windows at once draws none."""
    with pytest.raises(SettingsError, match=f"{name} learns with does not use {change.partition('=')[0]}"):
        orders.chosen(Order("x", recipe=name, changes=(change,)))


def test_weights_are_refused_by_recipes_that_know_none():
    """In a sentence that names the recipe."""
    with pytest.raises(SettingsError, match="--weights: cnn begins with random weights"):
        orders.chosen(Order("x", recipe="cnn", weights="imagenet"))


def test_random_weights_are_asked_of_any_recipe():
    """Of one that knows others it takes random ones; `none` of one that has no others changes nothing."""
    backbone = orders.chosen(Order("x", recipe="vukotic2025-resnet50v2-transfer", weights="none"))
    assert backbone.network_parameters["weights"] == "none"
    cnn = Order("x", recipe="cnn")
    assert orders.chosen(dataclasses.replace(cnn, weights="none")) == orders.chosen(cnn)


@pytest.mark.parametrize(
    "order",
    [
        Order("x", seed=2**32),
        Order("x", changes=("fitting.batch_size=0",)),
        Order("x", changes=("network=foo",)),
        Order("x", recipe="cnn", smoke=True, changes=("window_frames=10",)),
    ],
)
def test_a_recipe_that_makes_no_sense_is_no_order(order):
    """Whichever option it comes from."""
    with pytest.raises(SettingsError):
        orders.chosen(order)


@pytest.mark.parametrize("protocol", ["albums", "kfold", "kfold:2", "kfold:N", "artists:3", "windows,albums"])
def test_a_bad_protocol_is_refused_before_its_corpus_is_looked_for(protocol, dataset, tmp_path):
    """And leaves no run where the corpus is there; of several protocols the bad one is named."""
    bad = protocol.rpartition(",")[2]
    with pytest.raises(SettingsError, match=f"^{bad}: no "):
        orders.corpus(Order("folder:/nowhere", protocol=protocol))
    found = orders.corpus(Order(dataset))
    with pytest.raises(SettingsError, match=f"^{bad}: no "):
        orders.carry_out(Order(dataset, protocol=protocol), found, tmp_path / "runs", Quiet())
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "protocol", ["", "all", "artists", "tracks", "windows", "official", "kfold:3", "corpora", "windows,tracks"]
)
def test_every_protocol_can_be_ordered(protocol, dataset):
    """Those of `splits`, any number of folds from 3, all, and several at once."""
    assert orders.corpus(Order(dataset, protocol=protocol)).examples


def test_a_bad_recipe_is_refused_before_its_corpus_is_looked_for():
    """So that nobody waits for an archive to be unpacked; then the corpus is looked for."""
    with pytest.raises(SettingsError, match="no such recipe"):
        orders.corpus(Order("folder:/nowhere", recipe="nonesuch"))
    with pytest.raises(CorpusError, match="no such folder"):
        orders.corpus(Order("folder:/nowhere"))


def test_sounds_of_no_music_are_looked_for_beside_the_dataset(dataset, tmp_path):
    """Those of a folder, in order; a recipe that would ignore them refuses them, as a folder without any is."""
    (tmp_path / "talk").mkdir()
    order = Order(dataset, background=tmp_path / "talk")
    with pytest.raises(CorpusError, match="talk: no audio files"):
        orders.corpus(order)
    rng = np.random.default_rng(2)
    songs = [material.write(tmp_path / "talk" / f"{name}.wav", "noise", rng) for name in "ba"]
    assert orders.corpus(order).background == tuple(sorted(songs))
    assert orders.corpus(Order(dataset)).background == ()
    with pytest.raises(CorpusError, match="nowhere: no such folder"):
        orders.corpus(Order(dataset, background=tmp_path / "nowhere"))
    with pytest.raises(SettingsError, match="--background: cnn learns nothing from what is no music"):
        orders.corpus(dataclasses.replace(order, recipe="cnn"))
    run = begun(order, tmp_path / "runs")
    assert orders.resumed(run.name, tmp_path / "runs")[0] == order


@pytest.fixture(scope="module")
def finished(dataset, home, tmp_path_factory):
    """An order that was carried out, what it gave, its run, and what was said."""
    place, progress = tmp_path_factory.mktemp("finished"), Watching()
    order = Order(dataset, recipe="cnn", protocol="all", changes=NEIGHBOURS, bootstrap=2, seed=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAGGER_HOME", str(home))
        return (order, *carried_out(order, place, progress), progress.said)


def test_a_finished_run_is_whole(finished, home):
    """It knows what was asked for; scores, log and report are in its folder, the model in the user's own."""
    order, trained, run, said = finished
    assert (run.status, run.problem, run.protocol, run.seed) == ("finished", "", "all", 4)
    assert run.order == json.loads(json.dumps(order.as_dict()))
    numbers = json.loads(json.dumps(orders.chosen(order).as_dict()))
    del numbers["ablations"]
    assert run.recipe_numbers == numbers
    assert run.backend == "scikit-learn or XGBoost"
    assert trained.folder == Path(run.model)
    assert trained.folder.is_relative_to(home)
    assert artefacts.load(trained.folder).card.split["protocol"] == "artists"
    assert list(runs.read_scores(run)["protocols"]) == list(orders.ALL_PROTOCOLS)
    assert [one["number"] for one in runs.read_scores(run)["bootstrap"]] == [1, 2]
    assert runs.epochs(run)
    assert (run.folder / runs.REPORT).is_file()
    assert said[0] == f"run folder: {run.folder}"
    assert said[-1] == f"report: {run.folder / runs.REPORT}"


def test_the_summary_tells_honest_scores_from_leaky_ones(finished):
    """A line for each protocol, the leaky one marked, the yardstick, a caution, and how to use the model."""
    _, trained, _, _ = finished
    leaky, tracks, artists, yardstick, few, use = summary.of_run(trained)
    assert leaky.startswith("windows: accuracy ")
    assert "LEAKY" in leaky
    assert not any("LEAKY" in line for line in (tracks, artists, yardstick))
    assert yardstick.startswith("yardstick, logistic regression")
    assert "intervals are too narrow" in few
    assert str(trained.folder) in use


def test_a_finished_run_does_not_go_on(finished):
    """In one sentence, with where to look."""
    run = finished[2]
    with pytest.raises(SettingsError, match="it is finished") as caught:
        orders.resumed(run.name, run.folder.parent)
    assert "tagger runs" in caught.value.hint


@pytest.mark.parametrize(
    ("stopped_by", "status", "problem"),
    [
        (KeyboardInterrupt(), "interrupted", ""),
        (OSError("no power"), "failed", "OSError('no power')"),
        (CorpusError("no music", hint="buy some"), "failed", "no music"),
        (SystemExit(), "interrupted", ""),
    ],
    ids=["Ctrl-C", "crash", "error of ours", "killed"],
)
def test_a_run_that_stops_says_how_and_can_go_on(dataset, tmp_path, stopped_by, status, problem):
    """What stopped it is passed on and noted; the run that goes on finishes in the same folder."""
    order = Order(dataset, recipe="cnn", out=tmp_path / "model", changes=NEIGHBOURS)
    watching = Watching("Training", stopped_by)
    with pytest.raises(type(stopped_by)):
        carried_out(order, tmp_path / "runs", watching)
    run = only_run(tmp_path / "runs")
    told = f"`--resume {run.folder}` goes on with it"
    assert (told in watching.said) == isinstance(stopped_by, KeyboardInterrupt)
    assert (run.status, run.problem) == (status, problem)
    assert (run.finished is None) == isinstance(stopped_by, SystemExit)  # who is killed can note nothing
    assert not (tmp_path / "model").exists()
    again, run = orders.resumed(run.name, tmp_path / "runs")
    made = orders.carry_out(again, orders.corpus(again), tmp_path / "runs", Quiet(), run)
    assert made.folder == tmp_path / "model"
    assert only_run(tmp_path / "runs").status == "finished"
    assert only_run(tmp_path / "runs").problem == ""


NETWORK = {"recipe": "cnn", "smoke": True, "epochs": 3}


@pytest.mark.slow
def test_training_goes_on_where_it_stopped(dataset, tmp_path):
    """Epochs that were done are not done again, and the log holds each once."""
    order = Order(dataset, out=tmp_path / "model", **NETWORK)
    first, second = Watching(2, OSError("no power")), Watching()
    with pytest.raises(OSError, match="no power"):
        carried_out(order, tmp_path, first)
    again, run = orders.resumed(only_run(tmp_path).name, tmp_path)
    assert orders.carry_out(again, orders.corpus(again), tmp_path, second, run).finished
    assert (first.epochs, second.epochs) == ([1, 2], [2, 3])
    assert [epoch["number"] for epoch in runs.epochs(run)] == [1, 2, 3]
    assert only_run(tmp_path).status == "finished"


@pytest.mark.slow
def test_training_goes_on_after_ctrl_c(dataset, tmp_path):
    """The best weights so far are a model at once; asked to go on, the run does the epochs that are left."""
    order = Order(dataset, out=tmp_path / "model", **NETWORK)
    made, run = carried_out(order, tmp_path, Watching(2))
    assert (made.finished, run.status) == (False, "interrupted")
    again, run = orders.resumed(run.name, tmp_path)
    second = Watching()
    assert orders.carry_out(again, orders.corpus(again), tmp_path, second, run).finished
    assert second.epochs[-1] == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"order": {}}, "its order cannot be read"),
        ({"order": [1]}, "order must be an object"),
        ({"order": None}, "order must be an object"),
        ({"order": ["ab"]}, "order must be an object"),
        ({"order": {"dataset": "x", "changes": [], "data": 5}}, "its order cannot be read"),
        ({"order": {"dataset": 5, "changes": []}}, "its order cannot be read"),
        ({"order": {"dataset": "x", "changes": 5}}, "its order cannot be read"),
        ({"order": {"dataset": "x", "changes": [5]}}, "its order cannot be read"),
        ({"order": {"dataset": "x", "changes": [], "recipe": []}}, "its order cannot be read"),
        ({"order": {"dataset": "x", "changes": [], "epochs": "3"}}, "its order cannot be read"),
        ({"order": {"dataset": "x", "changes": [], "smoke": 1}}, "its order cannot be read"),
        ({"order": {"dataset": "x", "changes": [], "epochs": -3}}, "out of range"),
        ({"order": {"dataset": "x", "changes": [], "colour": "green"}}, "its order cannot be read"),
        ({"recipe_numbers": {"seed": 1}}, "has other numbers by now"),
    ],
)
def test_a_run_that_cannot_go_on_is_refused(tmp_path, change, message):
    """Its order is damaged, or the recipe of that name is another by now."""
    run = begun(Order("gtzan"), tmp_path)
    documents.write(run.folder / runs.RUN, run.as_dict() | change)
    with pytest.raises(SettingsError, match=message):
        orders.resumed(run.name, tmp_path)


def test_recipes_are_listed_with_what_their_authors_report():
    """A score and how it was split, leaky splits marked; nothing for systems of our own."""
    rows = {name: told for name, *told in summary.listed(recipes.RECIPES.values())}
    assert list(rows) == list(recipes.RECIPES)
    assert rows["default"] == [recipes.find("default").description, "", ""]
    assert rows["li2025-knn"] == ["k nearest neighbours on 58 descriptors of 30 s", "accuracy 64.5%", "tracks"]
    assert rows["sanjeev2025-vgg"][1:] == ["accuracy 94.2%", "windows: leaky"]
