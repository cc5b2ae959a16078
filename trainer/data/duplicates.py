"""Recordings that hold the same audio, found by their fingerprints: no pair is compared without a reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.data import fingerprint
from trainer.data.fingerprint import HOP_LENGTH, SAMPLE_RATE, Fingerprint

LEAST_COMMON_SECONDS = 2.0

# Measured on 1,535 clips of real music and 1,260 re-encoded crops of them: at most 0.21 for the same recording,
# at least 0.29 for others.
MOST_BIT_ERRORS = 0.25

_KEY = np.uint32(0xFFFFFF)  # bits by which frames find each other: fewer find more in bad copies, and in vain
_MOST_SHARED = 64  # frames that more places share are held notes, and tell nothing
_MOST_INDEXED = 4_000_000
_AROUND = np.arange(-48, 49, 4)  # frames compared about a hit, before recordings are
_MOST_BIT_ERRORS_AROUND = 0.38
_OFFSETS_TRIED = 4

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Match:
    """Two recordings with the same audio.

    Attributes:
        first: Index of one.
        second: Index of the other, which is greater.
        offset_seconds: Where the beginning of the second lies in the first; negative if before it.
        common_seconds: Length of what they have in common.
        bit_error_rate: Share of the bits that differ there, 0 to 1.
    """

    first: int
    second: int
    offset_seconds: float
    common_seconds: float
    bit_error_rate: float


def find(fingerprints: Sequence[Fingerprint]) -> list[Match]:
    """The pairs of recordings that agree wherever they overlap, for two seconds at least, in order.

    Of more than about 1,500 clips of 30 seconds only a part of the frames is looked up, the same in all: then
    short or badly coded copies may escape.
    """
    return [
        match
        for pair, offsets in _candidates(fingerprints)
        if (match := _best(fingerprints, *pair, offsets)) is not None
    ]


def _best(fingerprints: Sequence[Fingerprint], first: int, second: int, offsets: list[int]) -> Match | None:
    """The match at the best of some offsets, each a frame off at most; None if there is none."""
    near = {offset + step for offset in offsets for step in (-1, 0, 1)}
    compared = [
        (*fingerprint.bit_error_rate(fingerprints[first], fingerprints[second], offset), offset)
        for offset in sorted(near)
    ]
    enough = [one for one in compared if fingerprint.seconds(one[1]) >= LEAST_COMMON_SECONDS]
    if not enough or min(enough)[0] > MOST_BIT_ERRORS:
        return None
    rate, n_frames, offset = min(enough)
    return Match(first, second, offset * HOP_LENGTH / SAMPLE_RATE, fingerprint.seconds(n_frames), rate)


def _candidates(fingerprints: Sequence[Fingerprint]) -> Iterator[tuple[tuple[int, int], list[int]]]:
    """Pairs that look alike about some frame, with the offsets at which most frames do, in frames."""
    hits = np.concatenate([np.empty((0, 3), np.int64), *_hits(fingerprints)])
    if not len(hits):
        return
    rows, counts = np.unique(hits, axis=0, return_counts=True)
    order = np.lexsort((-counts, rows[:, 1], rows[:, 0]))
    rows = rows[order]
    starts = np.flatnonzero(np.r_[True, np.any(np.diff(rows[:, :2], axis=0), axis=1)])
    for start, stop in zip(starts, [*starts[1:], len(rows)], strict=True):
        offsets = [int(offset) for offset in rows[start : min(stop, start + _OFFSETS_TRIED), 2]]
        yield (int(rows[start, 0]), int(rows[start, 1])), offsets


def _hits(fingerprints: Sequence[Fingerprint]) -> Iterator[Places]:
    """Frames of two recordings with the same key and alike around: first, second, offset, shape (n_hits, 3)."""
    sizes = np.array([len(one.bits) for one in fingerprints], np.int64)
    starts = np.cumsum(sizes) - sizes
    bits = np.concatenate([np.empty(0, np.uint32), *(one.bits for one in fingerprints)])
    keys, places = _index(fingerprints, starts)
    owners = np.searchsorted(starts, places, side="right") - 1
    for distance in range(1, _MOST_SHARED):
        same = np.flatnonzero(keys[distance:] == keys[: len(keys) - distance])
        if not len(same):
            return
        same = same[owners[same] != owners[same + distance]]
        first, second = owners[same], owners[same + distance]
        here, there = places[same], places[same + distance]
        differing = np.zeros(len(same), np.int64)
        for step in _AROUND:
            one = np.clip(here + step, starts[first], starts[first] + sizes[first] - 1)
            other = np.clip(there + step, starts[second], starts[second] + sizes[second] - 1)
            differing += np.bitwise_count(bits[one] ^ bits[other])
        alike = differing <= _MOST_BIT_ERRORS_AROUND * 32 * len(_AROUND)
        offsets = (here - starts[first]) - (there - starts[second])
        yield np.stack([first, second, offsets], axis=1)[alike]


def _index(fingerprints: Sequence[Fingerprint], starts: Places) -> tuple[NDArray[np.uint32], Places]:
    """Keys in order, and the place of each among all frames; places of one key are in order too.

    If there are too many, only every second, fourth, … key is taken: alike in all recordings, so that what is
    equal stays.
    """
    total = sum(len(one.bits) for one in fingerprints)
    thinning = np.uint32(1 << max(0, int(np.ceil(np.log2(max(1, total) / _MOST_INDEXED)))))
    keys, places = [np.empty(0, np.uint32)], [np.empty(0, np.int64)]
    for one, start in zip(fingerprints, starts, strict=True):
        key = one.bits & _KEY
        telling = one.audible & (np.diff(key, prepend=~key[:1]) != 0)
        telling &= (key * np.uint32(2654435761) >> np.uint32(16)) % thinning == 0
        at = np.flatnonzero(telling)
        keys.append(key[at])
        places.append(at + start)
    all_keys, all_places = np.concatenate(keys), np.concatenate(places)
    order = np.argsort(all_keys, kind="stable")
    return all_keys[order], all_places[order]
