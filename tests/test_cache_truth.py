"""The cache never lies: whatever happens to files, models and the database, a verdict is that of the audio."""

import dataclasses
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tagger import engine
from tagger.inference import runtime
from tagger.inference.abstain import Rule
from tagger.inference.artefact import Artefact
from tagger.records import Failed, Track, Verdict
from tagger.sinks.cache import Cache

Tune = Callable[..., Path]


@pytest.fixture
def plan(bundled: Artefact) -> engine.Plan:
    """A plan with the bundled model that hears all."""
    shape = bundled.card.window
    return engine.Plan(bundled, runtime.load(bundled, "onnx"), shape.frames, shape.hop_frames, batch_size=8)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    """An empty cache, whose trouble is an error."""

    def trouble(problem: str) -> None:
        raise AssertionError(problem)

    opened = Cache(tmp_path / "cache", trouble)
    yield opened
    opened.close()


@pytest.fixture
def pieces(tmp_path: Path, tune: Tune) -> tuple[Path, Path]:
    """Two pieces of the same length, in bytes too."""
    first, second = (tune(tmp_path / f"{seed}.wav", seconds=12, seed=seed) for seed in (1, 4))
    assert first.stat().st_size == second.stat().st_size
    return first, second


def verdict(path: Path, plan: engine.Plan, cache: Cache | None = None) -> Verdict:
    """What is heard in a file."""
    (heard,) = engine.hear([Track(path)], plan, cache=cache)
    assert isinstance(heard, Verdict)
    return heard


def same(found: Verdict, expected: Verdict) -> bool:
    """Whether two verdicts have the same numbers, but for rounding, which depends on the batch."""
    return dict_of(found) == pytest.approx(dict_of(expected), abs=1e-5)


def dict_of(found: Verdict) -> dict[str, float]:
    """The probabilities by genre."""
    return {score.genre: score.probability for score in found.scores}


def replaced_by_content(old: Path, new: Path) -> Path:
    """The same file with other content and its old date."""
    status = old.stat()
    old.write_bytes(new.read_bytes())
    os.utime(old, ns=(status.st_atime_ns, status.st_mtime_ns))
    return old


def replaced_by_file(old: Path, new: Path) -> Path:
    """Another file of the same name, size and date; it may get the inode."""
    status, content = old.stat(), new.read_bytes()
    old.unlink()
    old.write_bytes(content)
    os.utime(old, ns=(status.st_atime_ns, status.st_mtime_ns))
    return old


def moved_over(old: Path, new: Path) -> Path:
    """The other file under this one's name, with this one's date."""
    status = old.stat()
    os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))
    return new.replace(old)


@pytest.mark.parametrize("change", [replaced_by_content, replaced_by_file, moved_over])
def test_another_file_in_the_place_of_one_is_heard(
    pieces: tuple[Path, Path], plan: engine.Plan, cache: Cache, change: Callable[[Path, Path], Path]
) -> None:
    """Size, date and name may be the same, what was heard in the old file is not said of the new one."""
    old, new = pieces
    first, expected = verdict(old, plan, cache), verdict(new, plan)
    found = verdict(change(old, new), plan, cache)
    assert same(found, expected)
    assert not same(found, first)


def test_a_file_replaced_while_it_is_heard_is_not_remembered(
    pieces: tuple[Path, Path], plan: engine.Plan, cache: Cache, tmp_path: Path
) -> None:
    """What was heard of a file that changed meanwhile is said of neither content later."""
    old, new = pieces
    kept = tmp_path / "kept.wav"
    kept.write_bytes(old.read_bytes())
    inner = plan.runtime

    class Meddling:
        """A real runtime, before whose first batch the file gets other content."""

        name, device = inner.name, inner.device

        def outputs(self, windows):  # type: ignore[no-untyped-def]
            """See `Runtime.outputs`."""
            old.write_bytes(new.read_bytes())
            return inner.outputs(windows)

    verdict(old, dataclasses.replace(plan, runtime=Meddling()), cache)  # type: ignore[arg-type]
    assert cache.counts()["results"] == 0
    assert same(verdict(kept, plan, cache), verdict(kept, plan))
    assert same(verdict(old, plan, cache), verdict(new, plan))


@pytest.mark.parametrize("ranking", [b"", b"\1\2", b"\0\0" + bytes(8), b"\xff\xff" + bytes(8)])
def test_a_damaged_row_is_heard_anew(
    pieces: tuple[Path, Path], plan: engine.Plan, cache: Cache, ranking: bytes
) -> None:
    """A result that cannot have been written for this model is none."""
    expected = verdict(pieces[0], plan, cache)
    with sqlite3.connect(cache.path) as database:
        assert database.execute("UPDATE results SET ranking = ?", (ranking,)).rowcount == 1
    assert same(verdict(pieces[0], plan, cache), expected)


def test_every_way_of_listening_is_its_own(plan: engine.Plan) -> None:
    """Whatever shapes the numbers of a verdict changes the way under which they are kept."""
    artefact = plan.artefact
    cards = [
        dataclasses.replace(artefact.card, checksums={"model.onnx": "sha256:0"}),
        dataclasses.replace(artefact.card, genres=tuple(reversed(artefact.card.genres))),
        dataclasses.replace(artefact.card, front_end=dataclasses.replace(artefact.card.front_end, amin=1e-9)),
        dataclasses.replace(
            artefact.card, calibration=dataclasses.replace(artefact.card.calibration, temperature=2)
        ),
    ]
    others = [
        dataclasses.replace(plan, window_frames=plan.window_frames + 1),
        dataclasses.replace(plan, hop_frames=plan.hop_frames + 1),
        dataclasses.replace(plan, vote="median"),
        dataclasses.replace(plan, effort="auto"),
        dataclasses.replace(plan, effort="fast"),
        *(dataclasses.replace(plan, artefact=dataclasses.replace(artefact, card=card)) for card in cards),
    ]
    ways = [plan.way, *(other.way for other in others)]
    assert len(set(ways)) == len(ways)
    for same in (dataclasses.replace(plan, jobs=9), dataclasses.replace(plan, rule=Rule(0.5))):
        assert same.way == plan.way


def test_a_pipe_is_no_file(pieces: tuple[Path, Path], plan: engine.Plan, cache: Cache, tmp_path: Path) -> None:
    """What would never end is refused, with a cache as without, and the others are heard."""
    pipe = tmp_path / "pipe.opus"
    os.mkfifo(pipe)
    for used in (cache, None):
        heard = {one.track.path: one for one in engine.hear([Track(pipe), Track(pieces[0])], plan, cache=used)}
        assert isinstance(heard[pieces[0]], Verdict)
        assert isinstance(heard[pipe], Failed)
        assert heard[pipe].reason == "is not a regular file"


# Windows and confidence.
GOLDEN = {"adagio.mp2": (5, 0.87614), "bossa.m4a": (3, 0.20952), "rock.wma": (4, 0.43366)}


def test_numbers_that_change_get_another_number(plan: engine.Plan, tmp_path: Path, tune: Tune) -> None:
    """Where the same audio gets other numbers, `_NUMBERS` in engine/plan.py must be raised.

    Else results of the old kind are served from caches. Then renew the figures here.
    """
    folder = Path(__file__).parent.parent / "examples" / "music"
    found = {name: verdict(folder / name, plan) for name in GOLDEN}
    for name, (n_windows, confidence) in GOLDEN.items():
        assert found[name].n_windows == n_windows
        assert found[name].confidence == pytest.approx(confidence, abs=5e-4)
    long = verdict(tune(tmp_path / "long.flac", seconds=120, seed=3), dataclasses.replace(plan, effort="auto"))
    assert (long.n_windows, long.confidence) == (6, pytest.approx(0.93127, abs=5e-4))
