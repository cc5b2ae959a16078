"""Spectrograms are computed once, kept by identity, and never crash a run."""

from __future__ import annotations

import dataclasses
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tagger.errors import OutputError
from tagger.inference import frontend
from tagger.inference.frontend import FrontEnd
from tagger.sources import decode
from tests.trainer import material
from trainer.data import features
from trainer.progress import Quiet

FRONT_END = FrontEnd(n_mels=32)


class Counting(Quiet):
    """Counts what it is told."""

    def __init__(self) -> None:
        self.total = 0
        self.n_done = 0

    def stage(self, name: str, total: int = 0) -> None:
        """Remember the total."""
        self.total = total

    def advance(self) -> None:
        """Count."""
        self.n_done += 1


def build(paths, folder, **options):
    """Build with one process unless told otherwise."""
    return features.build(paths, FRONT_END, folder, Quiet(), **({"jobs": 1} | options))


@pytest.fixture
def clip(tmp_path, rng):
    """A clip of a second."""
    return material.write(tmp_path / "a.wav", "noise", rng, 1.0)


def test_what_is_kept_is_what_the_front_end_gives(clip, tmp_path):
    """Half precision errs by 0.032 dB at most."""
    kept = features.load(build([clip], tmp_path / "cache").files[clip])
    y = np.concatenate(list(decode.blocks(clip, FRONT_END.sample_rate)))
    expected = frontend.analyse(y, FRONT_END).values
    assert kept.shape == expected.shape
    assert kept.dtype == np.float16
    assert np.abs(kept.astype(np.float32) - expected).max() <= 2**-5


def test_the_second_run_computes_nothing(clip, tmp_path):
    """A kept spectrogram is used as it is, even if someone changed it."""
    (file,) = build([clip], tmp_path / "cache").files.values()
    np.save(file, np.zeros((3, 32), np.float16))
    assert build([clip], tmp_path / "cache").files == {clip: file}
    assert len(features.load(file)) == 3


@pytest.mark.parametrize("change", ["content", "time", "front end"])
def test_another_identity_is_computed_anew(clip, tmp_path, rng, change):
    """Size, time of change and front-end parameters are part of the identity."""
    (before,) = build([clip], tmp_path / "cache").files.values()
    front_end = FRONT_END
    if change == "content":
        material.write(clip, "noise", rng, 2.0)
    elif change == "time":
        os.utime(clip, (1, 1))
    else:
        front_end = dataclasses.replace(FRONT_END, n_mels=16)
    (after,) = features.build([clip], front_end, tmp_path / "cache", Quiet(), jobs=1).files.values()
    assert after != before
    assert features.load(after).shape[1] == front_end.n_mels


def test_what_does_not_decode_is_left_out_with_its_reason(clip, tmp_path):
    """Broken, empty and missing files are reported; the others are there."""
    broken, empty, gone = (tmp_path / name for name in ("jazz.00054.wav", "empty.wav", "gone.wav"))
    broken.write_bytes(b"\x80" * 5000)
    empty.touch()
    heard = build([broken, clip, empty, gone], tmp_path / "cache")
    assert list(heard.files) == [clip]
    assert set(heard.left_out) == {broken, empty, gone}
    assert all(heard.left_out.values())
    assert not list((tmp_path / "cache").rglob("*.partial"))


def test_progress_counts_every_clip_once(clip, tmp_path):
    """A clip given twice is one clip."""
    progress = Counting()
    features.build([clip, clip, tmp_path / "gone.wav"], FRONT_END, tmp_path / "cache", progress, jobs=1)
    assert (progress.total, progress.n_done) == (2, 2)


def test_processes_give_the_same_as_one(tmp_path, rng):
    """Side by side or one by one: the same spectrograms in the same order."""
    clips = [material.write(tmp_path / f"{n}.wav", "tones", rng, 0.2) for n in range(33)]
    alone, together = build(clips, tmp_path / "one"), build(clips, tmp_path / "two", jobs=2)
    assert list(alone.files) == list(together.files) == clips
    for clip in clips:
        assert np.array_equal(features.load(alone.files[clip]), features.load(together.files[clip]))


def test_a_cache_that_cannot_be_written_ends_in_our_error(clip):
    """The folder is named in one sentence."""
    with pytest.raises(OutputError, match="cannot keep what is heard"):
        build([clip], clip / "cache")


def test_frames_are_read_in_many_threads_at_once(tmp_path, rng):
    """All of them, each as it was kept, and anew once another file has taken its place."""
    kept = {tmp_path / f"{n}.npy": rng.normal(size=(n % 7 + 1, 3)).astype(np.float16) for n in range(400)}
    for file, values in kept.items():
        np.save(file, values)
    with ThreadPoolExecutor(16) as pool:
        assert all(map(np.array_equal, pool.map(features.load, kept), kept.values()))
    first = next(iter(kept))
    np.save(first, np.zeros((9, 3)))
    assert features.load(first).shape == (9, 3)
