"""Corpora whose artists or labels stand in the files' own tags or in a table of songs."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import zipfile

import mutagen
import numpy as np
import pytest
import soundfile

from tagger.errors import CorpusError
from tagger.records import Credits
from tagger.sinks.corrections import Correction, Corrections
from tagger.sinks.tags import credits, payload
from trainer import corpora
from trainer.corpora import owners


def load(dataset, tmp_path, data=None):
    """Load a corpus with a cache of the test's own."""
    return corpora.load(dataset, data=data, cache=tmp_path / "cache")


@pytest.fixture
def tagged(tune, tmp_path):
    """Puts a short FLAC with tags at a path below the test's folder."""
    source = tune(tmp_path / "source.flac", seconds=0.2)

    def put(name, **values):
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, place)
        file = mutagen.File(place)
        file.update({key: [value] if isinstance(value, str) else value for key, value in values.items()})
        file.save()
        return place

    return put


@pytest.mark.parametrize(
    "name", ["blues.mp3", "pop.ogg", "bossa.m4a", "country.aiff", "hiphop.opus", "jazz.wv", "rock.wma"]
)
def test_artists_are_read_in_every_container(name, request):
    """The artist stands in ID3, Vorbis comments, MP4, APEv2 and ASF alike."""
    assert credits.read(request.config.rootpath / "examples" / "music" / name).artist == "tagger examples"


def test_files_without_tags_name_nobody(tune, tmp_path):
    """A bare WAV has no artist; a text is no sound file and names none."""
    (tmp_path / "a.txt").write_text("artist")
    assert credits.read(tune(tmp_path / "a.wav")) == credits.read(tmp_path / "a.txt") == Credits()


@pytest.mark.parametrize(
    ("values", "group"),
    [
        ({"artist": "Ella  Fitzgerald"}, "artist:ella fitzgerald"),
        ({"artist": "Ella feat. Louis", "albumartist": "Ella"}, "artist:ella"),
        ({"artist": "Ella", "albumartist": "Various Artists"}, "artist:ella"),
        ({"artist": "Unknown Artist", "album": "Live"}, "album:live"),
        ({}, ""),
    ],
)
def test_whose_a_recording_is(tagged, values, group):
    """The album's artist, else the artist, else the album; names that name nobody do not count."""
    assert owners.group(tagged("a.flac", **values)) == group


def test_a_library_gives_its_own_genres_and_artists(tagged, tmp_path):
    """Labels are the genres in the tags, in their order; files without any are counted."""
    one = tagged("lib/x/1.flac", genre=["Shoegaze", "Rock"], artist="A")
    two = tagged("lib/y/2.flac", genre="Drill")
    tagged("lib/3.flac", genre="Other", artist="B")
    tagged("lib/4.flac")
    (tmp_path / "lib" / "5.mp3").write_bytes(b"no music")
    corpus = load(f"library:{tmp_path / 'lib'}", tmp_path)
    assert [(one.path, one.labels, one.group) for one in corpus.examples] == [
        (one, ("Shoegaze", "Rock"), "artist:a"),
        (two, ("Drill",), f"folder:{two.parent}"),
    ]
    assert corpus.names_are_genres
    assert not corpus.artists_known
    assert corpus.problems[0] == "2 files left out: name no genre in their tags"
    assert len(corpus.problems) == 2


def test_a_library_without_genres_is_refused(tagged, tmp_path):
    """One genre is not enough to learn from."""
    tagged("lib/1.flac", genre="Rock")
    with pytest.raises(CorpusError, match="fewer than two genres"):
        load(f"library:{tmp_path / 'lib'}", tmp_path)


@pytest.mark.parametrize("packed", [False, True])
def test_emotify_takes_genres_from_folders_and_artists_from_tags(tagged, tmp_path, packed):
    """The authors' layout, as a folder or an archive."""
    names = [f"e/emotifymusic/{genre}/{n}.flac" for genre in ("classical", "pop") for n in (1, 100)]
    for name in names:
        tagged(name, artist=name[-6])
    data = tmp_path / "e"
    if packed:
        data = tmp_path / "emotifymusic.zip"
        with zipfile.ZipFile(data, "w") as archive:
            for name in names:
                archive.write(tmp_path / name, name[2:])
    corpus = load("emotify", tmp_path, data)
    assert [one.labels for one in corpus.examples] == [("classical",)] * 2 + [("pop",)] * 2
    assert len({one.group for one in corpus.examples}) == 2
    assert corpus.artists_known
    assert "classical: 98 of 100 excerpts are missing" in corpus.problems


def taffc(tmp_path, table):
    """A copy of three previews, with this table."""
    root = tmp_path / "MER_audio_taffc_dataset"
    for name in ("Q1/MT1.mp3", "Q2/MT2.mp3", "Q4/MT3.mp3"):
        (root / name).parent.mkdir(parents=True)
        (root / name).touch()
    (root / "panda_dataset_taffc_metadata.csv").write_text(table, "utf-8")
    return root


def test_taffc_takes_genres_and_artists_from_its_table(tmp_path):
    """Several genres are parted, artists are groups, and what is missing is counted."""
    table = (
        '"Song","Artist","Title","Quadrant","GenresStr"\n"MT1","Nina Simone","x, y","Q1","Jazz; Vocal"\n'
        '"MT2","NINA SIMONE","z","Q2","Pop/Rock"\n"MT3","B","z","Q4",""\n"MT4","C","z","Q4","Folk"\n'
    )
    corpus = load("taffc", tmp_path, taffc(tmp_path, table))
    assert [(one.path.name, one.labels, one.group) for one in corpus.examples] == [
        ("MT1.mp3", ("Jazz", "Vocal"), "artist:nina simone"),
        ("MT2.mp3", ("Pop/Rock",), "artist:nina simone"),
    ]
    assert corpus.problems == ("897 of 900 previews are missing", "1 songs have no genre")


@pytest.mark.parametrize(
    ("table", "message"),
    [("Song,Artist\n", "no column `GenresStr`"), ("Song,Artist,GenresStr\n", "no rows"), ("", "no column")],
)
def test_an_unusable_table_of_songs_is_refused(tmp_path, table, message):
    """Each fault has its sentence."""
    with pytest.raises(CorpusError, match=message):
        load("taffc", tmp_path, taffc(tmp_path, table))


@pytest.mark.parametrize("dataset", ["emotify", "taffc", "gtzan"])
def test_an_empty_folder_is_refused(dataset, tmp_path):
    """A folder that holds nothing of the corpus ends in our error, with a hint."""
    with pytest.raises(CorpusError) as caught:
        load(dataset, tmp_path, tmp_path)
    assert caught.value.hint


def test_what_people_said_is_a_corpus(tagged, tmp_path, monkeypatch):
    """The last word on each recording that is still there becomes an example; the others are counted."""
    monkeypatch.setenv("TAGGER_HOME", str(tmp_path / "home"))
    songs = [
        tagged("a.flac", artist="Ella", title="1"),
        tagged("b.flac", artist="Duke"),
        tagged("c.flac"),
        tagged("d.flac"),
    ]
    for place, path in enumerate(songs):  # tags are no part of a recording, so each needs audio of its own
        soundfile.write(path, np.random.default_rng(place).uniform(-0.5, 0.5, 2000), 8000)
    with contextlib.closing(Corrections(tmp_path / "home" / "data" / "corrections")) as kept:
        for path, genre in zip([*songs, songs[0]], ["Pop", "Blues", None, "Rock", "Jazz"], strict=True):
            kept.add(Correction(payload.identity(path), path, genre, "Disco", 0.4, "default"))
    songs[3].write_bytes(songs[1].read_bytes())
    corpus = load("corrections", tmp_path)
    assert [(one.path, one.labels) for one in corpus.examples] == [
        (songs[1], ("Blues",)),
        (songs[0], ("Jazz",)),
    ]
    assert corpus.problems == (
        "1 recordings left out: somebody did not know them either",
        "1 recordings left out: not where they were any more",
    )
    assert corpus.names_are_genres


@pytest.mark.parametrize("content", [None, b"no database" * 100])
def test_without_corrections_there_is_no_corpus(tmp_path, content):
    """None, or damaged ones, are told in a sentence; nothing is made."""
    folder = tmp_path / "kept"
    if content is not None:
        folder.mkdir()
        (folder / "corrections.sqlite3").write_bytes(content)
    with pytest.raises(CorpusError, match="no corrections yet" if content is None else "cannot be kept"):
        load(f"corrections:{folder}", tmp_path)
    assert folder.exists() == (content is not None)


def test_what_was_kept_teaches_all_that_the_file_says(tagged, tmp_path):
    """Of a file whose own genres are right, each that says something is a label."""
    one = tagged("a.flac")
    with contextlib.closing(Corrections(tmp_path / "kept")) as kept:
        said = Correction(payload.identity(one), one, "Blues", None, 0.1, "default", ("Blues", "Other", "Soul"))
        kept.add(dataclasses.replace(said, state="kept"))
    (example,) = load(f"corrections:{tmp_path / 'kept'}", tmp_path).examples
    assert example.labels == ("Blues", "Soul")


def test_corrections_to_one_genre_teach_nothing(tagged, tmp_path):
    """A model needs two genres at least."""
    path = tagged("a.flac")
    with contextlib.closing(Corrections(tmp_path / "kept")) as kept:
        kept.add(Correction(payload.identity(path), path, "Jazz", None, 0.1, "default"))
    with pytest.raises(CorpusError, match="fewer than two genres"):
        load(f"corrections:{tmp_path / 'kept'}", tmp_path)
