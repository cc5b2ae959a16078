"""A run from a folder of music to a model folder that tagger reads."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from tagger.errors import CorpusError, OutputError, TaggerError
from tagger.inference import artefact as artefacts
from tagger.inference import runtime
from tagger.inference.frontend import FrontEnd
from tests.trainer import material
from trainer import answers, corpora, export, judging, readme, runs, train
from trainer.network import fitting
from trainer.progress import Quiet
from trainer.recipe import Fitting, Recipe
from trainer.sampling import Sampling

RECIPE = Recipe(
    name="small",
    front_end=FrontEnd(n_mels=32),
    window_frames=43,
    hop_frames=43,
    network_parameters={"stem_channels": 8, "channels": (8, 16), "embedding": 16},
    min_examples=3,
    min_groups=3,
    sampling=Sampling(windows_per_epoch=128),
    fitting=Fitting(batch_size=16, epochs=6, warmup_epochs=0, learning_rate=1e-2, ema_momentum=0.5),
    validation_windows=2,
)
NEIGHBOURS = dataclasses.replace(
    RECIPE,
    name="neighbours",
    learner="classical",
    network="knn",
    network_parameters={},
    sampling=Sampling(mode="windows", windows_per_epoch=0),
)
"""Learns in no time."""


class Listening(Quiet):
    """Remembers what it is told, and stops the run when a stage begins for the second time, if it is to.

    Args:
        stopped_by: What it raises then.
        at: How the name of the stage begins, or number of the epoch.
    """

    def __init__(self, stopped_by=None, at=None):
        self.stages, self.epochs, self.said = [], [], []
        self._stopped_by, self._at, self._n_reached = stopped_by, at, 0

    def stage(self, name, total=0):
        """Remember."""
        self.stages.append(name)
        if self._stopped_by and name.startswith(str(self._at)):
            self._n_reached += 1
            if self._n_reached == 2:
                raise self._stopped_by

    def epoch(self, epoch):
        """Remember."""
        self.epochs.append(epoch)
        if epoch.number == self._at:
            raise self._stopped_by

    def say(self, message):
        """Remember."""
        self.said.append(message)


def begun(root):
    """A run folder of its own."""
    return runs.create(root / "runs", dataset="folder", recipe="", recipe_numbers={}, protocol="", seed=0)


def trained(root, recipe, *protocols, out="model", run=None, progress=None, studies=None):
    """What a run makes of the music in a folder."""
    corpus = corpora.load(f"folder:{root / 'music'}", data=None, cache=root / "cache")
    return train.run(
        corpus,
        recipe,
        root / "models" / out,
        run=run or begun(root),
        cache=root / "cache",
        protocols=protocols or ("",),
        progress=progress,
        studies=studies,
        jobs=1,
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder with music of three genres that no one can confuse, one clip of which is broken."""
    root = tmp_path_factory.mktemp("run")
    folder = material.folder(root / "music", np.random.default_rng(5), n_clips=10)
    (folder / "noise" / "noise-artist0" / "broken.wav").write_bytes(b"\x80" * 3000)
    return root


@pytest.fixture(scope="module")
def run(root):
    """One run, what it made, and what it told; its model lies in a folder of its own."""
    progress, begins = Listening(), begun(root)
    return begins, trained(root, RECIPE, out="alone/model", run=begins, progress=progress), progress


@pytest.fixture(scope="module")
def judged(root):
    """A run of three protocols, whose order does not count."""
    begins = begun(root)
    return begins, trained(root, NEIGHBOURS, "artists", "tracks", "windows", run=begins, out="three")


@pytest.mark.slow
def test_the_model_folder_is_whole(run, root):
    """It loads as any user would load it, and nothing else is left beside it."""
    _, made, _ = run
    assert made.finished
    assert artefacts.load(made.folder).card == made.card
    assert [place.name for place in (root / "models" / "alone").iterdir()] == ["model"]
    assert {"model.keras", "model.onnx"} <= set(made.card.checksums)
    names = {place.name for place in made.folder.iterdir()}
    assert names == {"README.md", "card.json", *made.card.checksums}


@pytest.mark.slow
def test_the_card_says_everything(run):
    """Genres, front-end, calibration, thresholds, cost, recipe, corpora, split and scores are there."""
    card = run[1].card
    assert card.genres == ("Clicks", "Noise", "Tones")
    assert card.front_end == RECIPE.front_end
    assert card.thresholds == dict.fromkeys(card.genres, 0.5)
    assert card.calibration.temperature > 0
    assert card.network["parameters"] > 0
    assert card.recipe["fitting"]["epochs"] == 6
    assert [(one["name"], one["examples"]) for one in card.corpora] == [("music", 30)]
    assert card.split["train"] + card.split["validation"] + card.split["test"] == 30
    assert any("broken.wav" in note for note in card.split["notes"])
    for scores in (card.scores["per_track"], card.scores["per_window"], card.scores["baseline"]["per_track"]):
        assert scores["accuracy"]["low"] <= scores["accuracy"]["value"] <= scores["accuracy"]["high"]
        assert np.sum(scores["confusion_matrix"]) == scores["n"]
        assert set(scores["per_genre"]) == set(card.genres)


@pytest.mark.slow
def test_no_path_of_this_machine_travels_in_the_model_folder(run, root):
    """Card and README name files without their folders."""
    for name in ("card.json", "README.md"):
        assert str(root) not in (run[1].folder / name).read_text("utf-8")


@pytest.mark.slow
def test_it_learned_what_no_one_can_confuse(run):
    """Noise, tones and clicks are told apart, through the very path users run."""
    scores = run[1].card.scores["per_track"]
    assert scores["accuracy"]["value"] > 0.8
    assert scores["without_verdict"] == 0


@pytest.mark.slow
def test_scores_come_from_verdicts_on_the_test_side(run, root):
    """What tagger says of the files gives the accuracy in the card."""
    card, folder = run[1].card, run[1].folder
    paths = sorted((root / "music").rglob("[0-9]*.wav"))
    said = answers.verdicts(artefacts.load(folder), paths, jobs=1)
    assert set(said) == set(paths)
    n_wrong = sum(said[path].scores[0].genre.lower() != path.parts[-3] for path in paths)
    scores = card.scores["per_track"]
    assert round((1 - scores["accuracy"]["value"]) * scores["n"]) <= n_wrong


def table(root, rows):
    """A corpus of rows (file, genre, artist, side)."""
    lines = ["file,genre,artist,split", *(",".join(map(str, row)) for row in rows)]
    (root / "corpus.csv").write_text("\n".join(lines))
    return corpora.load(f"csv:{root / 'corpus.csv'}", data=None, cache=root)


def sided(folder):
    """Rows of all clips of a folder; of each genre an artist tests, and another validates."""
    clips = sorted(folder.rglob("[0-9]*.wav"))
    artists = sorted({clip.parent.name for clip in clips})
    side_of = dict(zip(artists, ["test", "validation", "train", "train", "train"] * 3, strict=True))
    return [(clip, clip.parts[-3], clip.parent.name, side_of[clip.parent.name]) for clip in clips]


def taught(corpus, root, out, recipe=NEIGHBOURS, **options):
    """What a run makes of a corpus."""
    options.setdefault("run", begun(root))
    return train.run(corpus, recipe, root / out, cache=root / "cache", jobs=1, **options)


def test_the_truth_of_the_test_side_changes_no_model(root, tmp_path, rng):
    """With other labels there, answers and calibration are the same to the bit, and only scores are others."""
    rows = sided(root / "music")
    turned = {"clicks": "noise", "noise": "tones", "tones": "clicks"}
    lies = [(row[0], turned[row[1]], *row[2:]) if row[3] == "test" else row for row in rows]
    honest = taught(table(tmp_path, rows), tmp_path, "honest")
    fooled = taught(table(tmp_path, lies), tmp_path, "fooled")
    assert honest.card.calibration == fooled.card.calibration
    assert honest.card.thresholds == fooled.card.thresholds
    windows = rng.normal(-40, 15, (20, 43, 32)).astype(np.float32)
    first, second = (
        runtime.load(artefacts.load(one.folder), "onnx").logits(windows) for one in (honest, fooled)
    )
    assert np.array_equal(first, second)
    right, wrong = (one.card.scores["per_track"]["accuracy"]["value"] for one in (honest, fooled))
    assert wrong < right


def test_a_run_goes_on_only_with_the_data_it_began_with(root, tmp_path):
    """A row less or another side, and it is refused."""
    rows, run = sided(root / "music"), begun(tmp_path)
    taught(table(tmp_path, rows), tmp_path, "model", run=run)
    taught(table(tmp_path, rows), tmp_path, "model", run=run)
    others = [(*row[:3], "validation") if row[2] == "noise-artist4" else row for row in rows]
    for changed in (rows[:-1], others):
        with pytest.raises(CorpusError, match="not those that this run began with"):
            taught(table(tmp_path, changed), tmp_path, "model", run=run)


def test_leaks_that_were_allowed_are_told_everywhere(root, tmp_path):
    """In the scores, the card and its README."""
    rows, copies = sided(root / "music"), []
    for path, genre, _, side in rows:
        if side == "test":
            copy = tmp_path / "copies" / f"{genre}-{path.name}"
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(path.read_bytes())
            copies.append((copy, genre, f"{genre} again", "train"))
    corpus = table(tmp_path, [*rows, *copies])
    with pytest.raises(CorpusError, match="same audio on two sides"):
        taught(corpus, tmp_path, "model")
    made = taught(corpus, tmp_path, "model", allow_leaks=True)
    judged = made.scores["protocols"]["official"]
    assert judged["leaky"]
    assert judged["leaked"] >= 3
    assert "on another side as well" in judged["how"]
    assert made.card.split["leaky"]
    text = (made.folder / "README.md").read_text("utf-8")
    assert "of which it learned: every score is too high" in text
    assert "recordings are on two sides" in text
    assert "No artist" not in text


@pytest.mark.parametrize("protocol", ["artists", "tracks", "kfold:3"])
def test_evaluate_judges_by_the_very_tracks_that_tested_the_model(root, tmp_path, protocol):
    """Their number and their accuracy are those of the run, also with shares of the recipe's own."""
    recipe = dataclasses.replace(NEIGHBOURS, shares=(0.5, 0.2, 0.3))
    corpus = corpora.load(f"folder:{root / 'music'}", data=None, cache=tmp_path)
    made = taught(corpus, tmp_path, "model", recipe, protocols=(protocol,))
    found = judging.judge(artefacts.load(made.folder), corpus, Quiet())
    again, first = found.scores["protocols"][protocol]["per_track"], made.scores["protocols"][protocol]
    assert not found.leaky
    assert again["n"] == made.card.split["test"]
    if protocol != "kfold:3":
        assert again["accuracy"] == first["per_track"]["accuracy"]


def test_the_card_of_folds_tells_of_all_their_models(root, tmp_path):
    """The scores are theirs together, and no single one is said to have heard nothing of all tracks."""
    corpus = corpora.load(f"folder:{root / 'music'}", data=None, cache=tmp_path)
    made = taught(corpus, tmp_path, "model", protocols=("kfold:3",))
    assert made.card.scores["models"] == 3
    text = (made.folder / "README.md").read_text("utf-8")
    assert "each by that of 3 models which never heard it" in text


def test_only_the_test_side_is_tested(root, tmp_path, monkeypatch):
    """The files that the scores come from are those of the test split, which no other step is given."""
    rows, tested, original = sided(root / "music"), [], answers.of_tracks

    def recorded(artefact, truths):
        tested.extend(truth.path for truth in truths)
        return original(artefact, truths)

    monkeypatch.setattr(answers, "of_tracks", recorded)
    made = taught(table(tmp_path, rows), tmp_path, "model")
    assert sorted(tested) == [row[0] for row in rows if row[3] == "test"]
    assert list(made.scores["protocols"]) == ["official"]


@pytest.mark.slow
def test_both_runtimes_give_the_same_logits(run, rng):
    """Keras and ONNX agree on windows of any length."""
    artefact = artefacts.load(run[1].folder)
    windows = rng.normal(-30, 15, (3, 77, 32)).astype(np.float32)
    by_keras, by_onnx = (runtime.load(artefact, name).logits(windows) for name in ("keras", "onnx"))
    assert by_keras == pytest.approx(by_onnx, abs=export.TOLERANCE)


@pytest.mark.slow
def test_every_epoch_is_told_and_logged(run):
    """The log has a line for each epoch, with what the progress was told; one at least is the best."""
    begins, _, progress = run
    assert runs.epochs(begins) == [dataclasses.asdict(epoch) for epoch in progress.epochs]
    assert [epoch.number for epoch in progress.epochs] == [1, 2, 3, 4, 5, 6]
    assert progress.epochs[0].best
    assert any("broken.wav" in message for message in progress.said)
    assert not list(begins.folder.rglob("state"))


@pytest.mark.slow
def test_the_readme_tells_people_what_they_need(run):
    """Scores with intervals, the yardstick, the data and the limits are in it, and no number is missing."""
    text = (run[1].folder / "README.md").read_text("utf-8")
    assert text == readme.text(run[1].card)
    for part in ("## Scores", "## Data", "## Limits", "yardstick", "Macro F1", "| Tones |", "never heard"):
        assert part in text
    assert "nan" not in text.lower().replace("finance", "")
    assert "too high" not in text


@pytest.mark.slow
def test_an_interrupted_run_keeps_its_best_weights_and_says_so(root):
    """Ctrl-C during the second epoch still gives a model folder, whose card knows."""
    progress = Listening(KeyboardInterrupt, at=2)
    made = trained(root, RECIPE, out="interrupted", progress=progress)
    assert not made.finished
    card = artefacts.load(made.folder).card
    assert (card.scores["finished"], card.split["finished"]) == (False, False)
    assert card.scores["per_track"]["n"] > 0
    assert any("interrupted" in message for message in progress.said)
    assert "Its training was interrupted" in (made.folder / "README.md").read_text("utf-8")


def test_an_interrupted_run_replaces_no_finished_model(root):
    """The finished one stays as it is; the other is in the run folder, and said to be there."""
    before = trained(root, NEIGHBOURS, out="stays")
    content = {path.name: path.read_bytes() for path in before.folder.iterdir()}
    progress = Listening(KeyboardInterrupt, at=1)
    made = trained(root, NEIGHBOURS, out="stays", progress=progress)
    assert not made.finished
    assert {path.name: path.read_bytes() for path in before.folder.iterdir()} == content
    assert not artefacts.load(made.folder).card.split["finished"]
    assert any("the finished model there stays" in message for message in progress.said)


class Impatient(Listening):
    """Stops the run when a second training has an epoch."""

    def epoch(self, epoch):
        """Remember, and stop."""
        super().epoch(epoch)
        if len(self.epochs) == 2:
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("protocols", "kept"), [(("kfold:3",), []), (("windows", "artists", "tracks"), ["windows"])]
)
def test_ctrl_c_before_the_last_training_ends_all(root, protocols, kept):
    """Neither folds nor protocols that come later are trained; what was done is not done again."""
    begins, progress, out = begun(root), Impatient(), f"impatient at {protocols[0]}"
    with pytest.raises(KeyboardInterrupt):
        trained(root, NEIGHBOURS, *protocols, run=begins, out=out, progress=progress)
    assert progress.stages.count("Training") == 2
    assert any("still to come are left out" in message for message in progress.said)
    assert not (root / "models" / out).exists()
    assert list(runs.read_scores(begins).get("protocols", {})) == kept
    again = Listening()
    assert trained(root, NEIGHBOURS, *protocols, run=begins, out=out, progress=again).finished
    assert again.stages.count("Training") == 2


def test_ctrl_c_leaves_out_the_studies(root):
    """The best weights so far are a model, and nobody waits for more trainings."""
    progress = Listening(KeyboardInterrupt, at=1)
    made = trained(root, NEIGHBOURS, out="unstudied", progress=progress, studies={"bootstrap": 2})
    assert not made.finished
    assert "bootstrap" not in made.scores
    assert "Bootstrap" not in progress.stages


@pytest.mark.parametrize(
    ("change", "protocols", "studies", "problem"),
    [
        ({}, ("artists", "corpora"), {}, "no corpus"),
        ({}, ("windows",), {"bootstrap": 2}, "no bootstrap"),
        ({"network_parameters": {"unheard": 1}}, (), {}, "unheard"),
        ({"fitting": Fitting(inner_folds=13)}, ("windows", "artists"), {}, "too few to split into 13 parts"),
    ],
)
def test_what_cannot_be_met_is_refused_before_anything_is_trained(root, change, protocols, studies, problem):
    """A protocol, a study and a parameter: no stage of training begins."""
    progress = Listening()
    recipe = dataclasses.replace(NEIGHBOURS, **change)
    with pytest.raises(TaggerError, match=problem):
        trained(root, recipe, *protocols, progress=progress, studies=studies)
    assert "Training" not in progress.stages


def test_of_several_protocols_the_strictest_gives_the_model(judged):
    """Leaky ones come first, whatever order was asked for; scores of all are kept."""
    begins, made = judged
    assert list(made.scores["protocols"]) == ["windows", "tracks", "artists"]
    assert [one["leaky"] for one in made.scores["protocols"].values()] == [True, False, False]
    assert made.card.split["protocol"] == "artists"
    assert not made.card.split["leaky"]
    of_artists = made.scores["protocols"]["artists"]["per_track"]
    assert made.card.scores["per_track"]["accuracy"] == of_artists["accuracy"]
    assert runs.read_scores(begins) == json.loads(json.dumps(made.scores))


def test_the_scores_of_every_protocol_are_complete(judged):
    """Per window and per track with curves, by genre and by corpus; verdicts with what would be written."""
    for one in judged[1].scores["protocols"].values():
        assert one["how"]
        for unit in ("per_window", "per_track"):
            assert {"accuracy", "macro_f1", "confusion_matrix", "per_genre", "accuracy_by_corpus"} <= set(
                one[unit]
            )
            assert {"roc", "reliability", "selection", "mistakes"} <= set(one[unit]["curves"])
            assert np.sum(one[unit]["confusion_matrix"]) == one[unit]["n"]
        assert one["per_window"]["n"] > one["per_track"]["n"]
        assert one["per_track"]["without_verdict"] == 0
        assert {"coverage", "accuracy"} <= set(one["per_track"]["written"])


def test_the_yardstick_is_of_honest_splits_only(judged, root):
    """It is the one of the model that is kept; where every protocol leaks there is none."""
    scores = judged[1].scores
    assert scores["baseline"]["per_track"]["n"] == scores["protocols"]["artists"]["per_track"]["n"]
    assert judged[1].card.scores["baseline"] == scores["baseline"]
    leaky = trained(root, NEIGHBOURS, "windows", out="leaky")
    assert "baseline" not in leaky.scores
    assert "baseline" not in leaky.card.scores


def test_a_leaky_model_says_so_loudly(root):
    """In its card, and in its README both beside its scores and beside its data."""
    made = trained(root, NEIGHBOURS, "windows", out="leaky")
    text = (made.folder / "README.md").read_text("utf-8")
    assert made.card.split["leaky"]
    _, scores, data = text.split("\n## ")[:3]
    assert "**windows of which it learned: every score is too high**" in scores
    assert "never heard" not in text
    assert "Windows of one track are on all sides: every score is too high" in data


def test_with_folds_each_track_is_tested_once(root):
    """All tracks of all artists, by as many models; the first is kept."""
    begins = begun(root)
    made = trained(root, NEIGHBOURS, "kfold:3", run=begins, out="folds")
    scores = made.scores["protocols"]["kfold:3"]
    for per_track in (scores["per_track"], made.scores["baseline"]["per_track"]):
        assert (per_track["n"], per_track["n_groups"]) == (30, 14)  # two artists share a tune
        assert np.sum(per_track["confusion_matrix"], axis=1).tolist() == [10, 10, 10]
    assert scores["how"] == "3 folds, each the test once"
    state = begins.folder / runs.CHECKPOINT
    assert sorted(place.name for place in state.iterdir()) == ["kfold:3-0", "kfold:3-1", "kfold:3-2"]
    files = [place / "model" / "model.onnx" for place in sorted(state.iterdir())]
    assert len({artefacts.checksum(file) for file in files}) == 3
    assert artefacts.checksum(made.folder / "model.onnx") == artefacts.checksum(files[0])


@pytest.mark.parametrize("stage", ["Training", "Writing and checking the model", "Testing"])
def test_what_was_done_before_a_crash_is_not_done_again(judged, root, stage):
    """Wherever the second part stops, the first is kept; scores are those of a run that never stopped."""
    begins, protocols, out = begun(root), ("windows", "tracks", "artists"), f"stopped at {stage}"
    with pytest.raises(OSError, match="no power"):
        trained(
            root,
            NEIGHBOURS,
            *protocols,
            run=begins,
            out=out,
            progress=Listening(OSError("no power"), stage),
        )
    assert not (root / "models" / out).exists()
    assert list(runs.read_scores(begins)["protocols"]) == ["windows"]
    first = begins.folder / runs.CHECKPOINT / "windows-0" / "model" / "model.onnx"
    before, progress = first.stat(), Listening()
    made = trained(root, NEIGHBOURS, *protocols, run=begins, out=out, progress=progress)
    assert (first.stat().st_mtime_ns, first.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert progress.stages.count("Training") == (1 if stage.startswith("Testing") else 2)
    assert made.finished
    assert made.scores == judged[1].scores


@pytest.mark.slow
def test_folds_find_how_many_epochs_are_best(root):
    """One model for each fold, and one that learns from all for the rounded mean of their best epochs."""
    settings = dataclasses.replace(RECIPE.fitting, inner_folds=2, epochs=4, patience=1, monitor="accuracy")
    begins, progress = begun(root), Listening()
    made = trained(
        root, dataclasses.replace(RECIPE, fitting=settings), run=begins, out="inner", progress=progress
    )
    place = begins.folder / runs.CHECKPOINT / "artists-0"
    logs = [logged(place / name / runs.LOG) for name in ("fold0", "fold1", "")]
    assert progress.stages.count("Training") == 3
    assert sum(map(len, logs)) == len(progress.epochs)
    best = [max(log, key=lambda epoch: (epoch["score"], -epoch["number"]))["number"] for log in logs[:2]]
    assert len(logs[2]) == round(sum(best) / 2)
    assert [epoch["number"] for epoch in runs.epochs(begins)] == [epoch["number"] for epoch in logs[2]]
    assert artefacts.load(made.folder).card.recipe["fitting"]["inner_folds"] == 2
    assert made.card.scores["per_track"]["accuracy"]["value"] > 0.5
    assert not list(begins.folder.rglob("state"))


def logged(file):
    """The epochs in a log."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def test_folds_within_the_training_side_work_with_leaky_splits(root):
    """`--protocol all` and `--protocol windows` train recipes that draw folds to find their epochs, too."""
    settings = dataclasses.replace(NEIGHBOURS.fitting, inner_folds=2)
    recipe = dataclasses.replace(NEIGHBOURS, fitting=settings)
    assert trained(root, recipe, "windows", out="leaky-folds").finished


@pytest.mark.slow
def test_an_older_model_is_replaced_whole(run, tmp_path):
    """The new folder takes the place of the old one; a body that fails leaves the old one as it was."""
    out = tmp_path / "model"
    for text in ("first", "second"):
        with export.staging(out) as folder:
            (folder / "card.json").write_text((run[1].folder / "card.json").read_text("utf-8"), "utf-8")
            (folder / text).touch()
    assert sorted(place.name for place in out.iterdir()) == ["card.json", "second"]
    with pytest.raises(OutputError), export.staging(out) as folder:
        (folder / "gone" / "third").touch()
    assert sorted(place.name for place in out.iterdir()) == ["card.json", "second"]
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.slow
def test_a_network_that_was_not_written_as_trained_is_refused(run, tmp_path):
    """The written folder is compared with the network in memory."""
    model = fitting.Network(RECIPE, 3)

    class Lying:
        """A network that says something else than what it writes."""

        save = staticmethod(model.save)

        def outputs(self, windows):
            return {name: value + 1 for name, value in model.outputs(windows).items()}

    with pytest.raises(OutputError, match="differs by 1"):
        export.write(Lying(), run[1].card, tmp_path, np.zeros((2, 43, 32), np.float32))


@pytest.mark.parametrize("content", [None, "", '{"format": "other"}'])
def test_what_is_no_model_folder_is_never_replaced(root, tmp_path, content):
    """A file, a folder of something else and a foreign card are left alone, before any training."""
    out = tmp_path / "precious"
    if content is None:
        out.write_text("mine")
    else:
        out.mkdir()
        (out / "card.json").write_text(content)
    with pytest.raises(OutputError, match="not a model folder"), export.staging(out):
        pytest.fail("the body must not run")
    progress = Listening()
    with pytest.raises(OutputError, match="not a model folder"):
        trained(root, NEIGHBOURS, out=out, progress=progress)
    assert progress.stages == []
    assert (out if content is None else out / "card.json").read_text() == (
        content if content is not None else "mine"
    )


def test_a_corpus_that_is_too_small_is_refused_and_leaves_nothing(tmp_path, rng):
    """No model folder appears, and no temporary one stays."""
    material.folder(tmp_path / "music", rng, n_clips=2)
    with pytest.raises(CorpusError):
        trained(tmp_path, NEIGHBOURS)
    assert sorted(place.name for place in tmp_path.iterdir()) == ["music", "runs"]
