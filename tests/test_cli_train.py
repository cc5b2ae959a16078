"""`tagger train` from the words of a command line to an exit code."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tagger import cli
from tests.trainer import material
from trainer import recipes, runs

NEIGHBOURS = [
    *("--recipe", "cnn"),
    *(
        word
        for change in ("learner=classical", "network=knn", "min_examples=3", "min_groups=3")
        for word in ("--set", change)
    ),
]
"""What makes a recipe one that learns in no time."""

HEAVY = {"tensorflow", "keras", "torch", "transformers", "librosa", "sklearn", "matplotlib", "xgboost"}


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three genres that no one can confuse."""
    return material.folder(tmp_path_factory.mktemp("music"), np.random.default_rng(5), n_clips=10)


def train(*arguments: object, before: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, in a process where other code has run before."""
    program = f"import sys; {before}\nfrom tagger import cli\nsys.exit(cli.run(['train', *sys.argv[1:]]))"
    words = [sys.executable, "-X", "importtime", "-c", program, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=200, check=False)


def imported(stderr: str) -> set[str]:
    """Top-level names of the modules that Python says it has imported."""
    return {
        line.rpartition("|")[2].strip().split(".")[0]
        for line in stderr.splitlines()
        if line.startswith("import time:")
    }


def told(stderr: str) -> list[str]:
    """What tagger said."""
    return [line for line in stderr.splitlines() if line and not line.startswith("import time:")]


def test_all_recipes_are_listed_and_nothing_heavy_is_loaded() -> None:
    """Each has a line of its own with its description, in the order of the table."""
    listed = train("--list")
    assert listed.returncode == 0
    lines = [line.split("\t") for line in listed.stdout.splitlines()]
    assert [line[:2] for line in lines] == [[one.name, one.description] for one in recipes.RECIPES.values()]
    loaded = imported(listed.stderr)
    assert "trainer" in loaded
    assert not HEAVY & loaded


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message", "hint"),
    [
        (["--set", "fitting.epochs"], 2, "fitting.epochs: no value", "NAME=VALUE"),
        (["--set", "nonesuch=1"], 2, "nonesuch=1: a recipe has no nonesuch", "fitting"),
        (["--set", "fitting.nonesuch=1"], 2, "a recipe has no nonesuch", "epochs"),
        (["--set", "fitting=1"], 2, "fitting=1: fitting is a group", "fitting.PART=VALUE"),
        (["--set", "seed=many"], 2, "seed=many: 'many' is of another kind than 0", ""),
        (["--set", "fitting.optimizer=foo"], 2, "fitting.optimizer=foo: 'foo' is not known", "adam, adamw"),
        (["--set", "shares=[1,2]"], 2, "shares=[1,2]: (1, 2) is of another kind", "[0.6, 0.2, 0.2]"),
        (["--set", "fitting.batch_size=0"], 2, "fitting.batch_size=0: out of range", "at least 1"),
        (["--set", "fitting.plateau_factor=-1"], 2, "fitting.plateau_factor=-1.0: out of range", "above 0"),
        (["--set", "fitting.epochs=5"], 2, "fitting.epochs=5: each phase of default has its own", "--epochs N"),
        (["--set", "sampling.mode=windows"], 2, "would not learn what is no music", "sampling.mode=crops"),
        (["--set", "network=foo"], 2, "network=foo: there is none for the learner network", "cnn"),
        (["--set", "learner=foo"], 2, "learner=foo: 'foo' is not known", "network, classical, wav2vec2"),
        (["--set", "hop_frames=200"], 2, "hop_frames=200: frames between windows", "187"),
        (
            ["--set", "fitting.loss=cross_entropy"],
            2,
            "would not learn what is no music",
            "it takes the network two-heads or two-trunks, with",
        ),
        (
            ["--recipe", "default", "--set", "augmentation.mixup=0.5"],
            2,
            "no phase of default changes its windows",
            "another recipe",
        ),
        (["--set", "sampling.background_share=0.95"], 2, "leave no window for clips with a genre", "below 1"),
        (["--seed", "4294967296"], 2, "seed=4294967296: out of range", "4294967295"),
        (["--set", "seed.low=1"], 2, "seed.low=1: seed has no parts", ""),
        (["--recipe", "cnn", "--weights", "imagenet"], 2, "--weights: cnn begins with random weights", ""),
        (["--recipe", "li2025-knn", "--epochs", "7"], 2, "li2025-knn learns all at once", "leave --epochs out"),
        (
            ["--recipe", "li2025-knn", "--set", "fitting.learning_rate=0.3"],
            2,
            "fitting.learning_rate=0.3: what li2025-knn learns with does not use fitting.learning_rate",
            "leave it out",
        ),
        (["--recipe", "li2025-xgboost", "--set", "quantise=int8"], 2, "does not use quantise", ""),
        (["--recipe", "li2025-knn", "--set", "augmentation.mixup=0.1"], 2, "use augmentation.mixup", ""),
        (
            [
                "--recipe",
                "cnn",
                "--set",
                "fitting.epochs=9",
                "--set",
                "learner=classical",
                "--set",
                "network=knn",
            ],
            2,
            "fitting.epochs=9: what cnn learns with",
            "",
        ),
        (["--recipe", "li2025-wav2vec2", "--set", "quantise=int8"], 2, "does not use quantise", ""),
        (["--recipe", "li2025-wav2vec2", "--set", "fitting.loss=partial"], 2, "use fitting.loss", ""),
        (["--recipe", "nonesuch"], 2, "nonesuch: no such recipe", "--list"),
        (["--recipe", "li2025-net"], 2, "li2025-net: no such recipe", "li2025-knn"),
        (
            ["--set", "min_examples=100"],
            4,
            "fewer than two genres",
            "`--set min_examples=N --set min_groups=N`",
        ),
        (["--epochs", "0"], 2, "--epochs", "train --help"),
        (["--protocol", "albums"], 2, "albums: no such protocol", "kfold:N"),
        (["--background", "/nowhere"], 2, "--background: cnn learns nothing from", "recipe default"),
        (
            ["--dataset", "folder:/x", "--data", "/y"],
            2,
            "--data: folder:/x says by itself where",
            "leave --data out",
        ),
        (["--protocol", "kfold:2"], 2, "kfold:2: no number of folds", "at least 3"),
        (["--dataset", "nonesuch"], 4, "nonesuch: no such dataset", "gtzan"),
        (["--dataset", "folder:/nowhere/at/all"], 4, "/nowhere/at/all: no such folder", ""),
        (["--dataset", "gtzan"], 4, "does not fetch", ""),
        (["--dataset", "csv:/nowhere.csv"], 4, "/nowhere.csv: no such table", ""),
    ],
)
def test_bad_input_is_refused_in_one_sentence(
    arguments: list[str],
    exit_code: int,
    message: str,
    hint: str,
    music: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The sentence names what is wrong, a hint what helps; the exit code is of its kind."""
    words = arguments if "--dataset" in arguments else ["--dataset", f"folder:{music}", *arguments]
    assert cli.run(["train", *words, *([] if {"--set", "--recipe"} & set(words) else NEIGHBOURS)]) == exit_code
    problem, *hints = [
        line for line in capsys.readouterr().err.strip().splitlines() if not line.startswith("run folder: ")
    ]
    assert problem.startswith("error: ")
    assert message in problem
    assert len(hints) <= 1
    assert all(line.startswith("hint: ") for line in hints)
    assert hint in "".join(hints)


@pytest.mark.parametrize(
    "words",
    [
        ("--set", "nonesuch=1"),
        ("--set", "fitting.batch_size=0"),
        ("--set", "network=foo"),
        ("--protocol", "albums"),
    ],
)
def test_a_refused_order_leaves_no_run(words: tuple[str, ...], music: Path) -> None:
    """What cannot be begun is in no list of runs."""
    assert cli.run(["train", "--dataset", f"folder:{music}", *words]) == 2
    assert runs.find_all(runs.home()) == ([], [])


def test_an_unknown_run_does_not_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the folder of runs that --runs names, which may be given."""
    assert cli.run(["train", "--resume", "nonesuch", "--runs", str(tmp_path)]) == 2
    assert f"nonesuch: no such run in {tmp_path}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--epochs", "3"), "--epochs"),
        (("--recipe", "default"), "--recipe"),
        (("--list",), "--list"),
        (("--seed", "9", "--set", "seed=1", "--out", "x", "--runs", "y"), "--out, --seed, --set"),
    ],
)
def test_a_run_goes_on_as_it_was_begun(
    words: tuple[str, ...], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Options that would be ignored beside --resume are refused by name, though they name a default."""
    assert cli.run(["train", "--resume", "nonesuch", *words]) == 2
    problem, hint = capsys.readouterr().err.strip().splitlines()
    assert problem == f"error: {named}: cannot be given with --resume"
    assert "--runs" in hint


def test_a_run_that_fails_says_so_for_good(music: Path, tmp_path: Path) -> None:
    """Its folder knows why, and its exit code is that of the error."""
    place = ["--runs", str(tmp_path), "--set", "min_examples=100"]
    assert cli.run(["train", "--dataset", f"folder:{music}", *place]) == 4
    ((run,), _) = runs.find_all(tmp_path)
    assert run.status == "failed"
    assert "fewer than two genres" in run.problem


def test_a_missing_matplotlib_does_not_lose_the_model(music: Path, tmp_path: Path) -> None:
    """The model is there, the run is finished, and what is missing is said with what helps."""
    out = tmp_path / "model"
    before = "sys.modules['matplotlib'] = None"
    made = train(
        "--dataset", f"folder:{music}", *NEIGHBOURS, "--out", out, "--runs", tmp_path / "runs", before=before
    )
    assert made.returncode == 0, told(made.stderr)
    ((run,), _) = runs.find_all(tmp_path / "runs")
    assert run.status == "finished"
    assert not (run.folder / runs.REPORT).exists()
    (said,) = [line for line in told(made.stderr) if line.startswith("no report: ")]
    assert "matplotlib" in said
    assert "pip install matplotlib" in said
    song = next((music / "tones").rglob("*.wav"))
    assert cli.run(["scan", "--model", str(out), "--no-cache", os.fspath(song)]) == 0
    assert cli.run(["train", "--resume", run.name, "--runs", str(tmp_path / "runs")]) == 2
