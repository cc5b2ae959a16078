"""FMA's table and folders become examples of the size asked for."""

from __future__ import annotations

import csv
import zipfile

import pytest

from tagger.errors import CorpusError
from trainer import corpora
from trainer.data import labels, splits

HEADER = [
    ["", "album", "artist", "artist", "set", "set", "track", "track"],
    ["", "id", "bio", "id", "split", "subset", "genre_top", "license"],
    ["track_id", "", "", "", "", "", "", ""],
]
ROWS = [
    ["2", "1", 'a, "long"\nlife', "1", "training", "small", "Hip-Hop", "CC BY"],
    ["5", "1", "", "1", "training", "small", "Hip-Hop", "CC BY"],
    ["10", "6", "x" * 200_000, "6", "validation", "small", "Rock", "CC BY-NC"],
    ["140", "61", "", "54", "test", "medium", "Rock", "CC BY"],
    ["1020", "61", "", "55", "training", "large", "", "CC BY"],
    ["155000", "61", "", "56", "test", "large", "Folk", "CC BY"],
]


def copy(tmp_path, folder="fma_large", absent=()):
    """A copy with its metadata and clips, but for those absent."""
    (tmp_path / "fma_metadata").mkdir()
    with (tmp_path / "fma_metadata" / "tracks.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([*HEADER, *ROWS])
    for row in ROWS:
        if row[0] not in absent:
            place = tmp_path / folder / f"{int(row[0]):06}"[:3] / f"{int(row[0]):06}.mp3"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
    return tmp_path


def load(size, data, tmp_path):
    """Load a size."""
    return corpora.load(f"fma-{size}", data=data, cache=tmp_path / "cache")


@pytest.mark.parametrize(("size", "names"), [("small", [2, 5, 10]), ("medium", [2, 5, 10, 140])])
def test_a_size_holds_the_smaller_ones(tmp_path, size, names):
    """The clips of a size are its own and those of smaller ones, found in the folder of a larger one."""
    corpus = load(size, copy(tmp_path), tmp_path)
    assert [int(one.path.stem) for one in corpus.examples] == names
    assert corpus.artists_known


def test_a_row_becomes_an_example(tmp_path):
    """Top genre, artist, side and licence arrive; line breaks and long texts in the table do no harm."""
    first, _, third = load("small", copy(tmp_path, "fma_small"), tmp_path).examples
    assert (first.labels, first.group, first.split, first.licence) == (
        ("Hip-Hop",),
        "fma:artist 1",
        "train",
        "CC BY",
    )
    assert (third.group, third.split) == ("fma:artist 6", "validation")


def test_tracks_without_a_top_genre_are_left_out_and_counted(tmp_path):
    """The large set says how many tracks have none."""
    corpus = load("large", copy(tmp_path), tmp_path)
    assert len(corpus.examples) == 5
    assert corpus.problems[0] == "1 of 6 tracks have no top genre"
    assert "106568 of 106574 tracks are missing in tracks.csv" in corpus.problems


def test_missing_clips_are_counted_by_genre(tmp_path):
    """What the table lists and the disk lacks is said."""
    corpus = load("medium", copy(tmp_path, absent=("5", "140")), tmp_path)
    assert corpus.problems[1:] == ("Hip-Hop: 1 of 2 clips are missing", "Rock: 1 of 2 clips are missing")


def test_the_official_split_is_kept(tmp_path):
    """By default FMA is split as its authors did."""
    corpus = load("medium", copy(tmp_path), tmp_path)
    chosen = splits.split(corpus.examples, [0, 0, 0, 0], 0)
    assert (list(chosen.train), list(chosen.validation), list(chosen.test)) == ([0, 1], [2], [3])
    assert chosen.protocol == "official"


def test_archives_are_read_as_they_are_distributed(tmp_path):
    """The metadata are read inside their archive, the clips unpacked once."""
    source, data = tmp_path / "source", tmp_path / "data"
    source.mkdir()
    data.mkdir()
    copy(source, "fma_small")
    for name in ("fma_metadata", "fma_small"):
        with zipfile.ZipFile(data / f"{name}.zip", "w") as archive:
            for file in sorted((source / name).rglob("*.*")):
                archive.write(file, file.relative_to(source))
    first, again = (load("small", data, tmp_path) for _ in range(2))
    assert len(first.examples) == 3
    assert first.examples == again.examples
    assert all(one.path.is_relative_to(tmp_path / "cache") for one in first.examples)


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, r"no fma_metadata/tracks\.csv"), ("", "not the table"), ("a,b\nc,d\n1,2\n", "not the table")],
)
def test_a_copy_without_its_table_is_refused(tmp_path, content, message):
    """A missing, empty or foreign table ends in our error."""
    data = copy(tmp_path)
    table = data / "fma_metadata" / "tracks.csv"
    table.unlink() if content is None else table.write_text(content)
    with pytest.raises(CorpusError, match=message):
        load("small", data, tmp_path)


def test_a_copy_without_clips_is_refused(tmp_path):
    """Metadata alone are no corpus, and the hint says what is missing."""
    data = copy(tmp_path, "elsewhere")
    with pytest.raises(CorpusError, match="no folder fma_small") as caught:
        load("small", data, tmp_path)
    assert "fma_small.zip" in caught.value.hint


def test_all_top_genres_are_learned(tmp_path):
    """Even those that other corpora's labels are left out for: the eight of the small set are eight genres."""
    assert load("small", copy(tmp_path), tmp_path).names_are_genres
    small = ("Electronic", "Experimental", "Folk", "Hip-Hop", "Instrumental", "International", "Pop", "Rock")
    assert {labels.meaning(label, own_names=True).genre for label in small} == set(small)
    assert labels.meaning("Soul-RnB", own_names=True).genre == "R&B"
