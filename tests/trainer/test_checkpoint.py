"""The state of a training is on disk whole, to the bit, or it is the one before."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import resource

import numpy as np
import pytest

from tagger.errors import OutputError
from trainer.network import checkpoint
from trainer.network.checkpoint import State


@pytest.fixture
def state(rng):
    """A state with all that there can be: many arrays, of all kinds and shapes, not all of them finite."""
    return State(
        phase=1,
        phase_epoch=2,
        epoch=7,
        best_score=-0.1 - 1e-12,
        best_epoch=5,
        n_worse=2,
        n_steps=140,
        variables=[rng.normal(size=(number % 3 + 1, 2)).astype(np.float32) for number in range(120)],
        optimizer=[
            np.array(7, np.int64),
            np.array([np.nan, np.inf, -0.0, 5e-324]),
            np.zeros((0, 3), np.float32),
        ],
        best=[rng.normal(size=(3, 3)).astype(np.float16), np.array([True, False])],
        mean=[rng.normal(size=4)],
    )


def bits(state):
    """Everything that a state holds, so that any bit counts."""
    values = {entry.name: getattr(state, entry.name) for entry in dataclasses.fields(state)}
    return {
        name: [(one.dtype.str, one.shape, one.tobytes()) for one in value] if isinstance(value, list) else value
        for name, value in values.items()
    }


def test_what_is_written_is_read_to_the_bit(state, tmp_path):
    """All numbers, and all arrays with their kinds, their shapes and their order."""
    checkpoint.save(state, tmp_path / "new" / "folder")
    assert bits(checkpoint.load(tmp_path / "new" / "folder")) == bits(state)


def test_a_beginning_is_a_state_too(tmp_path):
    """No best epoch, no arrays, a score of minus infinity."""
    checkpoint.save(State(), tmp_path)
    assert checkpoint.load(tmp_path) == State()


@pytest.mark.parametrize("name", [".", "nowhere"])
def test_where_no_state_is_there_is_none(tmp_path, name):
    """An empty folder and a missing one."""
    assert checkpoint.load(tmp_path / name) is None


def test_a_later_state_replaces_the_one_before(state, tmp_path):
    """Whatever the older one held; nothing else stays in the folder."""
    checkpoint.save(state, tmp_path)
    checkpoint.save(State(epoch=8), tmp_path)
    assert checkpoint.load(tmp_path) == State(epoch=8)
    assert len(list(tmp_path.iterdir())) == 1


@contextlib.contextmanager
def full_disk():
    """No file may grow beyond a few kilobytes, as if the disk were full; nor may pytest's output."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_breaks_leaves_the_state_before(state, tmp_path):
    """The next one that can be written is then written all the same."""
    small = State(epoch=3, variables=[np.arange(5)])
    checkpoint.save(small, tmp_path)
    with full_disk(), pytest.raises(OutputError, match="too large"):
        checkpoint.save(dataclasses.replace(state, mean=[np.zeros(9999)]), tmp_path)
    assert bits(checkpoint.load(tmp_path)) == bits(small)
    checkpoint.save(State(epoch=4), tmp_path)
    assert checkpoint.load(tmp_path) == State(epoch=4)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("damage", ["empty", "cut off", "text", "another archive"])
def test_a_damaged_state_is_one_sentence(state, tmp_path, damage):
    """It names the file, and says how to go on."""
    checkpoint.save(state, tmp_path)
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    damages = {"empty": b"", "cut off": content[: len(content) // 2], "text": b"epoch 7"}
    if damage in damages:
        file.write_bytes(damages[damage])
    else:
        np.savez(file, weights=np.zeros(3))
    with pytest.raises(OutputError, match=re.escape(str(file))) as caught:
        checkpoint.load(tmp_path)
    assert "delete it" in caught.value.hint
