"""What the README promises is true."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tagger.inference import artefact
from tagger.inference.artefact import Artefact
from tagger.sinks import album_columns, report
from tagger.sinks.audit import rows
from tests.audit import made
from tests.sinks import contract

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
WIDTH = 100

SHOWN = ("scan", "explain", "timeline", "undo", "train")
"""Commands whose help the README shows."""


def help_text(*command: str) -> str:
    """The help of a command, as in a terminal of 100 columns without colour."""
    environ = os.environ | {
        "COLUMNS": str(WIDTH),
        "TERMINAL_WIDTH": str(WIDTH),
        "NO_COLOR": "1",
        "TERM": "dumb",
    }
    run = subprocess.run(
        [sys.executable, "-m", "tagger", *command, "--help"],
        capture_output=True,
        text=True,
        env=environ,
        check=True,
        timeout=60,
    )
    return "\n".join(line.rstrip() for line in run.stdout.strip("\n").splitlines())


@pytest.mark.parametrize("command", SHOWN)
def test_help_is_the_programs(command: str) -> None:
    """The help printed in the README is what `--help` prints; `python -m tests.test_readme` renews it."""
    assert help_text(command) in README


def test_every_command_is_documented() -> None:
    """The README names every command of the program."""
    commands = re.findall(r"^│ (\w+)  ", help_text().split("Commands")[1], re.MULTILINE)
    assert {"scan", "train", "models", "config"} <= set(commands)
    for command in commands:
        assert f"tagger {command}" in README, command


def test_report_keys_are_documented_in_order() -> None:
    """The table of keys is the program's."""
    table = README.split("| key | value |")[1].split("\n\n")[0]
    assert tuple(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == report.COLUMNS
    table = README.split("| key | value of an album |")[1].split("\n\n")[0]
    assert tuple(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == album_columns.COLUMNS


def test_keys_of_library_reports_are_documented_in_order() -> None:
    """The README names the columns of CSV, and the keys of JSON, as they come."""
    columns, keys = README.split("**CSV** has the columns")[1].split("**How tags")[0].split("**JSON** is")
    assert tuple(re.findall(r"`(\w+)`", columns)) == rows.COLUMNS
    assert re.findall(r"`(\w+)`", keys) == list(rows.whole(made.audit([])))


def test_the_contract_table_is_the_tests() -> None:
    """The table of containers and laws is what is tested; `python -m tests.test_readme` renews it."""
    assert contract.table() in README
    assert all(map(contract.covers_all, contract.LAWS))
    assert all(map(contract.explains_itself, contract.LAWS))


def test_ci_runs_the_readmes_commands() -> None:
    """The commands in the README are the ones that are tested."""
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    commands = re.findall(r"```sh\n(.+?)\n```", README, re.DOTALL)
    assert len(commands) == 2
    for command in commands:
        assert command in script


def test_settings_are_documented() -> None:
    """Option, key and variable of the README's example are one setting."""
    run = subprocess.run(
        [sys.executable, "-m", "tagger", "config", "--json"],
        capture_output=True,
        env=os.environ | {"TAGGER_BATCH_SIZE": "32"},
        check=True,
        timeout=60,
    )
    assert json.loads(run.stdout)["batch_size"] == {"value": 32, "from": "TAGGER_BATCH_SIZE"}


def test_the_models_figures_are_the_cards(bundled: Artefact) -> None:
    """The scores in the README's tables are those of the cards, line by line."""
    lines = README.splitlines()
    for name in ("default", "accurate"):
        scores = artefact.load(artefact.BUNDLED / name).card.scores
        track, promises = scores["per_track"], scores["promises"]
        told = [
            track["accuracy"],
            track["macro_f1"],
            track["written"]["coverage"],
            track["written"]["accuracy"],
        ]
        cells = [f"`{name}`", *(shown(one) for one in (*told, promises["0.25"]["coverage"]))]
        strict = shown(promises["0.1"]["coverage"]) if name == "accurate" else "cannot be promised"
        assert f"| {' | '.join([*cells, strict])} |" in lines
        left_out, folds = (
            [shown(scores["protocols"][protocol]["per_track"][metric]) for metric in ("accuracy", "macro_f1")]
            for protocol in ("corpora", "kfold:5")
        )
        for row in (left_out, folds):
            bare = " | ".join(cell.replace(" %", "") for cell in row)
            assert any(line.startswith(f"| `{name}`") and bare in line for line in lines), row
    first = [shown(bundled.card.scores["per_track"][metric]) for metric in ("accuracy", "macro_f1")]
    assert f"| `default` | {' | '.join(first)} |" in lines
    baseline = [shown(bundled.card.scores["baseline"]["per_track"][key]) for key in ("accuracy", "macro_f1")]
    assert any(line.endswith(f"| {' | '.join(baseline)} |") for line in lines)
    assert ", ".join(bundled.card.genres) in README.replace("\n", " ")


def shown(share: dict[str, float]) -> str:
    """A share and its interval, as the README writes them."""
    value, low, high = (f"{100 * share[key]:.1f}" for key in ("value", "low", "high"))
    return f"{value} % ({low}–{high})"


def test_files_that_are_named_exist() -> None:
    """Every file of the project that the README names is there."""
    for name in re.findall(r"`((?:tagger|trainer|tests|examples)/[\w/.]+)`", README):
        assert (ROOT / name).exists(), name


if __name__ == "__main__":
    README = re.sub(r"\| container \|.*?\n\n", lambda _: f"{contract.table()}\n\n", README, flags=re.DOTALL)
    for command in SHOWN:
        README = re.sub(
            rf"```\n\n? *Usage: tagger {command} .*?```",
            lambda _, n=command: f"```\n{help_text(n)}\n```",
            README,
            flags=re.DOTALL,
        )
    (ROOT / "README.md").write_text(README, "utf-8")
