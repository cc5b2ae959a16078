"""A ring never reorders, loses only the oldest samples, and counts them exactly."""

import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.sources.ring import Ring

RATE = 1000
WRITES = st.tuples(st.just("write"), st.integers(0, 40), st.booleans())
READS = st.tuples(st.just("read"), st.integers(1, 40), st.just(False))


def numbered(first, n_samples, n_channels=2):
    """Samples that say which they are, the same in all channels but for the sign."""
    numbers = np.arange(first, first + n_samples, dtype=np.float32)
    return np.stack([numbers, -numbers], 1)[:, :n_channels]


@settings(max_examples=300, deadline=None)
@given(
    size=st.integers(1, 24), n_channels=st.integers(1, 2), steps=st.lists(st.one_of(WRITES, READS), max_size=40)
)
def test_every_sample_is_read_in_its_place_or_counted_as_lost(size, n_channels, steps):
    """Whatever is done, each sample comes once, in order, or is among those counted before the next."""
    ring = Ring(size, n_channels, RATE)
    n_written = n_told = 0
    breaks: set[int] = set()
    for step, n_samples, is_broken in [*steps, *[("read", size, False)] * (len(steps) + size)]:
        if step == "write":
            breaks |= {n_written} if is_broken else set()
            ring.write(numbered(n_written, n_samples, n_channels), n_written, is_broken=is_broken)
            n_written += n_samples
            continue
        piece = ring.read(n_samples, 0)
        if piece is None:
            assert n_told == n_written
            continue
        n_told += piece.n_lost
        assert piece.n_lost == 0 or n_told + size >= n_written, (
            "only the oldest are lost, and only for want of room"
        )
        assert np.array_equal(piece.samples, numbered(n_told, len(piece.samples), n_channels))
        assert piece.is_broken == (n_told in breaks)
        assert not breaks & set(range(n_told + 1, n_told + len(piece.samples))), (
            "a break is never inside a piece"
        )
        assert 1 <= len(piece.samples) <= n_samples
        n_told += len(piece.samples)
    assert n_told == n_written


def test_nothing_is_lost_while_there_is_room():
    """A ring that is just full has lost nothing; one sample more pushes out one."""
    ring = Ring(10, 1, RATE)
    ring.write(numbered(0, 10, 1), 0)
    assert ring.read(1, 0).n_lost == 0
    ring.write(numbered(10, 2, 1), 0)
    piece = ring.read(99, 0)
    assert (piece.n_lost, piece.samples[:, 0].tolist()) == (1, list(range(2, 12)))


def test_a_block_larger_than_the_ring_leaves_its_end():
    """Of a block that has no room the newest samples stay."""
    ring = Ring(4, 1, RATE)
    ring.write(numbered(0, 3, 1), 0)
    ring.write(numbered(3, 11, 1), 0)
    piece = ring.read(99, 0)
    assert (piece.n_lost, piece.samples[:, 0].tolist()) == (10, [10, 11, 12, 13])


def test_a_break_is_told_once():
    """Blocks without samples, of which several say that samples were dropped, are one break in one place."""
    ring = Ring(10, 1, RATE)
    for n_samples in (2, 0, 0, 3):
        ring.write(numbered(0, n_samples, 1), 0, is_broken=n_samples != 2)
    pieces = [ring.read(10, 0) for _ in range(3)]
    assert [piece and (len(piece.samples), piece.is_broken) for piece in pieces] == [
        (2, False),
        (3, True),
        None,
    ]


def test_what_is_read_late_keeps_its_time():
    """The time of a piece is when its last sample came, however long it lay in the ring."""
    ring = Ring(1000, 1, RATE)
    ring.write(numbered(0, 500, 1), 7.5)
    assert [ring.read(200, 0).end_seconds for _ in range(3)] == pytest.approx([7.2, 7.4, 7.5])


def test_what_was_read_is_the_readers_own():
    """Later writes do not change a piece."""
    ring = Ring(4, 1, RATE)
    ring.write(numbered(0, 4, 1), 0)
    piece = ring.read(4, 0)
    ring.write(numbered(50, 4, 1), 0)
    assert piece.samples[:, 0].tolist() == [0, 1, 2, 3]


def test_a_reader_is_woken_and_does_not_wait_in_vain():
    """A waiting reader gets what comes at once, and nothing after its time."""
    ring = Ring(10, 1, RATE)
    start = time.monotonic()
    assert ring.read(1, 0.05) is None
    assert time.monotonic() - start >= 0.05
    threading.Timer(0.05, ring.write, [numbered(0, 3, 1), 0]).start()
    assert len(ring.read(10, 10).samples) == 3
    assert time.monotonic() - start < 5


def test_a_writer_and_a_reader_at_once():
    """A fast writer and a slow reader in two threads agree about every sample."""
    ring, n_samples = Ring(997, 2, RATE), 200_000

    def write():
        for first in range(0, n_samples, 61):
            ring.write(numbered(first, min(61, n_samples - first)), 0)

    thread = threading.Thread(target=write)
    thread.start()
    n_told = n_lost = 0
    while n_told < n_samples:
        piece = ring.read(100, 5)
        n_told, n_lost = n_told + piece.n_lost, n_lost + piece.n_lost
        assert np.array_equal(piece.samples, numbered(n_told, len(piece.samples)))
        n_told += len(piece.samples)
    thread.join()
    assert n_told == n_samples
