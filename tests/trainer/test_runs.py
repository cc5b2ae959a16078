"""Runs are kept whole, found again, and never mixed up."""

from __future__ import annotations

import datetime
import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from tagger import settings
from tagger.errors import OutputError, SettingsError
from tests.trainer import judged
from trainer import comparison, documents, runs
from trainer.recipe import Recipe


def test_what_is_written_is_read(tmp_path):
    """A run that was read is the run that was written; tuples of the recipe come back as lists."""
    run = judged.run(tmp_path, 7, ("artists", False))
    again = runs.read(run.folder)
    assert again.as_dict() == json.loads(json.dumps(run.as_dict()))
    assert (again.seed, again.status, again.backend) == (7, "finished", "tensorflow")
    assert again.seconds >= 0
    assert {"python", "tagger", "keras"} <= set(again.versions)
    assert runs.read_scores(run)["protocols"]["artists"]["leaky"] is False
    assert [epoch["number"] for epoch in runs.epochs(run)] == [1, 2, 3]
    assert sorted(place.name for place in run.folder.iterdir()) == ["run.json", "scores.json", "training.jsonl"]


def test_runs_that_begin_at_once_get_folders_of_their_own(tmp_path):
    """Twenty at a time, all named after the time."""
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda seed: judged.run(tmp_path, seed), range(20)))
    assert len({run.folder for run in made}) == 20
    found, notes = runs.find_all(tmp_path)
    assert sorted(run.seed for run in found) == list(range(20))
    assert notes == []
    assert all(run.name.startswith("run_2") for run in found)


def test_a_run_that_goes_on_has_no_end(tmp_path):
    """It has no time, no scores and no epochs yet."""
    run = runs.create(tmp_path, dataset="d", recipe="r", recipe_numbers={}, protocol="artists", seed=0)
    with runs.held(run):
        assert (runs.read(run.folder).status, run.seconds) == ("running", None)
    assert runs.read_scores(run) == {}
    assert runs.epochs(run) == []
    assert runs.mark(run, "failed", "no disk").problem == "no disk"
    with pytest.raises(ValueError, match="status"):
        runs.mark(run, "done")


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand, in seconds from the beginning."""
    begin = datetime.datetime(2025, 11, 21, 9, 30, tzinfo=datetime.UTC)
    now = [begin]
    monkeypatch.setattr(runs, "_now", lambda: now[0])
    return lambda seconds: now.__setitem__(0, begin + datetime.timedelta(seconds=seconds)) or now[0].timestamp()


def new_run(tmp_path):
    """A run that has just begun."""
    return runs.create(tmp_path, dataset="d", recipe="r", recipe_numbers={}, protocol="artists", seed=0)


def written_at(run, time):
    """Make the last file of a run as old as if its process had been killed then."""
    for file in run.folder.iterdir():
        os.utime(file, (time, time))


@pytest.mark.parametrize("change", [{"worked_seconds": "long"}, {"session": "yesterday"}, {"session": 5}])
def test_damaged_times_are_refused(tmp_path, change):
    """As other damage is, in one sentence."""
    run = judged.run(tmp_path)
    documents.write(run.folder / runs.RUN, run.as_dict() | change)
    with pytest.raises(SettingsError, match="not that of a run"):
        runs.read(run.folder)


def test_pauses_do_not_count_as_work(tmp_path, clock):
    """Two seconds, a pause of two minutes, and five seconds are seven, also where the end is marked twice."""
    run = new_run(tmp_path)
    written_at(run, clock(0))
    run = runs.mark(run, "running")
    clock(2)
    assert runs.mark(run, "failed", "no disk").seconds == 2
    clock(122)
    run = runs.mark(runs.read(run.folder), "running")
    assert run.seconds is None
    clock(127)
    run = runs.mark(run, "finished")
    clock(900)
    assert runs.mark(run, "failed", "no report").seconds == 7
    assert runs.read(run.folder).seconds == 7


def test_a_killed_run_was_worked_on_until_it_last_wrote(tmp_path, clock):
    """It noted no end; what it did not write is not counted."""
    run = new_run(tmp_path)
    written_at(run, clock(0))
    run = runs.mark(run, "running")
    written_at(run, clock(40))
    clock(3600)
    run = runs.mark(runs.read(run.folder), "running")
    clock(3605)
    assert runs.mark(run, "finished").seconds == 45


def test_the_time_of_an_older_run_is_that_between_its_ends(tmp_path, clock):
    """Its work was not counted; what is done when it goes on comes on top."""
    run = new_run(tmp_path)
    clock(160)
    plain = runs.mark(run, "interrupted").as_dict()
    del plain["worked_seconds"], plain["session"]
    documents.write(run.folder / runs.RUN, plain)
    run = runs.read(run.folder)
    assert run.seconds == 160
    clock(1000)
    run = runs.mark(run, "running")
    clock(1010)
    assert runs.mark(run, "finished").seconds == 170


def test_the_epochs_of_a_run_are_seen_while_it_goes(tmp_path):
    """Those of the training it is at, until it has ended and has a log of its own."""
    run = runs.create(tmp_path, dataset="d", recipe="r", recipe_numbers={}, protocol="artists", seed=0)
    part = run.folder / runs.CHECKPOINT / "artists-0"
    part.mkdir(parents=True)
    (part / runs.LOG).write_text('{"number": 1, "loss": 0.5}\n')
    assert [epoch["loss"] for epoch in runs.epochs(run)] == [0.5]
    (run.folder / runs.LOG).write_text('{"number": 1, "loss": 0.25}\n')
    assert [epoch["loss"] for epoch in runs.epochs(run)] == [0.25]


def test_a_run_is_held_by_one_process(tmp_path):
    """While it is held no one else gets it; one that says it is running and is not held was killed."""
    run = runs.create(tmp_path, dataset="d", recipe="r", recipe_numbers={}, protocol="artists", seed=0)
    with runs.held(run), pytest.raises(SettingsError, match="another process"), runs.held(run):
        pass
    assert runs.read(run.folder).status == "interrupted"
    with runs.held(run):
        assert runs.read(run.folder).status == "running"


def test_a_log_that_a_crash_cut_off_is_read_as_far_as_it_goes(tmp_path):
    """The torn line is passed over, and of an epoch that was done again the later line counts."""
    run = judged.run(tmp_path)
    with (run.folder / runs.LOG).open("a") as log:
        log.write('{"number": 2, "loss": 0.5}\n{"number": 4, "lo')
    assert [(epoch["number"], epoch["loss"]) for epoch in runs.epochs(run)] == [(1, 1.0), (2, 0.5), (3, 1.0)]


@pytest.mark.parametrize(
    "content",
    [None, "", "[]", "{}", '{"started": 3}', '{"started": "yesterday"}', "\udcff"],
    ids=["missing", "empty", "list", "nothing", "number", "no time", "not UTF-8"],
)
def test_damaged_and_foreign_folders_are_passed_over_with_a_note(tmp_path, content):
    """The others are listed all the same."""
    run = judged.run(tmp_path)
    foreign = tmp_path / "run_holiday"
    foreign.mkdir()
    if content is not None:
        (foreign / runs.RUN).write_bytes(content.encode("utf-8", "surrogateescape"))
    found, notes = runs.find_all(tmp_path)
    assert [one.name for one in found] == [run.name]
    assert len(notes) == 1
    assert "run_holiday" in notes[0]
    assert "passed over" in notes[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dataset": None}, "run.dataset must be a text"),
        ({"recipe": 4}, "run.recipe must be a text"),
        ({"recipe_numbers": []}, "run.recipe_numbers must be an object"),
        ({"seed": "x"}, "run.seed must be a whole number"),
        ({"versions": 3}, "run.versions must be an object"),
        ({"order": []}, "run.order must be an object"),
        ({"problem": None}, "run.problem must be a text"),
        ({"status": "lost"}, "there is no status lost"),
        ({"finished": "2025-11-21T09:30:00"}, "run.finished must be a date and a time with its zone"),
        ({"started": "2025-11-21"}, "run.started must be a date and a time with its zone"),
        ({"finished": 5}, "run.finished must be a text"),
    ],
)
def test_a_value_that_makes_no_sense_hides_no_other_run(tmp_path, change, said):
    """Its run is passed over with a note, and refused with a hint where it is asked for."""
    run, other = judged.run(tmp_path), judged.run(tmp_path)
    documents.write(run.folder / runs.RUN, run.as_dict() | change)
    rows, notes = comparison.listed(tmp_path)
    assert [row["name"] for row in rows] == [other.name]
    assert notes == [f"{run.folder / runs.RUN}: not that of a run: {said}: passed over"]
    with pytest.raises(SettingsError, match=said) as caught:
        runs.find(tmp_path, run.name)
    assert caught.value.hint


def test_a_run_of_an_older_version_is_read(tmp_path):
    """What it does not know is left open."""
    run = judged.run(tmp_path)
    names = ("started", "dataset", "recipe", "recipe_numbers", "protocol", "seed", "status")
    documents.write(run.folder / runs.RUN, {name: getattr(run, name) for name in names})
    assert runs.read(run.folder).order == {}


def test_no_name_is_no_run(tmp_path):
    """It is the end of every name, and would be the run of the folder one is in."""
    judged.run(tmp_path)
    with pytest.raises(SettingsError, match="no name of a run is given"):
        runs.find(tmp_path, "")


def test_a_run_is_found_by_name_end_and_folder(tmp_path):
    """What fits several runs, or none, is refused in one sentence."""
    run = judged.run(tmp_path)
    for name in (run.name, run.name.removeprefix("run_"), run.name[-6:], str(run.folder)):
        assert runs.find(tmp_path, name).folder == run.folder
    with pytest.raises(SettingsError, match="no such run"):
        runs.find(tmp_path, "nonesuch")
    for name in ("run_19990101_000000", "run_19980101_000000"):
        run.folder.joinpath("copy").mkdir(exist_ok=True)
        (tmp_path / name).mkdir()
        (tmp_path / name / runs.RUN).write_text((run.folder / runs.RUN).read_text())
    with pytest.raises(SettingsError, match="several runs"):
        runs.find(tmp_path, "_000000")


def test_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path):
    """A file in the place of the folder, and numbers that JSON does not know."""
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        runs.create(tmp_path / "file", dataset="", recipe="", recipe_numbers={}, protocol="", seed=0)
    with pytest.raises(OutputError):
        documents.write(tmp_path / "nowhere" / "run.json", {})
    with pytest.raises(ValueError, match="JSON"):
        documents.write(tmp_path / "run.json", {"loss": float("nan")})
    assert [place.name for place in tmp_path.iterdir()] == ["file"]


def test_runs_have_a_home_among_the_users_data():
    """Beside the models."""
    assert runs.home() == settings.home_folder("data") / "runs"
    assert Recipe().as_dict()["seed"] == 0
