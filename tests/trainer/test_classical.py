"""Feature models learn, and say the same in their own library and as ONNX."""

from __future__ import annotations

import dataclasses
import json
import math
import sys

import numpy as np
import onnxruntime
import pytest
import sklearn.preprocessing
import xgboost

from tagger.errors import CorpusError, SettingsError
from trainer import classical
from trainer.classical import FeatureModel

N_GENRES = 5
MISSING = 2  # a genre that is never there to learn
PARAMETERS = {
    "knn": {},
    "random_forest": {"n_estimators": 20},
    "xgboost": {"n_estimators": 10, "max_depth": 3, "n_jobs": 1},
}
# Appendix C of Li, Karimli, Maddhuri & Randev 2025, but for the number of trees, which there is 1000.
TUNED = {
    "subsample": 0.6,
    "reg_lambda": 1.5,
    "reg_alpha": 0.1,
    "n_estimators": 20,
    "max_depth": 9,
    "learning_rate": 0.05,
    "gamma": 0,
    "colsample_bytree": 0.6,
}
CASES = [*PARAMETERS.items(), ("xgboost", TUNED | {"n_jobs": 1})]
KINDS = pytest.mark.parametrize(("kind", "parameters"), CASES, ids=[*PARAMETERS, "tuned"])


@dataclasses.dataclass
class Windows:
    """A supply of windows that are all there at once."""

    windows: np.ndarray
    genres: np.ndarray
    weights: np.ndarray
    n_batches = 0

    def everything(self):
        """All there is."""
        return self.windows, self.genres, self.weights

    def batches(self, epoch):
        """None: these models learn from all at once."""
        raise AssertionError


@pytest.fixture(params=[(1, 58), (7, 6)], ids=["one frame", "frames"])
def supply(request, rng):
    """Windows of four genres that differ in the level of one band each, on very different scales."""
    shape = request.param
    genres = rng.choice([g for g in range(N_GENRES) if g != MISSING], 200)
    windows = rng.normal(0, 1, (200, *shape))
    windows[np.arange(200), :, genres] += 6
    scale = np.geomspace(1e-3, 1e6, shape[1])
    return Windows((windows * scale).astype(np.float32), genres, np.ones(200, np.float32))


def fitted(kind, parameters, supply, tmp_path, judge=lambda end: 0.0):
    """A model that has learned."""
    model = FeatureModel(kind, N_GENRES, seed=3, **parameters)
    model.fit(supply, judge, tmp_path)
    return model


def by_onnx(folder, windows):
    """What the saved file answers, loaded as tagger loads it."""
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    (given,), (output,) = session.get_inputs(), session.get_outputs()
    assert (given.type, given.shape[1:], output.name) == ("tensor(float)", [*windows.shape[1:]], "logits")
    assert output.shape[-1] == N_GENRES
    return np.concatenate(
        [session.run(["logits"], {given.name: part})[0] for part in np.split(windows, [1, 17])]
    )


@KINDS
def test_onnx_answers_as_the_library_does(kind, parameters, supply, rng, tmp_path):
    """Within 1e-4, batches being of any size, also on what was learned, at whose numbers trees are cut."""
    model = fitted(kind, parameters, supply, tmp_path)
    model.save(tmp_path)
    others = rng.permuted(supply.windows, axis=0)
    for windows in (supply.windows, others, np.zeros_like(others)):
        assert by_onnx(tmp_path, windows) == pytest.approx(model.outputs(windows)["logits"], abs=1e-4)


@KINDS
def test_it_learns_and_a_genre_it_never_met_has_no_share(kind, parameters, supply, tmp_path):
    """Easy genres are named rightly; probabilities sum to 1 without the missing one."""
    heard = []
    model = fitted(kind, parameters, supply, tmp_path, lambda end: heard.append(end) or 0.0)
    y_prob = np.exp(model.outputs(supply.windows)["logits"])
    assert np.mean(y_prob.argmax(axis=1) == supply.genres) > 0.8
    assert y_prob.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert y_prob[:, MISSING].max() <= 1.01e-7
    (end,) = heard
    assert (end.number, end.learning_rate) == (1, 0.0)
    assert 0 < end.loss < math.log(N_GENRES)


@KINDS
def test_the_same_seed_learns_the_same(kind, parameters, supply, tmp_path):
    """Two runs give the same answers, number by number."""
    one, two = (fitted(kind, parameters, supply, tmp_path).outputs(supply.windows)["logits"] for _ in range(2))
    assert np.array_equal(one, two)


@pytest.mark.parametrize("kind", ["random_forest", "xgboost"])
def test_weights_of_windows_count(kind, supply, tmp_path):
    """A genre whose windows weigh almost nothing is hardly ever named."""
    supply.windows = np.random.default_rng(1).normal(0, 1, supply.windows.shape).astype(np.float32)
    supply.weights = np.where(supply.genres == 0, 1e-3, 1.3).astype(np.float32)
    model = fitted(kind, PARAMETERS[kind] | {"max_depth": 2}, supply, tmp_path)
    assert np.exp(model.outputs(supply.windows)["logits"])[:, 0].mean() < 0.05


def test_neighbours_are_near_in_scaled_features(supply, tmp_path):
    """The scale of a feature changes no answer: distances are those of scikit-learn's scaler."""
    model = fitted("knn", {"n_neighbors": 1}, supply, tmp_path)
    features = sklearn.preprocessing.StandardScaler().fit_transform(classical.summary(supply.windows))
    distance = ((features[:50, None] - features[None, 50:]) ** 2).sum(axis=2)
    supply.windows, unseen = supply.windows[50:], supply.windows[:50]
    supply.genres, supply.weights = supply.genres[50:], supply.weights[50:]
    model = fitted("knn", {"n_neighbors": 1}, supply, tmp_path)
    agree = model.outputs(unseen)["logits"].argmax(axis=1) == supply.genres[distance.argmin(axis=1)]
    assert agree.mean() > 0.95


def test_frames_are_summed_up_as_means_and_variances(rng):
    """One frame is learned from as it is, several by their moments over time."""
    windows = rng.normal(0, 1, (3, 8, 4)).astype(np.float32)
    assert np.array_equal(classical.summary(windows[:, :1]), windows[:, 0])
    assert classical.summary(windows)[:, :4] == pytest.approx(windows.mean(axis=1))
    assert classical.summary(windows)[:, 4:] == pytest.approx(windows.var(axis=1), rel=1e-5)


@KINDS
def test_nothing_is_pickled(kind, parameters, supply, tmp_path):
    """ONNX alone, and for XGBoost the library's own JSON, which it loads to give the same answers."""
    folder = tmp_path / "model"
    folder.mkdir()
    model = fitted(kind, parameters, supply, tmp_path)
    names = model.save(folder)
    assert {file.name for file in folder.iterdir()} == set(names)
    assert names == (("model.onnx", "model.json") if kind == "xgboost" else ("model.onnx",))
    if kind == "xgboost":
        json.loads((folder / "model.json").read_text("utf-8"))
        loaded = xgboost.XGBClassifier()
        loaded.load_model(folder / "model.json")
        logits = model.outputs(supply.windows)["logits"]
        theirs = loaded.predict_proba(classical.summary(supply.windows))
        assert np.exp(np.delete(logits, MISSING, axis=1)) == pytest.approx(theirs, abs=1e-6)


def test_sizes_are_counted(supply, tmp_path):
    """Neighbours remember every number; a tree of depth 1 has three nodes."""
    n_remembered = classical.summary(supply.windows).size
    assert fitted("knn", {}, supply, tmp_path).describe()["parameters"] == n_remembered
    stumps = {"n_estimators": 4, "max_depth": 1}
    assert fitted("random_forest", stumps, supply, tmp_path).describe()["parameters"] == 4 * 3
    described = fitted("xgboost", stumps, supply, tmp_path).describe()
    assert described == {"architecture": "xgboost", "parameters": 4 * 4 * 3, "xgboost": xgboost.__version__}


def test_two_genres_are_enough_and_one_is_not(supply, tmp_path):
    """Two are learned and written; a single one is refused in one sentence."""
    for kind, parameters in PARAMETERS.items():
        two = dataclasses.replace(supply, genres=supply.genres % 2)
        model = fitted(kind, parameters, two, tmp_path)
        model.save(tmp_path)
        logits = model.outputs(two.windows)["logits"]
        assert by_onnx(tmp_path, two.windows) == pytest.approx(logits, abs=1e-4)
        with pytest.raises(CorpusError, match="only one genre"):
            fitted(kind, parameters, dataclasses.replace(supply, genres=supply.genres * 0), tmp_path)


def test_an_interrupt_after_learning_keeps_what_was_learned(supply, tmp_path):
    """The run is not finished, but the model answers."""

    def interrupt(end):
        raise KeyboardInterrupt

    model = FeatureModel("knn", N_GENRES)
    assert not model.fit(supply, interrupt, tmp_path)
    assert model.outputs(supply.windows)["logits"].shape == (200, N_GENRES)


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        ("svm", {}, "`svm` is no feature model"),
        ("knn", {"neighbours": 3}, "knn: there is no parameter `neighbours`"),
        ("xgboost", {"n_trees": 3}, "xgboost: there is no parameter `n_trees`"),
        ("knn", {"n_neighbors": 0}, "knn: a value of its parameters is refused: .*n_neighbors"),
        ("knn", {"n_neighbors": 1000}, "knn: a value of its parameters is refused: .*n_neighbors"),
        ("random_forest", {"max_depth": "deep"}, "random_forest: a value of its parameters .*max_depth"),
        ("xgboost", {"max_depth": -2, "n_estimators": 1}, "xgboost: a value of its parameters .*max_depth"),
    ],
)
def test_wrong_parameters_are_named(kind, parameters, message, supply, tmp_path):
    """A name that the library does not know, and a value it refuses, are said in one sentence with a hint."""
    with pytest.raises(SettingsError, match=message) as caught:
        fitted(kind, parameters, supply, tmp_path)
    assert "\n" not in str(caught.value)
    assert not str(caught.value).endswith(".")
    assert caught.value.hint


@pytest.mark.parametrize("package", ["xgboost", "skl2onnx", "onnxmltools"])
def test_a_missing_package_is_said_before_training(package, monkeypatch):
    """Whichever is missing, the hint names the extra that brings it."""
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SettingsError, match=package) as caught:
        FeatureModel("knn", N_GENRES)
    assert "audio-genre-tagger[train]" in caught.value.hint
