"""Models that learn from feature vectors, kept as ONNX: k nearest neighbours, random forest, XGBoost.

Li, Karimli, Maddhuri & Randev 2025, Experiment 3 and Appendix C; there the features are those of
`tagger.inference.descriptors`. The only importer of xgboost, skl2onnx and onnxmltools.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import sklearn.ensemble
import sklearn.neighbors
import sklearn.preprocessing

from tagger.errors import CorpusError, SettingsError
from tagger.inference.frontend import Array
from trainer import metrics
from trainer.learner import EpochEnd, Judge, Supply

KINDS = ("knn", "random_forest", "xgboost")

# Stands for a probability of 0, which has no logarithm; beside 1, float32 tells it from 0 no more.
_FLOOR = 1e-7

_OPSETS = {"": 18, "ai.onnx.ml": 1}
_XGBOOST_OPSET = 15  # the converter's newest; its graphs hold nothing but an ensemble of trees
_IR_VERSION = 8


class FeatureModel:
    """A `trainer.learner.Learner` without epochs, which learns from the `summary` of windows.

    Features are scaled to mean 0 and variance 1 for the neighbours' distances; trees ask only for their order,
    which scaling does not change.

    Args:
        kind: One of `KINDS`.
        n_genres: Number of genres; one that is missing in training has a probability of 0.
        seed: Of forests and XGBoost.
        parameters: The library's own, of `sklearn.neighbors.KNeighborsClassifier`,
            `sklearn.ensemble.RandomForestClassifier` or `xgboost.XGBClassifier`.

    Raises:
        SettingsError: There is no such kind or parameter, or a package is missing.
    """

    def __init__(self, kind: str, n_genres: int, *, seed: int = 0, **parameters: Any) -> None:
        self._kind = kind
        self._n_genres = n_genres
        self._model = _estimator(kind, seed, parameters)
        self._genres = np.empty(0, np.intp)
        self._window_shape = (0, 0)
        self._centre = self._scale = np.empty(0, np.float32)

    def fit(self, supply: Supply, judge: Judge, checkpoint: Path) -> bool:
        """See `Learner.fit`; neighbours know no weights of windows, and nothing is resumed.

        Raises:
            CorpusError: There is only one genre to learn.
            SettingsError: The library refuses the value of a parameter.
        """
        start = time.monotonic()
        windows, y_true, weights = supply.everything()
        self._genres, y = np.unique(y_true, return_inverse=True)
        if len(self._genres) < 2:
            raise CorpusError("there is only one genre to learn, and nothing to tell it from")
        self._window_shape = windows.shape[1:]
        self._set_scale(summary(windows))
        options = {} if self._kind == "knn" else {"sample_weight": weights}
        with _refusals(self._kind):
            self._model.fit(self._features(windows), y, **options)
            loss = metrics.cross_entropy(y_true, self._probabilities(windows).astype(np.float64))
        try:
            judge(EpochEnd(number=1, loss=loss, learning_rate=0.0, seconds=time.monotonic() - start))
        except KeyboardInterrupt:
            return False
        return True

    def outputs(self, windows: Array) -> Mapping[str, Array]:
        """See `Learner.outputs`; logits are logarithms of probabilities, and there is no embedding."""
        return {"logits": np.log(self._probabilities(windows))}

    def save(self, folder: Path) -> tuple[str, ...]:
        """See `Learner.save`; `model.json` is XGBoost's own file, which takes what `summary` gives."""
        (folder / "model.onnx").write_bytes(self._onnx().SerializeToString())
        if self._kind != "xgboost":
            return ("model.onnx",)
        (folder / "model.json").write_bytes(self._model.get_booster().save_raw("json"))
        return ("model.onnx", "model.json")

    def describe(self) -> dict[str, Any]:
        """See `Learner.describe`; parameters are the numbers remembered by neighbours, the nodes of trees."""
        if self._kind == "knn":
            n_parameters = self._model.n_samples_fit_ * self._model.n_features_in_
        elif self._kind == "random_forest":
            n_parameters = sum(tree.tree_.node_count for tree in self._model.estimators_)
        else:
            n_parameters = sum(tree.count("\n") for tree in self._model.get_booster().get_dump())
        library = "xgboost" if self._kind == "xgboost" else "scikit-learn"
        return {
            "architecture": self._kind,
            "parameters": int(n_parameters),
            library: importlib.metadata.version(library),
        }

    def _set_scale(self, features: Array) -> None:
        n_features = features.shape[1]
        self._centre, self._scale = np.zeros(n_features, np.float32), np.ones(n_features, np.float32)
        if self._kind == "knn":
            scaler = sklearn.preprocessing.StandardScaler().fit(features)
            self._centre, self._scale = scaler.mean_.astype(np.float32), scaler.scale_.astype(np.float32)

    def _features(self, windows: Array) -> Array:
        return (summary(windows) - self._centre) / self._scale

    def _probabilities(self, windows: Array) -> Array:
        """Shape (n_windows, n_genres), none below the floor."""
        probabilities = np.zeros((len(windows), self._n_genres), np.float32)
        probabilities[:, self._genres] = self._model.predict_proba(self._features(windows))
        return np.maximum(probabilities, np.float32(_FLOOR))

    def _onnx(self) -> Any:
        """The whole way from windows to logits, step for step as `outputs` takes it."""
        import onnx

        n_frames, n_bands = self._window_shape
        n_features, n_learned = len(self._centre), len(self._genres)
        first = onnx.parser.parse_graph(
            f"first (float[n, {n_frames}, {n_bands}] windows) => (float[n, {n_features}] features)"
            f"{{ {_SUMMARY[n_frames > 1]} centred = Sub(summary, centre) features = Div(centred, scale) }}"
        )
        last = onnx.parser.parse_graph(
            f"last (float[n, {n_learned}] probabilities) => (float[n, {self._n_genres}] logits)"
            "{ placed = MatMul(probabilities, places) raised = Max(placed, floor) logits = Log(raised) }"
        )
        constants = {
            "centre": self._centre,
            "scale": self._scale,
            "places": np.eye(self._n_genres, dtype=np.float32)[self._genres],
            "floor": np.array(_FLOOR, np.float32),
        }
        learned = _converted(self._kind, self._model)
        graph = onnx.helper.make_graph(
            [*first.node, *learned.node, *last.node],
            self._kind,
            first.input,
            last.output,
            [onnx.numpy_helper.from_array(array, name) for name, array in constants.items()]
            + list(learned.initializer),
        )
        opsets = [onnx.helper.make_opsetid(domain, version) for domain, version in _OPSETS.items()]
        return onnx.helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)


def summary(windows: Array) -> Array:
    """The features of windows, shape (n_windows, n_frames, n_bands).

    Returns:
        A window's only frame, shape (n_windows, n_bands); of several the means over time, then the variances,
        shape (n_windows, 2 n_bands).
    """
    if windows.shape[1] == 1:
        return windows[:, 0]
    moments = windows.mean(axis=1, dtype=np.float64), windows.var(axis=1, dtype=np.float64)
    return np.concatenate(moments, axis=1).astype(np.float32)


# `summary` in the language of ONNX, for windows of one frame and for longer ones. Sums are of doubles,
# since two libraries add up floats differently, and trees are cut at the very numbers of training windows.
_SUMMARY = (
    "summary = Flatten(windows)",
    """
    time = Constant<value_ints = [1]>()
    exact = Cast<to = 11>(windows)
    mean = ReduceMean(exact, time)
    deviation = Sub(exact, mean)
    square = Mul(deviation, deviation)
    variance = ReduceMean(square, time)
    moments = Concat<axis = 1>(mean, variance)
    rounded = Cast<to = 1>(moments)
    summary = Flatten(rounded)
    """,
)


def _libraries() -> tuple[Any, Any, Any]:
    """xgboost, skl2onnx and onnxmltools: to train a model, and to write it."""
    try:
        import onnxmltools
        import skl2onnx
        import xgboost
    except Exception as error:  # one that misses a library of its own raises all sorts
        raise SettingsError(
            f"a package that feature models need cannot be loaded: {error}",
            hint="`pip install 'audio-genre-tagger[train]'`",
        ) from error
    return xgboost, skl2onnx, onnxmltools


def _estimator(kind: str, seed: int, parameters: Mapping[str, Any]) -> Any:
    """An untrained model."""
    if kind not in KINDS:
        raise SettingsError(f"`{kind}` is no feature model", hint=f"they are {', '.join(KINDS)}")
    xgboost, _, _ = _libraries()  # all of them, before time is spent on training
    model: Any
    if kind == "knn":
        model = sklearn.neighbors.KNeighborsClassifier()
    elif kind == "random_forest":
        model = sklearn.ensemble.RandomForestClassifier(random_state=seed)
    else:
        model = xgboost.XGBClassifier(random_state=seed, verbosity=0)
    known = model.get_params()
    for name in parameters:
        if name not in known:
            raise SettingsError(f"{kind}: there is no parameter `{name}`", hint=f"there are {', '.join(known)}")
    return model.set_params(**parameters)


def _converted(kind: str, model: Any) -> Any:
    """The trained model as a graph of ONNX, from "features" to "probabilities" of the genres it learned."""
    _, skl2onnx, onnxmltools = _libraries()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the converters speak of their dependencies' futures
        shape = [None, model.n_features_in_]
        if kind == "xgboost":
            types = [("features", onnxmltools.convert.common.data_types.FloatTensorType(shape))]
            return onnxmltools.convert_xgboost(model, initial_types=types, target_opset=_XGBOOST_OPSET).graph
        types = [("features", skl2onnx.common.data_types.FloatTensorType(shape))]
        options = {"zipmap": False}
        return skl2onnx.convert_sklearn(model, initial_types=types, options=options, target_opset=_OPSETS).graph


@contextlib.contextmanager
def _refusals(kind: str) -> Iterator[None]:
    """Both libraries refuse values of parameters with a `ValueError` or a `TypeError`, once they train."""
    try:
        yield
    except (ValueError, TypeError) as error:
        message = str(error).strip().splitlines()
        refusal = message[-1].rstrip(".") if message else type(error).__name__
        raise SettingsError(
            f"{kind}: a value of its parameters is refused: {refusal}",
            hint="`--set network_parameters.NAME=VALUE` changes one",
        ) from error
