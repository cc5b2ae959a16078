"""What is wrong with the files of a corpus is found and said."""

from __future__ import annotations

import json
import os
import shutil

import numpy as np
import pytest
import soundfile

from tagger.errors import OutputError
from tests.trainer.test_fingerprint import melody
from trainer import corpora
from trainer.data import checks, sounds, splits
from trainer.progress import Quiet

RATE = 44100


class Counting(Quiet):
    """Counts what it is told."""

    def __init__(self) -> None:
        self.n_done = 0

    def advance(self) -> None:
        """One more."""
        self.n_done += 1


@pytest.fixture
def corpus(tmp_path):
    """Two genres: two tunes and a crop of one under another artist; a broken, and a silent file."""
    for name, y in {
        "jazz/a/1.wav": melody(1, 6),
        "jazz/b/2.wav": melody(1, 6)[2 * RATE :],
        "folk/c/3.flac": melody(2, 4),
        "folk/d/4.wav": np.zeros(3 * RATE),
    }.items():
        (tmp_path / "music" / name).parent.mkdir(parents=True)
        soundfile.write(tmp_path / "music" / name, y, RATE)
    (tmp_path / "music" / "folk" / "d" / "5.mp3").write_bytes(b"no music at all")
    return corpora.load(f"folder:{tmp_path / 'music'}", data=None, cache=tmp_path)


def test_a_report_says_what_is_there(corpus, tmp_path):
    """Counts, lengths, rates and codings are those of the files; what is wrong is named."""
    watch = Counting()
    report = checks.inspect([corpus], tmp_path / "sounds", watch)
    (contents,) = report.contents
    assert contents.labels == {"folk": 3, "jazz": 2}
    assert contents.lengths_seconds == pytest.approx((3, 4, 4, 6), abs=0.01)
    assert contents.sample_rates == {RATE: 4}
    assert contents.codecs == {"pcm_16": 4}
    assert {path.name: why for path, why in contents.undecodable.items()} == {
        "5.mp3": "not a known audio format"
    }
    assert [path.name for path in contents.silent] == ["4.wav"]
    assert watch.n_done == 5
    assert not report.is_clean


def test_duplicates_are_found_with_what_differs(corpus, tmp_path):
    """The crop is found, its other artist is told, and the report is plain data."""
    report = checks.inspect([corpus], tmp_path / "sounds", Quiet())
    (twice,) = report.duplicates
    assert [twice.first.path.name, twice.second.path.name] == ["1.wav", "2.wav"]
    assert twice.faults == ("different groups",)
    plain = json.loads(json.dumps(report.as_dict()))
    assert plain["duplicates"][0]["common_seconds"] == pytest.approx(4, abs=0.3)
    assert plain["corpora"][0]["seconds"] == {"shortest": 3.0, "median": 4.0, "longest": 6.0}


def test_copies_too_short_for_fingerprints_are_found(tmp_path):
    """Half a second that is there twice is one recording; silence is none."""
    for name, y in {
        "jazz/a/1.wav": melody(1, 6)[: RATE // 2],
        "folk/b/2.wav": melody(1, 6)[: RATE // 2],
        "folk/c/3.wav": melody(2, 6)[: RATE // 2],
        "jazz/d/4.wav": np.zeros(RATE // 2),
        "jazz/e/5.wav": np.zeros(RATE // 2),
    }.items():
        (tmp_path / "music" / name).parent.mkdir(parents=True)
        soundfile.write(tmp_path / "music" / name, y, RATE)
    corpus = corpora.load(f"folder:{tmp_path / 'music'}", data=None, cache=tmp_path)
    (twice,) = checks.inspect([corpus], tmp_path / "sounds", Quiet()).duplicates
    assert {twice.first.path.name, twice.second.path.name} == {"1.wav", "2.wav"}
    assert (twice.common_seconds, twice.bit_error_rate) == (pytest.approx(0.5, abs=0.01), 0)


def test_duplicates_are_found_across_corpora(tmp_path, corpus):
    """The same file in two corpora is there twice, with the other label it has there."""
    for name in ("rock", "pop"):
        (tmp_path / "other" / name).mkdir(parents=True)
    shutil.copy(tmp_path / "music" / "folk" / "c" / "3.flac", tmp_path / "other" / "rock")
    soundfile.write(tmp_path / "other" / "pop" / "x.wav", melody(9, 3), RATE)
    other = corpora.load(f"folder:{tmp_path / 'other'}", data=None, cache=tmp_path)
    report = checks.inspect([corpus, other], tmp_path / "sounds", Quiet())
    assert len(report.contents) == 2
    across = [twice for twice in report.duplicates if twice.first.corpus != twice.second.corpus]
    assert [twice.second.labels for twice in across] == [("rock",)]
    assert across[0].bit_error_rate == 0


def test_pairs_for_splits_keep_duplicates_together(corpus, tmp_path):
    """The pairs are indices of examples; merged, both artists are one group."""
    pairs = checks.same_audio(corpus.examples, tmp_path / "sounds", Quiet())
    names = [corpus.examples[index].path.name for index in pairs[0]]
    assert (len(pairs), names) == (1, ["1.wav", "2.wav"])
    groups = splits.groups_with_duplicates(corpus.examples, pairs)
    assert groups[pairs[0][0]] == groups[pairs[0][1]]
    assert len(set(groups)) == 3


def test_what_was_heard_is_remembered_until_the_file_changes(tune, tmp_path):
    """A second look decodes nothing; another content, or damage of what was kept, is heard anew."""
    path, folder = tune(tmp_path / "a.wav", seconds=1), tmp_path / "sounds"
    first = sounds.hear([path, path], folder, Quiet())[path]
    (kept,) = folder.rglob("*.npz")
    written = kept.stat().st_mtime_ns
    again = sounds.hear([path], folder, Quiet())[path]
    assert kept.stat().st_mtime_ns == written
    assert np.array_equal(first.fingerprint.bits, again.fingerprint.bits)
    kept.write_bytes(b"damaged")
    assert sounds.hear([path], folder, Quiet())[path].seconds == pytest.approx(1, abs=0.01)
    tune(path, seconds=2)
    assert sounds.hear([path], folder, Quiet())[path].seconds == pytest.approx(2, abs=0.01)


def test_a_missing_file_is_a_reason(tmp_path):
    """A file that is gone does not stop the run."""
    gone = tmp_path / "gone.wav"
    assert sounds.hear([gone], tmp_path / "sounds", Quiet()) == {gone: "no such file or directory"}


def test_a_folder_that_cannot_be_written_is_said(tmp_path, tune):
    """Where nothing can be kept, the run ends in our error."""
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=os.fspath(tmp_path / "file")):
        sounds.hear([tune(tmp_path / "a.wav", seconds=0.5)], tmp_path / "file", Quiet())
