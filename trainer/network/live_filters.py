"""The published weights of musicnn, without the filters that weight decay has driven to zero.

A dead filter gives the same number everywhere; what the next layer makes of it becomes part of its bias. That
goes on into the padding at both ends of a window, where the published network has zeros: the embedding of 3 s
differs by up to 0.03 % of its largest value.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.network.packages import Package

PACKAGE = Package(
    name="musicnn",
    version="0.1.0",
    url="https://files.pythonhosted.org/packages/1b/6f/"
    "38229e7d99c438e11114bbfa39c8c39185458c398011d0b6d7d7c7401617/musicnn-0.1.0-py3-none-any.whl",
    sha256="f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa",
    weights="musicnn",
    hint="`pip download musicnn==0.1.0 --no-deps` fetches it, and `--weights FILE` reads the .whl file; "
    "`--recipe cnn` needs none",
)
"""29 MB."""

FRONT = ("timbre_low", "timbre_high", "rhythm_long", "rhythm_medium", "rhythm_short")
"""The convolutions that see the spectrogram, in the order of the checkpoint."""

_CHECKPOINT = "musicnn/MSD_musicnn"
_DEAD = 1e-3  # of the longest filter; live ones are above 4e-3, dead ones below 1e-6
_EPSILON = 1e-3  # of batch normalisation in TensorFlow 1

Weights = dict[str, list[NDArray[np.float32]]]
_Read = Callable[[str], NDArray[np.float32]]


def read(package: Path) -> Weights:
    """The live part of the network that learned from the Million Song Dataset.

    Args:
        package: The wheel musicnn 0.1.0.

    Returns:
        The weights of each layer of the trunk of `musicnn.build`, by its name.

    Raises:
        SettingsError: The file cannot be read, or is not that package.
    """
    PACKAGE.check(package)
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(package) as archive:
        for kind in ("index", "data-00000-of-00001"):
            # A checkpoint without a name before its dot is not found.
            Path(folder, f"msd.{kind}").write_bytes(archive.read(f"{_CHECKPOINT}/.{kind}"))
        return _live(_reader(f"{folder}/msd"))


def _reader(prefix: str) -> _Read:
    from tensorflow import train  # only this format needs it

    return train.load_checkpoint(prefix).get_tensor


def _live(read_tensor: _Read) -> Weights:
    found: Weights = {"input_norm": _norm(read_tensor, 0)}
    live, constants, n_before = [], [], 0
    for index, name in enumerate(FRONT):
        kernel, bias = _layer(read_tensor, "conv2d", index)
        norm = _norm(read_tensor, index + 1)
        own = _living(kernel)
        found[name] = [kernel[..., own], bias[own]]
        found[f"{name}_norm"] = [values[own] for values in norm]
        live.append(n_before + own)
        constants.append(_after_norm(bias, norm))
        n_before += len(bias)
    return found | _behind(read_tensor, np.concatenate(live), np.concatenate(constants))


def _behind(read_tensor: _Read, front: NDArray[np.intp], constants: NDArray[np.float32]) -> Weights:
    """The layers behind the front: three dense convolutions, each added to the one before, and the embedding.

    Channels of the first are put in front in the other two, so that it is added by zeros put behind it.
    """
    first, bias = _layer(read_tensor, "conv2d", 5)
    first = first[:, :, 0]
    dead = np.setdiff1d(np.arange(len(constants)), front)
    bias = bias + np.einsum("kco,c->o", first[:, dead], constants[dead])
    own, norm = _living(first), _norm(read_tensor, 6)
    order = np.concatenate([own, np.setdiff1d(np.arange(len(bias)), own)])
    rest = _after_norm(bias, norm)
    rest[own] = 0
    found = {"dense1": [first[:, front][..., own], bias[own]], "dense1_norm": [values[own] for values in norm]}

    second, bias = _layer(read_tensor, "conv2d", 6)
    second = second[:, :, 0][..., order]
    bias = (bias + np.einsum("kco,c->o", read_tensor("conv2d_6/kernel")[:, :, 0], rest))[order]
    gamma, beta, mean, variance = (values[order] for values in _norm(read_tensor, 7))
    found |= {"dense2": [second[:, own], bias], "dense2_norm": [gamma, beta + rest[order], mean, variance]}

    third, bias = _layer(read_tensor, "conv2d", 7)
    third = third[:, :, 0][:, order][..., order]
    found |= {"dense3": [third, bias[order]], "dense3_norm": [v[order] for v in _norm(read_tensor, 8)]}
    return found | _embedding(read_tensor, front, own, order, np.concatenate([constants, rest]))


def _embedding(
    read_tensor: _Read,
    front: NDArray[np.intp],
    own: NDArray[np.intp],
    order: NDArray[np.intp],
    constants: NDArray[np.float32],
) -> Weights:
    """The dense layer on the maximum and the mean of each channel; those of dead channels are constant."""
    kernel, bias = _layer(read_tensor, "dense", 0)
    gamma, beta, mean, variance = _norm(read_tensor, 9)
    scale = gamma / np.sqrt(variance + _EPSILON)
    bias = bias + (beta - mean * scale) @ kernel
    by_channel = (kernel * scale[:, None]).reshape(-1, 2, kernel.shape[1])  # maximum and mean alternate
    n_front, n_each = len(constants) - len(order), len(order)
    kept = np.concatenate([front, n_front + own, n_front + n_each + order, n_front + 2 * n_each + order])
    dead = np.setdiff1d(np.arange(n_front + n_each), kept)
    bias = bias + np.einsum("c,cpo->o", constants[dead], by_channel[dead])
    kernel = np.concatenate([by_channel[kept, 0], by_channel[kept, 1]])
    return {"heard": [kernel, bias], "heard_norm": _norm(read_tensor, 10)}


def _living(kernel: NDArray[np.float32]) -> NDArray[np.intp]:
    """Output channels whose filter is not zero."""
    length = np.sqrt(np.sum(kernel**2, axis=tuple(range(kernel.ndim - 1))))
    return np.flatnonzero(length > _DEAD * length.max())


def _after_norm(bias: NDArray[np.float32], norm: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """What a filter of zeros gives after ReLU and batch normalisation."""
    gamma, beta, mean, variance = norm
    return gamma * (np.maximum(bias, 0) - mean) / np.sqrt(variance + _EPSILON) + beta


def _layer(read_tensor: _Read, kind: str, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    name = f"{kind}_{index}" if index else kind
    return read_tensor(f"{name}/kernel"), read_tensor(f"{name}/bias")


def _norm(read_tensor: _Read, index: int) -> list[NDArray[np.float32]]:
    name = f"batch_normalization_{index}" if index else "batch_normalization"
    return [read_tensor(f"{name}/{value}") for value in ("gamma", "beta", "moving_mean", "moving_variance")]
