"""Blocks of any rate and number of channels → blocks of mono at one rate; the only importer of soxr."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import soxr
from numpy.typing import NDArray

from tagger.sources import native

MAX_BLOCK_SAMPLES = 2**17
_LOUDEST = 1e6  # 120 dB over full scale: only damage is louder


def at_rate(blocks: Iterable[native.NativeBlock], sample_rate: int) -> Iterator[NDArray[np.float32]]:
    """Mix down to the mean of the channels and resample (soxr HQ).

    Samples that are not finite, or absurdly loud, become 0. Where the native rate changes within the stream,
    the resampler is flushed and made anew. How the stream is cut into blocks does not change the samples.

    Yields:
        Blocks of shape (n_samples,), n_samples from 1 to `MAX_BLOCK_SAMPLES`.
    """
    for samples in _resampled(blocks, sample_rate):
        for start in range(0, len(samples), MAX_BLOCK_SAMPLES):
            yield samples[start : start + MAX_BLOCK_SAMPLES]


def mix(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean over channels, shape (n_samples, n_channels) → (n_samples,), with damage silenced."""
    mono = _mean(block)
    if len(mono) and not max(mono.max(), -mono.min()) <= _LOUDEST:
        mono = _mean(np.where(np.abs(block) <= _LOUDEST, block, np.float32(0)))
    return mono


def _mean(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average by a matrix product, which is thirty times faster than `mean(axis=1)` over two channels."""
    n_channels = block.shape[1]
    with np.errstate(invalid="ignore", over="ignore"):
        return block @ np.full(n_channels, 1 / n_channels, np.float32)


def _resampled(blocks: Iterable[native.NativeBlock], sample_rate: int) -> Iterator[NDArray[np.float32]]:
    resampler, native_rate = None, sample_rate
    for block, sr in blocks:
        if sr != native_rate:
            if resampler:
                yield _tail(resampler)
            native_rate = sr
            resampler = None if sr == sample_rate else soxr.ResampleStream(sr, sample_rate, 1, "float32", "HQ")
        mono = mix(block)
        yield resampler.resample_chunk(mono) if resampler else mono
    if resampler:
        yield _tail(resampler)


def _tail(resampler: soxr.ResampleStream) -> NDArray[np.float32]:
    """Flush what the resampler still holds back."""
    return resampler.resample_chunk(np.empty(0, np.float32), last=True)
