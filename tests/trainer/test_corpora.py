"""Layouts on disk become examples; what is missing is said, what is unusable is refused in one sentence."""

from __future__ import annotations

import io
import os
import tarfile

import pytest

from tagger.errors import CorpusError, SettingsError
from tests.trainer import material
from trainer import corpora
from trainer.corpora import gtzan


def load(dataset, tmp_path, data=None):
    """Load a corpus with a cache of the test's own."""
    return corpora.load(dataset, data=data, cache=tmp_path / "cache")


def table(tmp_path, text):
    """A CSV file beside `a.wav`, `b.wav` and `sub/c.wav`."""
    for name in ("a.wav", "b.wav", "sub/c.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "list.csv").write_text(text, "utf-8")
    return f"csv:{tmp_path / 'list.csv'}"


def test_a_table_gives_paths_labels_and_groups(tmp_path):
    """Paths are relative to the table, labels are split, artists are groups."""
    dataset = table(tmp_path, "file,genres,artist\na.wav,jazz+blues,Ella\nsub/c.wav,rock | pop,Ella\n")
    first, second = load(dataset, tmp_path).examples
    assert (first.path, first.labels, first.group) == (tmp_path / "a.wav", ("jazz", "blues"), "Ella")
    assert (second.path, second.labels) == (tmp_path / "sub" / "c.wav", ("rock", "pop"))


def test_all_columns_of_a_table_are_read(tmp_path):
    """Fold, corpus and licence arrive, other columns do not; a byte order mark and capitals do not matter."""
    dataset = table(
        tmp_path,
        "\ufeffPath,Genre,group,Fold,seconds,corpus,license,label_trust\na.wav,jazz,g,3,1.5,c,CC,high\n",
    )
    (one,) = load(dataset, tmp_path).examples
    assert (one.group, one.fold, one.corpus, one.licence) == ("g", 3, "c", "CC")


def test_a_group_column_wins_over_an_artist_column(tmp_path):
    """`group` is the more exact word."""
    (one,) = load(table(tmp_path, "path,genre,artist,group\na.wav,jazz,Ella,session 5\n"), tmp_path).examples
    assert one.group == "session 5"


def test_without_artists_each_file_is_its_own_group(tmp_path):
    """No column or an empty one: the file stands for itself."""
    corpus = load(table(tmp_path, "path,genre\na.wav,jazz\nb.wav,rock\n"), tmp_path)
    assert len({one.group for one in corpus.examples}) == 2
    assert not corpus.artists_known


def test_names_of_splits_are_understood(tmp_path):
    """The usual short names mean the same splits."""
    text = "path,genre,split\na.wav,jazz,Training\nb.wav,jazz,val\nsub/c.wav,jazz,test\n"
    examples = load(table(tmp_path, text), tmp_path).examples
    assert [one.split for one in examples] == ["train", "validation", "test"]


def test_missing_files_are_counted_and_named_without_folders(tmp_path):
    """A missing file is left out, and the note can travel in a card."""
    corpus = load(table(tmp_path, "path,genre\na.wav,jazz\ngone.wav,rock\n"), tmp_path)
    assert len(corpus.examples) == 1
    assert corpus.problems == ("1 of 2 files are missing, the first: gone.wav",)


def test_the_data_folder_may_be_elsewhere(tmp_path):
    """--data replaces the table's folder."""
    dataset = table(tmp_path, "path,genre\nc.wav,jazz\n")
    (one,) = load(dataset, tmp_path, data=tmp_path / "sub").examples
    assert one.path == tmp_path / "sub" / "c.wav"


@pytest.mark.parametrize(
    "dataset", ["folder:music", "library:music", "corrections", "corrections:x", "gtzan:copy"]
)
def test_a_folder_that_nobody_would_look_into_is_refused(dataset, tmp_path):
    """Even before the dataset itself is looked for."""
    with pytest.raises(SettingsError, match=f"^--data: {dataset} says by itself where its files are") as caught:
        load(dataset, tmp_path, data=tmp_path)
    assert caught.value.hint == "leave --data out"
    with pytest.raises(CorpusError, match=r"no such|no corrections"):
        load(dataset, tmp_path)


@pytest.mark.parametrize("name", ["folder", "library", "csv", "gtzan", "taffc", "corrections"])
def test_a_path_that_cannot_be_looked_at_is_refused(name, tmp_path):
    """As any other dataset that cannot be used, with a hint."""
    with pytest.raises(CorpusError, match="cannot be read: File name too long") as caught:
        load(f"{name}:{'x' * 300}", tmp_path)
    assert caught.value.hint


def test_of_several_datasets_those_that_can_are_given_the_folder(tmp_path):
    """The others need none; where none could use it, it is refused."""
    listed = table(tmp_path, "path,genre\nc.wav,jazz\n")
    for path in ("music/jazz/a.wav", "music/folk/b.wav"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    folder = f"folder:{tmp_path / 'music'}"
    found = corpora.load_all([listed, folder], data=tmp_path / "sub", cache=tmp_path / "cache")
    assert [len(corpus.examples) for corpus in found] == [1, 2]
    with pytest.raises(SettingsError, match="--data: folder:"):
        corpora.load_all([folder, folder], data=tmp_path / "sub", cache=tmp_path / "cache")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,genre\na.wav,jazz\n", "no column `path`"),
        ("path,style\na.wav,jazz\n", "no column `genre`"),
        ("path;genre\na.wav;jazz\n", "its columns seem to be separated by `;`"),
        ("Filename\tlabel\na.wav\tjazz, blues\n", "its columns seem to be separated by tabs"),
        ("path,genre,genre\na.wav,jazz,rock\n", "2 columns are called `genre`"),
        ('path,genre\na.wav,jazz\n\nb.wav,"rock\nc.wav,pop\n', r"csv:4: a quote is opened in this row"),
        ('path,genre\na.wav,"jazz" rock\n', r"csv:2: there is text between a closing quote"),
        ("path,genre\na.wav,jazz\n\nb.wav,Jazz, Blues\n", r"csv:4: 3 cells in this row, and 2 columns"),
        (f"path,genre\na.wav,{'x' * 140_000}\n", r"csv:2: a cell is longer than 131,072 characters"),
        (
            "path,genre\na.wav,jazz\nb.wav,pop\n./a.wav,rock\n",
            "different genres in lines 2 and 4: jazz, and rock",
        ),
        (
            "path,genre\na.wav,jazz\na.wav,jazz+blues\n",
            r"different genres in lines 2 and 3: jazz, and jazz\+blues",
        ),
        ("path,genre,split\na.wav,jazz,train\na.wav,jazz,test\n", "lines 2 and 3 differ in `split`"),
        ("path,genre\n,jazz\n,rock\n", r"csv:2: no path in this row"),
        ("path,genre\n", "no rows"),
        ("", "no column"),
        ("path,genre\ngone.wav,jazz\n", "none of its 1 files"),
        ("path,genre\na.wav,\n", "no genre in this row"),
        ("path,genre,fold\na.wav,jazz,first\n", "`first` is not a number"),
        ("path,genre,split\na.wav,jazz,holdout\n", "`holdout` is no split"),
    ],
)
def test_an_unusable_table_is_refused(tmp_path, text, message):
    """Each fault has its sentence, and a hint."""
    with pytest.raises(CorpusError, match=message) as caught:
        load(table(tmp_path, text), tmp_path)
    assert caught.value.hint


def test_rows_that_repeat_a_file_count_once_and_are_told(tmp_path):
    """Whatever the case of the genre and the spelling of the path; several genres in a row do not repeat it."""
    text = "path,genre\na.wav,jazz + blues\nb.wav,rock;pop\n./a.wav,Jazz+Blues\nsub/../b.wav,rock;pop\n"
    corpus = load(table(tmp_path, text), tmp_path)
    assert [one.labels for one in corpus.examples] == [("jazz", "blues"), ("rock", "pop")]
    said = "2 of 4 rows left out: they say again what another row says of the same file"
    assert corpus.problems == (said,)


def test_empty_cells_beyond_the_header_are_nothing(tmp_path):
    """Spreadsheets leave them; cells that are missing are empty."""
    corpus = load(table(tmp_path, "path,genre,artist\na.wav,jazz,x,, \nb.wav,rock\n"), tmp_path)
    assert [one.labels for one in corpus.examples] == [("jazz",), ("rock",)]


def test_a_name_that_is_too_long_is_a_missing_file(tmp_path):
    """The system has no file of such a name, and the others count."""
    corpus = load(table(tmp_path, f"path,genre\na.wav,jazz\n{'x' * 300}.wav,rock\n"), tmp_path)
    assert len(corpus.examples) == 1
    assert corpus.problems[0].startswith("1 of 2 files are missing, the first: xxx")


def test_columns_that_are_not_read_may_share_a_name(tmp_path):
    """Nobody asks for them."""
    text = "path,note,note,,genre,\na.wav,x,y,,jazz,\nb.wav\n".replace("b.wav\n", "b.wav,,,,rock\n")
    assert [one.labels for one in load(table(tmp_path, text), tmp_path).examples] == [("jazz",), ("rock",)]


def test_a_folder_is_no_table_and_a_table_no_folder(tmp_path):
    """The hint names what reads it."""
    with pytest.raises(CorpusError, match="a folder, not a table") as caught:
        load(f"csv:{tmp_path}", tmp_path)
    assert f"folder:{tmp_path}" in caught.value.hint
    with pytest.raises(CorpusError, match="not a folder") as caught:
        load(f"folder:{table(tmp_path, 'path,genre').partition(':')[2]}", tmp_path)
    assert "csv:FILE" in caught.value.hint


def test_a_table_that_is_no_text_is_refused(tmp_path):
    """Bytes that are not UTF-8 end in our error."""
    (tmp_path / "list.csv").write_bytes(b"path,genre\n\xff\xfe,jazz\n")
    with pytest.raises(CorpusError, match="not a table"):
        load(f"csv:{tmp_path / 'list.csv'}", tmp_path)


@pytest.mark.parametrize(
    "dataset",
    [
        "csv:",
        "folder:",
        "library:",
        "fma",
        "fma-huge",
        "csv:/nowhere.csv",
        "folder:/nowhere",
        "gtzan",
        "emotify",
        "taffc",
        "fma-small:/",
    ],
)
def test_what_is_not_there_is_refused(dataset, tmp_path):
    """Unknown names, missing paths and places end in our error, with a hint."""
    with pytest.raises(CorpusError) as caught:
        load(dataset, tmp_path)
    assert caught.value.hint


def test_a_folder_gives_genres_and_artists(tmp_path, rng):
    """Sub-folders are genres, folders below are artists, hidden folders are passed over."""
    root = material.folder(tmp_path / "music", rng, n_clips=2)
    material.write(root / ".trash" / "x.wav", "noise", rng)
    corpus = load(f"folder:{root}", tmp_path)
    assert {one.labels[0] for one in corpus.examples} == set(material.GENRES)
    assert {one.group for one in corpus.examples} == {f"{genre}-artist0" for genre in material.GENRES}
    assert corpus.artists_known
    assert corpus.names_are_genres


def test_a_folder_without_artists_keeps_each_file_apart(tmp_path, rng):
    """A file right below its genre is a group of its own, and the corpus says so."""
    for name in ("jazz/a.wav", "jazz/b.wav", "rock/a.wav"):
        material.write(tmp_path / "music" / name, "noise", rng, 0.1)
    corpus = load(f"folder:{tmp_path / 'music'}", tmp_path)
    assert len({one.group for one in corpus.examples}) == 3
    assert not corpus.artists_known


def test_a_genre_that_is_no_text_is_refused_at_once(tmp_path, rng):
    """A folder whose name is not UTF-8 could be no genre in a tag."""
    for folder in (b"jazz", b"caf\xe9"):
        place = tmp_path / os.fsdecode(folder)
        place.mkdir()
        material.write(tmp_path / "a.wav", "tones", rng)
        (tmp_path / "a.wav").rename(place / "a.wav")
    with pytest.raises(CorpusError, match="not in UTF-8") as caught:
        load(f"folder:{tmp_path}", tmp_path)
    assert "rename" in caught.value.hint


def test_a_folder_with_one_genre_is_refused(tmp_path, rng):
    """There is nothing to tell apart."""
    material.write(tmp_path / "music" / "jazz" / "a.wav", "noise", rng, 0.1)
    with pytest.raises(CorpusError, match="fewer than two"):
        load(f"folder:{tmp_path / 'music'}", tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "Data/genres_original/blues/blues.00000.wav",
        "genres/blues/blues.00000.au",
        "blues.00000.wav",
        "blues/Blues.00000.WAV",
    ],
)
def test_every_layout_of_gtzan_is_understood(name, tmp_path, rng):
    """A clip is known by its own name, wherever it lies."""
    place = tmp_path / "gtzan" / name
    place.parent.mkdir(parents=True)
    place.touch()
    (one,) = load("gtzan", tmp_path, data=tmp_path / "gtzan").examples
    assert (one.labels, one.group, one.path) == (("blues",), "gtzan:blues.00000", place)


def test_gtzan_says_what_is_missing_and_what_its_scores_are_worth(tmp_path):
    """Missing clips are counted by genre, and the lack of artists is said."""
    (tmp_path / "jazz.00001.wav").touch()
    corpus = load("gtzan", tmp_path, data=tmp_path)
    assert "jazz: 99 of 100 clips are missing" in corpus.problems
    assert "rock: 100 of 100 clips are missing" in corpus.problems
    assert any("artists are not known" in problem for problem in corpus.problems)
    assert not corpus.artists_known
    assert corpus.citation
    assert corpus.licence


def test_a_whole_gtzan_misses_nothing(tmp_path):
    """Ten times a hundred clips leave the one sentence on artists."""
    for genre in gtzan.GENRES:
        for number in range(100):
            (tmp_path / f"{genre}.{number:05}.au").touch()
    corpus = load("gtzan", tmp_path, data=tmp_path)
    assert len(corpus.examples) == 1000
    assert len(corpus.problems) == 1


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_an_archive_of_gtzan_is_unpacked_once_and_safely(tmp_path, mode):
    """Clips come out in the cache; other members, and paths that lead outside, do not."""
    archive = tmp_path / f"genres.tar{'.gz' if mode == 'w:gz' else ''}"
    with tarfile.open(archive, mode) as tar:
        for name in ("genres/rock/rock.00007.au", "genres/rock/readme.sh"):
            tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    (one,) = load("gtzan", tmp_path, data=archive).examples
    again = load(f"gtzan:{archive}", tmp_path)
    assert one.path.is_relative_to(tmp_path / "cache")
    assert again.examples == (one,)
    assert not list((tmp_path / "cache").rglob("*.sh"))


@pytest.mark.parametrize("member", ["../rock.00007.au", "/rock.00007.au"])
def test_an_archive_cannot_write_outside_the_cache(tmp_path, member):
    """A member that leads outside is refused or kept inside, and nothing is left behind."""
    archive = tmp_path / "evil.tar"
    with tarfile.open(archive, "w") as tar:
        tar.addfile(tarfile.TarInfo(member), io.BytesIO())
    try:
        examples = load("gtzan", tmp_path, data=archive).examples
    except CorpusError:
        examples = ()
    assert all(one.path.is_relative_to(tmp_path / "cache") for one in examples)
    assert not (tmp_path / "rock.00007.au").exists()
    assert not list(tmp_path.rglob("*.partial"))


@pytest.mark.parametrize(("name", "content"), [("a.tar", b"no archive"), ("a.tar.gz", b""), ("a.zip", b"PK")])
def test_a_broken_archive_is_refused(tmp_path, name, content):
    """What cannot be unpacked ends in our error, with nothing left behind."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorpusError, match=name):
        load("gtzan", tmp_path, data=tmp_path / name)
    assert not list(tmp_path.rglob("*.partial"))
