"""The network: windows of samples → encoder → mean over time → dense layers → logits."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint as recomputed

from tagger.errors import SettingsError
from tagger.inference.frontend import Array

# 40 s at the encoder's 16 kHz, whose activations while it learns take 4 GB in wav2vec2-base.
_SAMPLES_AT_A_TIME = 640_000

# Windows whose pooled encoding is remembered: 0.8 GB of the 768 numbers of wav2vec2-base.
_MOST_KEPT = 2**18


@dataclass(frozen=True)
class Architecture:
    """The numbers of a network.

    Attributes:
        weights: Of the encoder, which hears 16 kHz: the id of a model on Hugging Face's hub, a folder that
            transformers wrote, or "none" for random ones.
        encoder: Keyword arguments of `transformers.Wav2Vec2Config`, for random weights; none give base's size.
        units: Of the dense layers before the last.
        dropouts: Share that is dropped after each of them, 0 to 1; layers beyond these have none.
        norm: Before the ReLU of each of them.
        frozen: Whether the encoder never learns, in no phase.
        encoder_rate: Learning rate of the encoder, as a share of that of the head.
    """

    weights: str = "facebook/wav2vec2-base"
    encoder: Mapping[str, Any] = field(default_factory=dict)
    units: tuple[int, ...] = (128,)
    dropouts: tuple[float, ...] = (0.3,)
    norm: Literal["none", "batch", "layer"] = "none"
    frozen: bool = False
    encoder_rate: float = 0.1


# Li et al. 2025, Experiment 3: heads of 768→128→n and of 768→256→128→n with more normalisation.
NETWORKS = {
    "frozen": Architecture(frozen=True),
    "progressive": Architecture(units=(256, 128), dropouts=(0.3, 0.2), norm="batch"),
}

_NORMS = {"none": nn.Identity, "batch": nn.BatchNorm1d, "layer": nn.LayerNorm}


def architecture(name: str, parameters: Mapping[str, Any]) -> Architecture:
    """One of `NETWORKS`, with some parameters changed.

    Raises:
        SettingsError: There is no such network, parameter or normalisation.
    """
    if name not in NETWORKS:
        raise SettingsError(f"`{name}` is no network of Wav2Vec2", hint=f"they are {', '.join(NETWORKS)}")
    known = [entry.name for entry in dataclasses.fields(Architecture)]
    for parameter in parameters:
        if parameter not in known:
            raise SettingsError(
                f"{name}: there is no parameter `{parameter}`", hint=f"there are {', '.join(known)}"
            )
    chosen = dataclasses.replace(NETWORKS[name], **parameters)
    if chosen.norm not in _NORMS:
        raise SettingsError(f"{name}: no normalisation `{chosen.norm}`", hint=f"there are {', '.join(_NORMS)}")
    return chosen


class Network(nn.Module):
    """From windows, shape (n_windows, n_frames, hop_length), to logits and embedding.

    Args:
        encoder: A `transformers.Wav2Vec2Model`.
        architecture: The numbers of the head.
        n_genres: Number of logits.
    """

    def __init__(self, encoder: Any, architecture: Architecture, n_genres: int) -> None:
        super().__init__()
        self.encoder = encoder
        width, layers = encoder.config.hidden_size, []
        dropouts = itertools.chain(architecture.dropouts, itertools.repeat(0.0))
        for units, dropout in zip(architecture.units, dropouts, strict=False):
            layers += [
                nn.Linear(width, units),
                _NORMS[architecture.norm](units),
                nn.ReLU(),
                nn.Dropout(dropout),
            ]
            width = units
        self.head = nn.ModuleDict({"trunk": nn.Sequential(*layers), "logits": nn.Linear(width, n_genres)})

    @property
    def device(self) -> Any:
        """Where it computes."""
        return self.head["logits"].weight.device

    @property
    def least_samples(self) -> int:
        """Samples from which the convolutions of the encoder make one frame."""
        config, n_samples = self.encoder.config, 1
        for kernel, stride in zip(reversed(config.conv_kernel), reversed(config.conv_stride), strict=True):
            n_samples = (n_samples - 1) * stride + kernel
        return n_samples

    def forward(self, windows: Any) -> tuple[Any, Any]:
        """Logits, shape (n_windows, n_genres), and embeddings, shape (n_windows, k)."""
        return self.classify(self.pool(windows))

    def pool(self, windows: Any) -> Any:
        """The mean over time of the encoding, shape (n_windows, hidden_size)."""
        y = windows.flatten(1)
        # Mean 0 and variance 1, as `transformers.Wav2Vec2FeatureExtractor` does it.
        y = y - y.mean(dim=1, keepdim=True)
        y = y / torch.sqrt((y**2).mean(dim=1, keepdim=True) + 1e-7)
        return self.encoder(y).last_hidden_state.mean(dim=1)

    def classify(self, pooled: Any) -> tuple[Any, Any]:
        """Logits and embeddings of what `pool` gives; an embedding is what the last layer sees."""
        embedding = self.head["trunk"](pooled)
        return self.head["logits"](embedding), embedding


class Hearing:
    """Asks a network's encoder for few windows at a time, and remembers its answers until it learns.

    Args:
        network: On the device that is to compute.
    """

    def __init__(self, network: Any) -> None:
        self.network = network
        self._kept: dict[bytes, Array] | None = {}

    @property
    def encoder_learns(self) -> bool:
        """Whether the encoder has begun to differ from the one that was loaded."""
        return self._kept is None

    def forget(self) -> None:
        """Remember nothing any more, since the encoder is going to change."""
        self._kept = None

    def pooled(self, windows: Array) -> Any:
        """What `Network.pool` gives for windows, shape (n_windows, hidden_size), on the network's device."""
        if self._kept is None:
            return self._pool(windows)
        if len(self._kept) > _MOST_KEPT:
            self._kept.clear()
        keys = [hashlib.blake2b(window.tobytes(), digest_size=16).digest() for window in windows]
        fresh = {key: index for index, key in enumerate(keys) if key not in self._kept}
        # What is remembered serves answers too, which are given in full precision.
        with torch.no_grad(), torch.autocast(self.network.device.type, enabled=False):
            for piece in _pieces(list(fresh.values()), windows[0].size):
                answers = self.network.pool(self._tensor(windows[piece])).cpu().numpy()
                self._kept.update(zip([keys[index] for index in piece], answers, strict=True))
        return self._tensor(np.stack([self._kept[key] for key in keys]))

    def _pool(self, windows: Array) -> Any:
        pieces = [self._tensor(windows[piece]) for piece in _pieces(range(len(windows)), windows[0].size)]
        if len(pieces) == 1 or not torch.is_grad_enabled():
            return torch.cat([self.network.pool(piece) for piece in pieces])
        # Hearing all pieces a second time takes a third longer, and only the memory of one.
        return torch.cat([recomputed(self.network.pool, piece, use_reentrant=False) for piece in pieces])

    def _tensor(self, values: Array) -> Any:
        return torch.tensor(values, device=self.network.device)


def _pieces(indices: Sequence[int], n_samples: int) -> list[list[int]]:
    """Indices of windows of so many samples, as many at a time as memory allows."""
    size = max(1, _SAMPLES_AT_A_TIME // n_samples)
    return [list(indices[start : start + size]) for start in range(0, len(indices), size)]
