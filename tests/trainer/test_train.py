"""A run from a folder of music to a model folder that tagger reads."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from tagger.errors import CorpusError, OutputError
from tagger.inference import artefact as artefacts
from tagger.inference import runtime
from tests.trainer import material
from trainer import corpora, evaluate, export, readme, recipes, train
from trainer.network import fitting
from trainer.progress import Quiet

RECIPE = dataclasses.replace(recipes.find("smoke"), epochs=6, crops_per_epoch=192, learning_rate=1e-2)


class Listening(Quiet):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.epochs = []
        self.said = []

    def epoch(self, epoch) -> None:
        """Remember."""
        self.epochs.append(epoch)

    def say(self, message: str) -> None:
        """Remember."""
        self.said.append(message)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One run on three genres that no one can confuse, one clip of which is broken."""
    root, progress = tmp_path_factory.mktemp("run"), Listening()
    folder = material.folder(root / "music", np.random.default_rng(5))
    (folder / "noise" / "noise-artist0" / "broken.wav").write_bytes(b"\x80" * 3000)
    corpus = corpora.load(f"folder:{folder}", data=None, cache=root / "cache")
    trained = train.run(corpus, RECIPE, root / "model", cache=root / "cache", progress=progress, jobs=1)
    return root, trained, progress


@pytest.mark.slow
def test_the_model_folder_is_whole(run):
    """It loads as any user would load it, and nothing else is left beside it."""
    root, trained, _ = run
    assert trained.finished
    assert artefacts.load(root / "model").card == trained.card
    assert sorted(place.name for place in root.iterdir()) == ["cache", "model", "music"]


@pytest.mark.slow
def test_the_card_says_everything(run):
    """Genres, front-end, calibration, thresholds, cost, recipe, corpora, split and scores are there."""
    _, trained, _ = run
    card = trained.card
    assert card.genres == ("Clicks", "Noise", "Tones")
    assert card.front_end == RECIPE.front_end
    assert card.thresholds == dict.fromkeys(card.genres, 0.5)
    assert card.calibration.temperature > 0
    assert card.network["parameters"] > 0
    assert card.recipe["epochs"] == 6
    assert [(one["name"], one["examples"]) for one in card.corpora] == [("music", 36)]
    assert card.split["train"] + card.split["validation"] + card.split["test"] == 36
    assert any("broken.wav" in note for note in card.split["notes"])
    for scores in (card.scores["per_track"], card.scores["per_window"], card.scores["baseline"]["per_track"]):
        assert scores["accuracy"]["low"] <= scores["accuracy"]["value"] <= scores["accuracy"]["high"]
        assert np.sum(scores["confusion_matrix"]) == scores["n"]
        assert set(scores["per_genre"]) == set(card.genres)


@pytest.mark.slow
def test_no_path_of_this_machine_travels_in_the_model_folder(run):
    """Card and README name files without their folders."""
    root, trained, _ = run
    for name in ("card.json", "README.md", "training.jsonl"):
        assert str(root) not in (trained.folder / name).read_text("utf-8")


@pytest.mark.slow
def test_it_learned_what_no_one_can_confuse(run):
    """Noise, tones and clicks are told apart, through the very path users run."""
    _, trained, _ = run
    assert trained.card.scores["per_track"]["accuracy"]["value"] > 0.8
    assert trained.card.scores["per_track"]["without_verdict"] == 0


@pytest.mark.slow
def test_scores_come_from_verdicts_on_the_test_side(run):
    """What tagger says of the files gives the accuracy in the card."""
    root, trained, _ = run
    paths = sorted((root / "music").rglob("[0-9]*.wav"))
    said = evaluate.verdicts(artefacts.load(trained.folder), paths, jobs=1)
    assert set(said) == set(paths)
    right = [said[path].scores[0].genre.lower() == path.parts[-3] for path in paths]
    n_test = trained.card.scores["per_track"]["n"]
    wrong_in_test = round((1 - trained.card.scores["per_track"]["accuracy"]["value"]) * n_test)
    assert wrong_in_test <= right.count(False)


@pytest.mark.slow
def test_only_the_test_side_is_tested(tmp_path, monkeypatch):
    """The files that the scores come from are those of the test split, which no other step is given."""
    folder = material.folder(tmp_path / "music", np.random.default_rng(6))
    clips = sorted(folder.rglob("[0-9]*.wav"))
    artists = sorted({clip.parent.name for clip in clips})
    per_genre = len(artists) // 3
    sides = {
        artist: "test" if index % per_genre == 0 else "validation" if index % per_genre == 1 else "train"
        for index, artist in enumerate(artists)
    }
    rows = [f"{clip},{clip.parts[-3]},{clip.parent.name},{sides[clip.parent.name]}" for clip in clips]
    (tmp_path / "corpus.csv").write_text("\n".join(["file,genre,artist,split", *rows]))
    tested, original = [], evaluate.tracks

    def recorded(artefact, paths, sides):
        tested.extend(paths)
        return original(artefact, paths, sides)

    monkeypatch.setattr(evaluate, "tracks", recorded)
    corpus = corpora.load(f"csv:{tmp_path / 'corpus.csv'}", data=None, cache=tmp_path)
    recipe = dataclasses.replace(RECIPE, epochs=1, min_groups=1)
    train.run(corpus, recipe, tmp_path / "model", cache=tmp_path / "cache", jobs=1)
    assert sorted(tested) == [clip for clip in clips if sides[clip.parent.name] == "test"]


@pytest.mark.slow
def test_both_runtimes_give_the_same_logits(run, rng):
    """Keras and ONNX agree on windows of any length."""
    _, trained, _ = run
    artefact = artefacts.load(trained.folder)
    windows = rng.normal(-30, 15, (3, 77, 96)).astype(np.float32)
    by_keras, by_onnx = (runtime.load(artefact, name).logits(windows) for name in ("keras", "onnx"))
    assert by_keras == pytest.approx(by_onnx, abs=export.TOLERANCE)


@pytest.mark.slow
def test_every_epoch_is_told_and_logged(run):
    """The log has a line for each epoch, with what the progress was told; one at least is the best."""
    _, trained, progress = run
    lines = [json.loads(line) for line in (trained.folder / train.LOG).read_text("utf-8").splitlines()]
    assert lines == [dataclasses.asdict(epoch) for epoch in progress.epochs]
    assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
    assert lines[0]["best"]
    assert any("broken.wav" in message for message in progress.said)


@pytest.mark.slow
def test_the_readme_tells_people_what_they_need(run):
    """Scores with intervals, the yardstick, the data and the limits are in it, and no number is missing."""
    _, trained, _ = run
    text = (trained.folder / "README.md").read_text("utf-8")
    assert text == readme.text(trained.card)
    for part in ("## Scores", "## Data", "## Limits", "yardstick", "Macro F1", "| Tones |"):
        assert part in text
    assert "nan" not in text.lower().replace("finance", "")


@pytest.mark.slow
def test_an_interrupted_run_keeps_its_best_weights_and_says_so(run, tmp_path):
    """Ctrl-C during the second epoch still gives a model folder, whose card knows."""
    root, _, _ = run

    class Impatient(Listening):
        def epoch(self, epoch) -> None:
            super().epoch(epoch)
            if epoch.number == 2:
                raise KeyboardInterrupt

    progress = Impatient()
    corpus = corpora.load(f"folder:{root / 'music'}", data=None, cache=root / "cache")
    trained = train.run(corpus, RECIPE, tmp_path / "model", cache=root / "cache", progress=progress, jobs=1)
    assert not trained.finished
    assert not artefacts.load(tmp_path / "model").card.scores["finished"]
    assert any("interrupted" in message for message in progress.said)


@pytest.mark.slow
def test_an_older_model_is_replaced_whole(run, tmp_path):
    """The new folder takes the place of the old one; a body that fails leaves the old one as it was."""
    _, trained, _ = run
    out = tmp_path / "model"
    for text in ("first", "second"):
        with export.staging(out) as folder:
            (folder / "card.json").write_text((trained.folder / "card.json").read_text("utf-8"), "utf-8")
            (folder / text).touch()
    assert sorted(place.name for place in out.iterdir()) == ["card.json", "second"]
    with pytest.raises(OutputError), export.staging(out) as folder:
        (folder / "gone" / "third").touch()
    assert sorted(place.name for place in out.iterdir()) == ["card.json", "second"]
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.slow
def test_a_network_that_was_not_written_as_trained_is_refused(run, tmp_path):
    """The written folder is compared with the network in memory."""
    _, trained, _ = run
    real = np.zeros((2, 128, 96), np.float32)
    model = fitting.build(RECIPE, 3)

    class Lying:
        """A network that says something else than what it writes."""

        def __getattr__(self, name):
            return getattr(model, name)

        def predict(self, *args, **options):
            return {name: value + 1 for name, value in model.predict(*args, **options).items()}

    with pytest.raises(OutputError, match="differs by 1"):
        export.write(Lying(), trained.card, tmp_path, real)


@pytest.mark.parametrize("content", [None, "", '{"format": "other"}'])
def test_what_is_no_model_folder_is_never_replaced(tmp_path, content):
    """A file, a folder of something else and a foreign card are left alone, before any training."""
    out = tmp_path / "precious"
    if content is None:
        out.write_text("mine")
    else:
        out.mkdir()
        (out / "card.json").write_text(content)
    with pytest.raises(OutputError, match="not a model folder"), export.staging(out):
        pytest.fail("the body must not run")
    assert out.exists()


def test_a_corpus_that_is_too_small_is_refused_and_leaves_nothing(tmp_path, rng):
    """No model folder appears, and no temporary one stays."""
    folder = material.folder(tmp_path / "music", rng, n_clips=2)
    corpus = corpora.load(f"folder:{folder}", data=None, cache=tmp_path / "cache")
    with pytest.raises(CorpusError):
        train.run(corpus, RECIPE, tmp_path / "model", cache=tmp_path / "cache")
    assert [place.name for place in tmp_path.iterdir()] == ["music"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dataset", "nonesuch"], "no such dataset"),
        (["--dataset", "folder:/nowhere/at/all"], "no such folder"),
        (["--dataset", "gtzan"], "does not fetch"),
        (["--dataset", "csv:x.csv", "--recipe", "nonesuch"], "no such recipe"),
    ],
)
def test_the_command_refuses_bad_input_in_one_sentence(arguments, message, capsys):
    """An exit code above zero, one sentence and a hint line on stderr."""
    from tagger import cli

    assert cli.run(["train", *arguments]) > 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert message in lines[0]
    assert len(lines) <= 2
