"""`tagger corpus` says what is wrong with a corpus, and its exit code does too."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tagger import cli

Tune = Callable[..., Path]

PROGRAM = (
    "import sys, typer; from tagger.cli import corpus; app = typer.Typer(); app.command()(corpus.corpus)\n"
    "sys.exit(app(sys.argv[1:], standalone_mode=False))"
)


def corpus(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    words = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=100, check=False)


@pytest.fixture
def music(tmp_path: Path, tune: Tune) -> Path:
    """Two genres of a tune each."""
    for number, genre in enumerate(("jazz", "folk")):
        (tmp_path / "music" / genre).mkdir(parents=True)
        tune(tmp_path / "music" / genre / f"{number}_a.wav", seconds=3, seed=number)
    return tmp_path / "music"


def test_a_clean_corpus_is_told(music: Path) -> None:
    """Labels, lengths and rates; the exit code is 0."""
    run = corpus(f"folder:{music}")
    assert run.returncode == 0, run.stderr
    shown = run.stdout.splitlines()
    assert shown[:2] == ["music", "2 files, 0.0 hours, 2 labels"]
    assert "  jazz                 1" in shown
    assert "  22050                2" in shown


def test_faults_are_listed_and_set_the_exit_code(music: Path) -> None:
    """A broken file and a copy are named with what is wrong, underscores and all."""
    (music / "folk" / "broken_one.mp3").write_bytes(b"nothing")
    (music / "folk" / "copy.wav").write_bytes((music / "jazz" / "0_a.wav").read_bytes())
    run = corpus(f"folder:{music}")
    assert run.returncode == 1
    *_, broken, copy = run.stdout.splitlines()
    assert broken == f"{music}/folk/broken_one.mp3\tdoes not decode: not a known audio format"
    assert copy.startswith(
        f"{music}/folk/copy.wav = {music}/jazz/0_a.wav\tsame audio for 3.0 s, 0% of the bits"
    )
    assert copy.endswith("different labels, different groups")


def test_json_holds_the_same(music: Path) -> None:
    """One object, with every corpus that was named."""
    run = corpus("--json", f"folder:{music}", f"folder:{music}")
    report = json.loads(run.stdout)
    assert [one["files"] for one in report["corpora"]] == [2, 2]
    assert len(report["duplicates"]) == 2
    assert run.returncode == 1


def test_a_gallery_is_drawn(music: Path, tmp_path: Path) -> None:
    """The pictures are in the folder asked for."""
    pytest.importorskip("matplotlib")
    run = corpus(f"folder:{music}", "--gallery", tmp_path / "pictures")
    assert run.returncode == 0, run.stderr
    assert list((tmp_path / "pictures").glob("*.png"))


@pytest.mark.parametrize(
    ("option", "name", "noun"),
    [
        ("--gallery", "clip.png", "picture"),
        ("--gallery", "mfccs.svg", "picture"),
        ("--images", "images.h5", "file of"),
    ],
)
def test_a_foreign_file_is_not_replaced(
    option: str, name: str, noun: str, music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It stays as it is, and is refused in one sentence before anything is heard."""
    foreign = tmp_path / "mine" / name
    foreign.parent.mkdir()
    foreign.write_bytes(b"\x89PNG of somebody else")
    place = foreign if option == "--images" else foreign.parent
    assert cli.run(["corpus", f"folder:{music}", option, str(place)]) == 5
    printed = capsys.readouterr()
    problem, hint = printed.err.strip().splitlines()
    assert problem.startswith(f"error: {foreign}: exists, and is no {noun}")
    assert hint == "hint: name another file, or delete this one first"
    assert printed.out == ""
    assert foreign.read_bytes() == b"\x89PNG of somebody else"
    assert list(foreign.parent.iterdir()) == [foreign]


def test_impossible_images_are_refused_before_anything_is_heard(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of two corpora, of a recipe that learns from no images, and into what is no regular file."""
    dataset, file = f"folder:{music}", ["--images", str(tmp_path / "images.h5")]
    for words, code, message in (
        ([dataset, *file], 2, "takes one corpus at a time"),
        (["--recipe", "cnn", *file], 2, "cnn: this recipe does not learn from images"),
        (["--images", "/dev/null"], 5, "/dev/null: is no regular file"),
    ):
        assert cli.run(["corpus", dataset, *words]) == code
        printed = capsys.readouterr()
        assert message in printed.err
        assert printed.out == ""


def test_a_gallery_of_taggers_own_is_replaced(music: Path, tmp_path: Path) -> None:
    """Drawn twice, with a file of the user's beside it that has another name."""
    pytest.importorskip("matplotlib")
    place = tmp_path / "pictures"
    assert cli.run(["corpus", f"folder:{music}", "--gallery", str(place)]) == 0
    (place / "holiday.png").write_bytes(b"mine")
    (place / "clip.png").write_bytes((place / "mfccs.png").read_bytes())
    assert cli.run(["corpus", f"folder:{music}", "--gallery", str(place)]) == 0
    assert (place / "clip.png").read_bytes() != (place / "mfccs.png").read_bytes()
    assert (place / "holiday.png").read_bytes() == b"mine"


def test_a_folder_that_no_dataset_looks_into_is_refused(
    music: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one sentence, with what to do."""
    assert cli.run(["corpus", f"folder:{music}", "--data", str(music)]) == 2
    problem, hint = capsys.readouterr().err.strip().splitlines()
    assert problem == f"error: --data: folder:{music} says by itself where its files are"
    assert hint == "hint: leave --data out"
