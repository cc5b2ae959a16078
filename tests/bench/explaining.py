"""Whether maps mark what decides: what the winner loses without the cells they mark, and without random ones.

python -m tests.bench.explaining [MUSIC]

MUSIC is the folder of labelled real music. The deletion measure is that of Petsiuk, Das & Saenko, RISE:
Randomized Input Sampling for Explanation of Black-box Models, BMVC 2018; weights are drawn anew as by Adebayo
et al., Sanity Checks for Saliency Maps, NeurIPS 2018. Tiles of 11 frames and 6 bands stand
still, by each window's own map, and the windows vote again.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from tagger import pipeline
from tagger.engine import Plan, whole
from tagger.inference import calibrate, canvas, occlusion
from tagger.inference.gradients import Gradients
from tagger.settings import Settings
from tests.bench.__main__ import music_folder

N_TRACKS = 30
SHARES = (0.1, 0.2, 0.3)
TILE = (11, 6)
_N_WINDOWS = 4
_FILTERS = ("timbre_low", "timbre_high", "rhythm_long", "rhythm_medium", "rhythm_short")
_FIXED = ("own_genres", "is_music", "is_none")  # what turns the answers of two heads into one

Array = NDArray[Any]
Maps = Callable[[Array, int], Array]


def tracks(music: Path, n: int = N_TRACKS) -> Iterator[Path]:
    """Some clips of about 30 seconds, always the same, of all genres."""
    with (music / "manifest.csv").open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if float(row["seconds"] or 0) >= 28]
    for number in np.random.default_rng(3).permutation(len(rows))[:n]:
        yield music / rows[number]["file"]


def windows_of(path: Path, plan: Plan) -> tuple[Array, int]:
    """The windows of a clip that say most for its winner, and the winner."""
    heard = whole.hear(path, plan)
    winner = int(heard.probabilities.mean(axis=0).argmax())
    best = np.flatnonzero(heard.is_audible)[np.argsort(-heard.probabilities[:, winner])[:_N_WINDOWS]]
    found = whole.windows(path, plan, best)
    return np.stack([found[number].frames for number in sorted(found)]), winner


def lost(plan: Plan, windows: Array, winner: int, maps: Array, share: float) -> float:
    """How much of the winner's probability goes with the tiles that maps mark most."""
    n_frames, n_bands = TILE
    n, rows, columns = len(windows), windows.shape[1] // n_frames, windows.shape[2] // n_bands
    tiles = maps[:, : rows * n_frames, : columns * n_bands]
    means = tiles.reshape(n, rows, n_frames, columns, n_bands).mean(axis=(2, 4)).reshape(n, -1)
    marked = np.zeros(means.shape, bool)
    first = np.argsort(-means, axis=1, kind="stable")[:, : round(share * means.shape[1])]
    np.put_along_axis(marked, first, True, axis=1)
    cells = np.zeros(windows.shape, bool)
    cells[:, : rows * n_frames, : columns * n_bands] = (
        marked.reshape(n, rows, columns).repeat(n_frames, axis=1).repeat(n_bands, axis=2)
    )
    changed = np.stack([canvas.Frames(one).without(cell) for one, cell in zip(windows, cells, strict=True)])
    before, after = (predicted(plan, each)[:, winner].mean() for each in (windows, changed))
    return float(before - after)


def predicted(plan: Plan, windows: Array) -> Array:
    """Calibrated probabilities."""
    return calibrate.probabilities(plan.runtime.logits(windows), plan.artefact.card.calibration)


def smooth(maps: Array) -> Array:
    """As maps are shown."""
    return np.stack([canvas.strengths(one) for one in maps])


def published(cam: Gradients) -> Maps:
    """Grad-CAM, of all filters that see the spectrogram: behind them there are no bands any more."""
    import keras
    import tensorflow as tf

    network = cam.network
    layers = [network.get_layer(f"{name}_norm").output for name in _FILTERS]
    both = keras.Model(network.input, {"logits": network.output["logits"], "layers": layers})

    def maps(windows: Array, winner: int) -> Array:
        with tf.GradientTape() as tape:
            heard = tf.constant(windows)
            tape.watch(heard)
            said = both(heard, training=False)
            score = said["logits"][:, winner]
        gradients = tape.gradient(score, said["layers"])
        found = zip(_FILTERS, said["layers"], gradients, strict=True)
        total: Array = np.sum([at_bands(one_layer(*each), name) for name, *each in found], axis=0)
        return total

    def one_layer(answers: Any, gradients: Any) -> Array:
        weights = gradients.numpy().mean(axis=(1, 2), keepdims=True)
        found: Array = np.maximum((answers.numpy() * weights).sum(axis=-1), 0)
        return found

    def at_bands(found: Array, name: str) -> Array:
        """Each answer at the middle band of what its filter sees; as many frames go in as come out."""
        layer = network.get_layer(name)
        middles = layer.strides[1] * np.arange(found.shape[2]) + (layer.kernel_size[1] - 1) / 2
        bands = np.arange(network.input.shape[2])
        return np.apply_along_axis(lambda row: np.interp(bands, middles, row), 2, found)

    return maps


def drawn_anew(network: Any, seed: int) -> None:
    """Give a network other filters of the same sizes: each one's own numbers in another order."""
    rng = np.random.default_rng(seed)
    for layer in network.layers:
        if layer.name not in _FIXED:
            old = layer.get_weights()
            layer.set_weights(
                [rng.permutation(one.ravel()).reshape(one.shape) if one.ndim > 1 else one for one in old]
            )


def main(music: Path) -> None:
    """Print what the winner loses by each kind of map, and how maps of other weights correlate with ours."""
    plan = pipeline.prepare(Settings(runtime="onnx", effort="full"))
    cam, other = Gradients(plan.artefact), Gradients(plan.artefact)
    drawn_anew(other.network, 0)
    rng = np.random.default_rng(0)

    def by_gradients(windows: Array, winner: int, by: Gradients = cam) -> Array:
        return smooth(by.maps(windows, canvas.still(windows), [winner])[:, 0])

    def by_occlusion(windows: Array, winner: int) -> Array:
        said = [
            occlusion.maps(canvas.Frames(one), [winner], lambda rows: predicted(plan, rows)) for one in windows
        ]
        return smooth(np.stack([one[0] for one in said]))

    kinds: dict[str, Maps] = {
        "random tiles": lambda windows, winner: rng.random(windows.shape),
        "Grad-CAM, of the filters": published(cam),
        "gradients, as tagger explain": by_gradients,
        "occlusion, as tagger explain": by_occlusion,
    }
    losses: dict[str, list[list[float]]] = {name: [] for name in kinds}
    correlations = []
    for path in tracks(music):
        windows, winner = windows_of(path, plan)
        for name, kind in kinds.items():
            maps = kind(windows, winner)
            losses[name].append([lost(plan, windows, winner, maps, share) for share in SHARES])
        ours, theirs = (by_gradients(windows, winner, each) for each in (cam, other))
        correlations.append(stats.spearmanr(ours.ravel(), theirs.ravel()).statistic)
    for name, rows in losses.items():
        means = "  ".join(f"{100 * mean:5.1f}" for mean in np.mean(rows, axis=0))
        better = np.mean(np.array(rows) > np.array(losses["random tiles"]), axis=0)
        print(f"{name:<32} {means}   more than random in " + "  ".join(f"{100 * one:.0f} %" for one in better))
    print(f"rank correlation with the maps of other weights: {np.mean(correlations):.2f} in the mean")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else music_folder())
