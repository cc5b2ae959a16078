"""`tagger scan --max-error`, as a user runs it."""

import itertools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tagger import pipeline
from tagger.inference import artefact
from tagger.settings import Settings

MUSIC = Path(__file__).resolve().parents[1] / "examples" / "music"


def tagger(*arguments: object, code: int = 0, **environ: str) -> subprocess.CompletedProcess[bytes]:
    """Run the program."""
    command = [sys.executable, "-m", "tagger", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, env=os.environ | environ, timeout=120, check=False)
    assert done.returncode == code, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    return done


def rows(*arguments: object, **environ: str) -> list[dict[str, Any]]:
    """The tracks of a scan that were heard, the surest first."""
    found = map(json.loads, tagger("scan", *arguments, "--json", **environ).stdout.splitlines())
    return sorted((row for row in found if row["genres"]), key=lambda row: -row["confidence"])


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A copy of the example library."""
    return Path(shutil.copytree(MUSIC, tmp_path / "music"))


def model(folder: Path, *, below: float | None = None) -> Path:
    """A copy of the bundled model with answers that are right above a confidence, and half the time below."""
    path = shutil.copytree(artefact.BUNDLED / "default", folder) / artefact.CARD
    content = json.loads(path.read_text("utf-8"))
    content.pop("held_out", None)
    if below is not None:
        content["held_out"] = {
            "source": "made up",
            "genre": [0] * 400,
            "confidence": [below + 0.01] * 200 + [below - 0.01] * 200,
            "right": [1] * 200 + [0, 1] * 100,
            "scale": dict.fromkeys(content["genres"], 0.0),
        }
    path.write_text(json.dumps(content), "utf-8")
    return folder


@pytest.fixture
def between(library: Path) -> float:
    """A confidence in the widest gap between those of the example library."""
    sure = [row["confidence"] for row in rows(library)]
    gap, low = max((high - low, low) for high, low in itertools.pairwise(sure))
    assert gap > 0.03
    return low + gap / 2


def test_only_what_was_promised_is_named(library: Path, tmp_path: Path, between: float) -> None:
    """Below the threshold a track is "don't know", with runners-up and the reason; nothing else differs."""
    chosen = ["--model", model(tmp_path / "promising", below=between)]
    plain, promised = rows(library, *chosen), rows(library, *chosen, "--max-error", "5%")
    assert {row["status"] for row in promised} == {"named", "abstained"}
    for before, after in zip(plain, promised, strict=True):
        assert after["genres"] == before["genres"]
        if before["confidence"] >= between:
            assert after == before
        else:
            assert after["genre"] is None
            assert f"which --max-error 5% asks for {before['genre']}" in after["reason"]
    assert b"don't know" in tagger("scan", library, *chosen, "--max-error", "0.05").stdout


def test_other_promises_need_no_hearing(library: Path, tmp_path: Path, between: float) -> None:
    """What is remembered is judged anew; a promise that all verdicts keep names all, the environment's too."""
    home = tmp_path / "home"
    chosen = ["--model", model(tmp_path / "promising", below=between)]
    counted = []
    for share in ("5%", "0.9", "5 %"):
        found = rows(library, *chosen, TAGGER_HOME=str(home), TAGGER_MAX_ERROR=share)
        counted.append(sum(row["status"] == "named" for row in found))
        assert json.loads(tagger("cache", "--json", TAGGER_HOME=str(home)).stdout)["results"] == 13
    assert counted == [counted[0], 12, counted[0]]
    assert 0 < counted[0] < 12
    (home / "config.toml").write_text('max_error = "5%"\n')
    assert rows(library, *chosen, TAGGER_HOME=str(home)) == found


def test_what_is_named_is_written_and_taken_back(library: Path, tmp_path: Path, between: float) -> None:
    """Exactly what is named is written, whatever the model's own thresholds; undo takes it back."""
    chosen = ["--model", model(tmp_path / "promising", below=between), "--max-error", "5%"]
    before = {path: path.read_bytes() for path in library.iterdir()}
    found = rows(library, *chosen, "--write-tags", "--policy", "replace")
    for row in found:
        changed = Path(row["path"]).read_bytes() != before[Path(row["path"])]
        is_new = row["tags_before"] not in (None, [row["genre"]])  # None: no tags can be written
        assert changed is row["written"] is (row["status"] == "named" and is_new)
    assert any(row["written"] for row in found)
    tagger("undo")
    assert {path: path.read_bytes() for path in library.iterdir()} == before


def test_the_users_genres_keep_the_promise(library: Path, tmp_path: Path, between: float) -> None:
    """Genres under one name of the user's are judged together, by the same thresholds."""
    folder = model(tmp_path / "promising", below=between)
    names = json.loads((folder / artefact.CARD).read_text("utf-8"))["genres"]
    (tmp_path / "map.yaml").write_text("".join(f"{json.dumps(name)}: Music\n" for name in names))
    found = rows(library, "--model", folder, "--max-error", "5%", "--map", tmp_path / "map.yaml")
    assert {(row["genre"], row["status"]) for row in found} == {("Music", "named")}


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        (
            ["--max-error", "0.5%"],
            "--max-error 0.5% cannot be promised",
            "the lowest that can be promised is 2%",
        ),
        (["--max-error", "5%", "--vote", "median"], "the soft vote of the model's own windows", "leave out"),
        (["--max-error", "5%", "--effort", "fast"], "the soft vote of the model's own windows", "leave out"),
        (["--max-error", "5%", "--hop", "1"], "the soft vote of the model's own windows", "leave out"),
        (["--max-error", "0"], "max_error must be a share above 0 and below 1", ""),
        (["--max-error", "half"], "max_error must be a share above 0 and below 1", ""),
    ],
)
def test_what_cannot_be_promised_is_one_sentence(
    tmp_path: Path, options: list[str], message: str, hint: str
) -> None:
    """A promise that cannot be made ends the run with a sentence before any file is looked for."""
    folder = model(tmp_path / "promising", below=0.8)
    done = tagger("scan", tmp_path / "nowhere.mp3", "--model", folder, *options, code=2)
    error, *hints = done.stderr.decode().splitlines()
    assert message in error
    assert hint in " ".join(hints)
    assert b"nowhere" not in done.stderr


def test_a_model_without_evidence_promises_nothing(tmp_path: Path) -> None:
    """A card from before there was such evidence is read, scans, and says that it cannot promise."""
    folder = model(tmp_path / "older")
    assert rows(MUSIC / "pop.ogg", "--model", folder)[0]["genre"]
    done = tagger("scan", MUSIC / "pop.ogg", "--model", folder, "--max-error", "5%", code=2)
    assert b"older" not in done.stdout
    assert b"no answers to held-out tracks" in done.stderr
    assert b"hint: " in done.stderr


def test_models_say_what_they_can_promise(tmp_path: Path) -> None:
    """The card for people says how much is named at which promise, not all the answers; as JSON it is whole."""
    folder = model(tmp_path / "promising", below=0.8)
    shown = tagger("models", folder).stdout.decode()
    assert "names 50 %" in next(line for line in shown.splitlines() if "--max-error 5%" in line)
    assert "0.81, 0.81" not in shown
    assert len(json.loads(tagger("models", folder, "--json").stdout)["held_out"]["right"]) == 400


def test_promises_are_kept_on_tracks_heard_whole(tmp_path: Path) -> None:
    """The evidence was heard so: a promise takes the place of stopping early."""
    chosen = str(model(tmp_path / "promising", below=0.5))
    assert pipeline.prepare(Settings(model=chosen)).effort == "auto"
    assert pipeline.prepare(Settings(model=chosen, max_error=0.25)).effort == "full"
