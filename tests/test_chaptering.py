"""Chapters: a mix is cut where other music begins, named as a scan names it, whole, and in bounded memory."""

import dataclasses
import itertools
import json
import os
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tagger import chaptering, cli, engine
from tagger.errors import NothingToHearError
from tagger.inference import runtime
from tagger.inference.abstain import Rule
from tagger.inference.artefact import Artefact
from tagger.records import Track, Verdict
from tests.bench import chapters as bench

EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "music"
Tune = Callable[..., Path]


@pytest.fixture(scope="module")
def plan(bundled: Artefact) -> engine.Plan:
    """A plan with the bundled model."""
    shape = bundled.card.window
    return engine.Plan(bundled, runtime.load(bundled, "onnx", 1), shape.frames, shape.hop_frames)


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Disco for half a minute, silence for as long, ambient music for as long."""
    path = tmp_path_factory.mktemp("mix") / "mix.flac"
    sounds = []
    for name in ("disco.wav", "ambient.flac"):
        y, sample_rate = soundfile.read(EXAMPLES / name, dtype="float32", always_2d=True)
        y = y.mean(axis=1)
        sounds.append(np.tile(y, 9)[: 30 * sample_rate])
    silence = np.zeros(30 * sample_rate, np.float32)
    soundfile.write(path, np.concatenate([sounds[0], silence, sounds[1]]), sample_rate)
    return path


def test_a_mix_is_cut_where_other_music_begins(plan: engine.Plan, mix: Path) -> None:
    """Music, silence and other music are three chapters, from 0 to the end without a gap, within a hop."""
    found = chaptering.divide(mix, plan)
    assert [chapter.title for chapter in found] == ["Electronic", "silent", "Classical"]
    assert [chapter.genre for chapter in found] == ["Electronic", None, "Classical"]
    starts = [chapter.start_seconds for chapter in found]
    assert starts == pytest.approx([0, 30, 60], abs=2.848)
    assert starts[0] == 0
    assert [chapter.end_seconds for chapter in found] == [*starts[1:], pytest.approx(90, abs=0.01)]
    assert found[1].probability == 0


def test_a_chapter_is_named_as_a_scan_would(plan: engine.Plan, tmp_path: Path) -> None:
    """A recording that is one chapter has the genre and the confidence of a scan that hears all."""
    for name in ("ambient.flac", "disco.wav"):
        (chapter,) = chaptering.divide(EXAMPLES / name, plan)
        (heard,) = engine.hear([Track(EXAMPLES / name)], plan)
        assert isinstance(heard, Verdict)
        assert (chapter.genre, chapter.probability) == (heard.genre, heard.confidence)
        assert (chapter.start_seconds, chapter.end_seconds) == (0, heard.duration_seconds)


def test_what_is_not_sure_enough_is_not_named(plan: engine.Plan, mix: Path) -> None:
    """Below the threshold a chapter is "don't know", and neighbours with one name are one chapter."""
    careful = dataclasses.replace(plan, rule=Rule(min_confidence=1.0))
    found = chaptering.divide(mix, careful)
    assert [chapter.title for chapter in found] == ["don't know", "silent", "don't know"]
    longer = chaptering.divide(mix, careful, least_seconds=40)
    assert [(chapter.title, chapter.genre) for chapter in longer] == [("don't know", None)]


def test_no_chapter_is_too_short(plan: engine.Plan, mix: Path) -> None:
    """Chapters are as long as is asked for, the last but for a part of a hop, or there is but one."""
    for least in (3, 12, 25, 44, 100):
        found = chaptering.divide(mix, plan, least_seconds=least)
        assert min([least, *(chapter.seconds for chapter in found[:-1])]) == least
        assert len(found) == 1 or found[-1].seconds > least - 2.848


@pytest.mark.parametrize(("seconds", "least"), [((30, 8, 30), 20), ((30, 8), 25), ((8, 30), 25)])
def test_short_music_in_long_silence_is_no_chapter(
    plan: engine.Plan, tmp_path: Path, seconds: tuple[int, ...], least: float
) -> None:
    """Music shorter than a chapter belongs to the silence around it; it is one where it is long enough."""
    y, sample_rate = soundfile.read(EXAMPLES / "disco.wav", dtype="float32")
    music = y if y.ndim == 1 else y.mean(axis=1)
    parts = [music[: n * sample_rate] if n == 8 else np.zeros(n * sample_rate, np.float32) for n in seconds]
    soundfile.write(tmp_path / "a.wav", np.concatenate(parts), sample_rate)
    (chapter,) = chaptering.divide(tmp_path / "a.wav", plan, least_seconds=least)
    assert (chapter.title, chapter.genre, chapter.probability) == ("silent", None, 0)
    assert (chapter.start_seconds, chapter.end_seconds) == (0, pytest.approx(sum(seconds), abs=0.01))
    longer = chaptering.divide(tmp_path / "a.wav", plan, least_seconds=5)
    assert len([one.title for one in longer if one.genre]) == 1
    assert len(longer) == len(seconds)
    assert min(one.seconds for one in longer) >= 5


def test_silence_has_no_chapters(plan: engine.Plan) -> None:
    """Where nothing can be heard there is nothing to cut."""
    with pytest.raises(NothingToHearError, match="silent"):
        chaptering.divide(EXAMPLES / "silence.flac", plan)


@pytest.mark.real
def test_boundaries_of_real_mixes_are_found(music: Path) -> None:
    """Of 20 joins of real recordings, most are found within a hop, and few are found where there is none."""
    precision, recall, f1 = bench.scores(list(bench.judged(music, 1, n_mixes=2)))
    assert precision > 0.8
    assert recall > 0.75
    assert f1 > 0.8


def test_counting_boundaries() -> None:
    """Each boundary that is found serves one true one, the nearest; the rest are false, or missed."""
    assert bench.counts([10, 20.5, 50], [11, 20, 21, 30], 2) == (2, 1, 2)
    assert bench.scores([(8, 2, 0), (2, 0, 8)]) == pytest.approx((10 / 12, 10 / 18, 20 / 30))


@pytest.mark.slow
def test_hours_take_no_more_memory(plan: engine.Plan, tmp_path: Path, mix: Path) -> None:
    """Two hours take little more memory than some minutes."""
    y, sample_rate = soundfile.read(mix, dtype="float32")
    path = tmp_path / "long.flac"
    with soundfile.SoundFile(path, "w", sample_rate, 1) as file:
        for _ in range(80):
            file.write(y)
    chaptering.divide(mix, plan)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = chaptering.divide(path, plan)
    assert found[-1].end_seconds == pytest.approx(7200, abs=1)
    assert [chapter.title for chapter in found[:3]] == ["Electronic", "silent", "Classical"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000


# The command


def run(*arguments: str) -> int:
    """Run `tagger timeline`."""
    return cli.run(["timeline", *arguments, "--runtime", "onnx"])


def test_people_get_a_table(mix: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each chapter: start, end, what it is, and how probable."""
    assert run(str(mix)) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [line[2] for line in lines] == ["Electronic", "silent", "Classical"]
    assert lines[0][0] == "0:00"
    assert lines[-1][1] == "1:30"
    assert lines[0][3].endswith(" %")
    assert lines[1][3] == ""


def test_programs_get_lists(mix: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same chapters come as CUE sheet, FFmetadata and JSON, on stdout and in a file alike."""
    heads = {"cue": "REM COMMENT", "ffmetadata": ";FFMETADATA1", "json": '{"format": 1'}
    for (kind, head), suffix in zip(heads.items(), ("cue", "ffmeta", "json"), strict=True):
        assert run(str(mix), "--chapters", kind) == 0
        text = capsys.readouterr().out
        assert text.startswith(head)
        path = tmp_path / f"mix.{suffix}"
        assert run(str(mix), "--chapters", kind, "-o", str(path)) == 0
        capsys.readouterr()
        assert path.read_text().splitlines()[-1] == text.splitlines()[-1] or kind == "json"
    chapters = json.loads((tmp_path / "mix.json").read_text())["chapters"]
    assert [chapter["title"] for chapter in chapters] == ["Electronic", "silent", "Classical"]
    assert all(one["end_seconds"] == after["start_seconds"] for one, after in itertools.pairwise(chapters))


@pytest.mark.parametrize(("kind", "suffix"), [("cue", "cue"), ("ffmetadata", "ffmeta")])
def test_lists_name_files_by_their_bytes(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], kind: str, suffix: str
) -> None:
    """A name that is not UTF-8 has its own bytes on stdout as in a file, so that players find what it names."""
    song = tmp_path / os.fsdecode(b"a\xff.flac")
    song.write_bytes((EXAMPLES / "ambient.flac").read_bytes())
    assert run(str(song), "--chapters", kind) == 0
    text = capfdbinary.readouterr().out
    assert b"a\xff.flac" in text
    assert b"udcff" not in text
    assert run(str(song), "-o", str(tmp_path / f"a.{suffix}")) == 0
    assert b"a\xff.flac" in (tmp_path / f"a.{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--min-seconds", "0"], 2, "--min-seconds must be more than 0"),
        (["--min-seconds", "nan"], 2, "--min-seconds must be more than 0"),
        (["-o", "x.mp3"], 2, "unclear"),
        (["-o", "x.cue", "--chapters", "json"], 2, "is no json by its name"),
        (["--chapters", "nero"], 2, "nero"),
        (["-o", "nowhere/x.cue"], 5, "no folder"),
    ],
)
def test_nonsense_is_refused(
    mix: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    """Wrong values and names that mean something else get a sentence and their exit code."""
    assert run(str(mix), *arguments) == code
    told = capsys.readouterr()
    assert said in told.err
    assert "Traceback" not in told.err
    assert not told.out


def test_what_cannot_be_heard_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing file, and one that is no music, end with exit code 1 and a sentence that names them."""
    (tmp_path / "text.mp3").write_text("no music")
    for name in ("nowhere.mp3", "text.mp3"):
        assert run(str(tmp_path / name)) == 1
        assert name in capsys.readouterr().err


def test_a_song_is_not_overwritten(mix: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is no chapter list stays, though its name is right."""
    own = tmp_path / "own.cue"
    own.write_text("my own sheet")
    assert run(str(mix), "-o", str(own)) == 5
    assert own.read_text() == "my own sheet"
