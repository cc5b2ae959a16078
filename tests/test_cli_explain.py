"""`tagger explain`: what it prints and writes, and what it refuses."""

import json
from pathlib import Path

import numpy as np
import pytest

from tagger import cli
from tests.trainer import material

EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "music"
PIECE = str(EXAMPLES / "disco.wav")


def run(*arguments: str) -> int:
    """Run `tagger explain` without gradients."""
    return cli.run(["explain", *arguments, "--runtime", "onnx"])


def test_json_agrees_with_a_scan(capsys: pytest.CaptureFixture[str]) -> None:
    """The object on stdout has the verdict of a scan that hears all, under the same names."""
    assert run(PIECE, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert cli.run(["scan", PIECE, "--effort", "full", "--json", "--top-k", "99"]) == 0
    scanned = json.loads(capsys.readouterr().out)
    for name in ("path", "status", "genre", "confidence", "duration_seconds", "n_windows", "model"):
        assert told[name] == scanned[name]
    assert [(one["genre"], one["probability"]) for one in told["genres"]] == [
        (one["genre"], one["probability"]) for one in scanned["genres"]
    ]
    assert told["excerpt"]["method"] == "occlusion"
    assert told["n_compared"] == 0


def test_the_library_of_a_scan_is_compared(capsys: pytest.CaptureFixture[str]) -> None:
    """What was scanned is compared, unless the cache is not to be used."""
    assert (
        cli.run(["scan", *(str(EXAMPLES / name) for name in ("disco.wav", "ambient.flac", "blues.mp3"))]) == 0
    )
    capsys.readouterr()
    assert run(PIECE, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["n_compared"] == 2
    assert {Path(near["path"]).name for near in told["neighbours"]} == {"ambient.flac", "blues.mp3"}
    assert run(PIECE, "--no-cache") == 0
    assert "compared\tNone: none was looked for." in capsys.readouterr().out
    assert run(PIECE, "--hop", "1.5") == 0
    assert "compared\tNone: no library has been scanned yet" in capsys.readouterr().out


def test_pages_and_pictures_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """-o writes a picture or a page, and people still see the rest; --html alone prints the page."""
    assert run(PIECE, "-o", str(tmp_path / "a.png")) == 0
    told = capsys.readouterr()
    assert told.out.startswith("verdict\t")
    assert "a.png written" in told.err
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert run(PIECE, "--html") == 0
    page = capsys.readouterr().out
    assert page.startswith("<!doctype html>")
    assert page.rstrip().endswith("</html>")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png"]


@pytest.mark.slow
def test_trees_on_descriptors_can_be_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A forest, without gradients, spectrogram and embedding, is explained by changing the sound."""
    music = material.folder(tmp_path / "music", np.random.default_rng(5), n_clips=30)
    small = [word for change in ("min_examples=3", "min_groups=3") for word in ("--set", change)]
    places = ["--out", str(tmp_path / "forest"), "--runs", str(tmp_path / "runs")]
    recipe = ["--recipe", "li2025-random-forest", "--protocol", "artists"]
    assert cli.run(["train", "--dataset", f"folder:{music}", *recipe, *small, *places]) == 0
    capsys.readouterr()
    clip = next((music / "tones").rglob("*.wav"))
    assert run(str(clip), "--model", str(tmp_path / "forest"), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["genre"] == "Tones"
    assert told["excerpt"]["method"] == "occlusion"
    assert len(told["bands"]) == 6
    assert np.array(told["excerpt"]["winner"]["cells"]).max() <= 1
    assert told["n_compared"] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([PIECE, "--json", "--html"], 2, "exclude each other"),
        ([PIECE, "-o", "x.mp3"], 2, "unclear"),
        ([PIECE, "--json", "-o", "x.png"], 2, "is a picture by its name"),
        ([PIECE, "-o", "nowhere/x.png"], 5, "no folder"),
        ([PIECE, "--model", "nowhere"], 3, "no such model"),
        ([PIECE, "--vote", "loud"], 2, "vote"),
        (["nowhere.mp3"], 1, "nowhere.mp3"),
        ([str(EXAMPLES / "silence.flac")], 1, "silent"),
        ([str(EXAMPLES)], 1, "music"),
        ([str(Path(__file__))], 1, "test_cli_explain.py"),
    ],
)
def test_what_makes_no_sense_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    """Wrong options and files get a sentence, their exit code, and no traceback."""
    assert run(*arguments) == code
    told = capsys.readouterr()
    assert said in told.err
    assert "Traceback" not in told.err
    assert not told.out


def test_a_song_is_not_overwritten(tmp_path: Path) -> None:
    """-o with a slip costs nobody a song."""
    song = tmp_path / "song.png"
    song.write_bytes(b"OggS a song")
    assert run(PIECE, "-o", str(song)) == 5
    assert song.read_bytes() == b"OggS a song"
