"""What a network costs to run, counted from its layers."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import layers


def flops(model: Any, n_frames: int) -> int:
    """Floating-point operations of a window's convolutions and dense layers, a multiply-add counting as two.

    Args:
        model: A network built of built-in layers.
        n_frames: Length of the window, in frames.
    """
    outputs = [layer.output for layer in _weighted(model)]
    names = [layer.name for layer in _weighted(model)]
    # A layer may hear the one window in several pieces, beside each other.
    window = keras.ops.zeros((1, n_frames, model.input_shape[-1]))
    shapes = dict(zip(names, (out.shape for out in keras.Model(model.input, outputs)(window)), strict=True))
    return sum(2 * math.prod(shapes[layer.name]) * _terms(layer) for layer in _weighted(model))


def _weighted(model: Any) -> list[Any]:
    kinds = (layers.Conv1D, layers.Conv2D, layers.DepthwiseConv2D, layers.Dense)
    return [layer for layer in model.layers if isinstance(layer, kinds)]


def _terms(layer: Any) -> int:
    """Number of products that are summed for one output value."""
    kernel = layer.kernel.shape
    return math.prod(kernel[:2]) if isinstance(layer, layers.DepthwiseConv2D) else math.prod(kernel[:-1])
