"""Real music decodes to the length that its catalogue states."""

import csv

import numpy as np
import pytest

from tagger.records import Track
from tagger.sources import decode, discover
from tests.sources import tones

pytestmark = pytest.mark.real


def rows(music, n_rows):
    """The first rows of the manifest, with their paths."""
    with (music / "manifest.csv").open(newline="", encoding="utf-8") as file:
        return [
            (music / row["file"], float(row["seconds"]))
            for row, _ in zip(csv.DictReader(file), range(n_rows), strict=False)
        ]


def test_the_catalogue_s_length_is_heard(music):
    """Each of the first forty files decodes, with sound in it, to within 5 % of the stated seconds."""
    for path, seconds in rows(music, 40):
        y = tones.heard(path, 22050)
        assert len(y) / 22050 == pytest.approx(seconds, rel=0.05), path
        assert 1e-4 < np.sqrt(np.mean(y**2)) < 1.0
        assert np.abs(y).max() < 2.0


def test_parts_of_real_music_fit(music):
    """Ten seconds out of the middle are those ten seconds of the whole, in each coding there is."""
    by_suffix = {path.suffix: path for path, _ in rows(music, 10_000)}
    for path in by_suffix.values():
        sr = decode.probe(path).sample_rate
        whole, part = tones.heard(path, sr), tones.heard(path, sr, start_seconds=9.87, duration_seconds=10)
        assert np.abs(part - whole[round(9.87 * sr) :][: len(part)]).max() < 1e-3, path


def test_all_real_files_are_found(music):
    """Each file of the manifest is found below the folder, once, and nothing is reported as failed."""
    found = list(discover.audio_files([music]))
    assert all(isinstance(one, Track) for one in found)
    paths = [one.path for one in found]
    assert len(paths) == len(set(paths))
    assert {path for path, _ in rows(music, 10_000)} <= set(paths)
