"""Weights that torchvision has published as .pth files, in Keras' order of axes; only this needs PyTorch."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from tagger.errors import SettingsError


def read(file: Path) -> list[list[Any]]:
    """Kernel and bias of each layer of a network that is a chain of convolutions, then of dense layers.

    Args:
        file: A dictionary of tensors, as torchvision's own downloads are: AlexNet, VGG.

    Raises:
        SettingsError: PyTorch is not installed.
        ValueError: The file holds something else.
    """
    try:
        import torch
    except ImportError as error:
        raise SettingsError(
            f"{file}: reading it needs the package torch", hint="pip install 'audio-genre-tagger[wav2vec2]'"
        ) from error
    state = torch.load(file, map_location="cpu", weights_only=True)
    arrays = [tensor.numpy() for tensor in state.values()]
    chain: list[list[Any]] = []
    n_maps = 0
    for kernel, bias in zip(arrays[::2], arrays[1::2], strict=True):
        if kernel.ndim == 4:
            chain.append([kernel.transpose(2, 3, 1, 0), bias])
            n_maps = len(bias)
        elif kernel.ndim == 2:
            chain.append([_channels_last(kernel, n_maps) if n_maps else kernel.T, bias])
            n_maps = 0
        else:
            raise ValueError(f"a kernel of {kernel.ndim} axes")
    return chain


def _channels_last(kernel: Any, n_maps: int) -> Any:
    """The first dense kernel, (n_after, maps × height × width), as (height × width × maps, n_after)."""
    points = math.isqrt(kernel.shape[1] // n_maps)
    return (
        np.reshape(kernel, (len(kernel), n_maps, points, points)).transpose(2, 3, 1, 0).reshape(-1, len(kernel))
    )
