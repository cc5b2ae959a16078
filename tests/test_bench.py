"""The benchmark runs, and says what it measured; how fast anything is, no test says."""

import itertools
import json
import shutil
import subprocess
import sys
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import soundfile

from tagger.inference.artefact import Artefact
from tests.bench import __main__ as bench
from tests.bench import alone, codecs, effort, figure, machine, speed, steps, stopwatch, targets
from tests.bench.extent import Extent
from tests.bench.material import Material

TINY = Extent(
    formats=("mp3", "flac"),
    songs=2,
    copies=2,
    songs_for_slow=1,
    song_seconds=8,
    rounds=1,
    least_seconds=0,
    minutes=(0.1, 0.2),
    library=(3, 6),
    jobs=(1, 2),
    live_seconds=6,
)

DECODING = ("decoding alone: soundfile, threads", "decoding alone: PyAV, processes")


@pytest.fixture
def material(tmp_path: Path, tune) -> Material:
    """Two tiny files to make songs of."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    (tmp_path / "music").mkdir()
    for seed in (1, 2):
        tune(tmp_path / "music" / f"{seed}.wav", seconds=5, seed=seed)
    return Material(tmp_path / "made", tmp_path / "music", TINY)


def test_songs_are_made_once_and_stay(material: Material) -> None:
    """Songs, and copies of them, have the wanted formats and numbers; a second run finds them there."""
    songs = material.songs
    assert {kind: len(files) for kind, files in songs.items()} == {"mp3": 4, "flac": 4}
    assert len({Path(song).read_bytes() for song in songs["mp3"]}) == 2
    times = [Path(song).stat().st_mtime_ns for song in chain(*songs.values())]
    again = Material(material.folder, material.music, TINY).songs
    assert again == songs
    assert [Path(song).stat().st_mtime_ns for song in chain(*again.values())] == times


def test_files_of_a_library_differ_and_go_away(material: Material) -> None:
    """No two files of a library sound alike, else a cache would spare the work; none is left behind."""
    with material.library(6) as folder:
        files = [path.read_bytes() for path in Path(folder).iterdir()]
    assert len(set(files)) == len(files) == 6
    assert not Path(folder).exists()


def test_light_parts_give_figures(material: Material, capsys: pytest.CaptureFixture[str]) -> None:
    """Start-up, memory, library and profile give JSON that is judged and printed."""
    *_, found = bench.run(material, ["startup", "memory", "library", "profile"])
    assert json.loads(json.dumps(found)) == found
    assert found["startup"]["loads_tensorflow"] is False
    lengths = itertools.chain(*found["memory"]["lengths"].values())
    assert all(row["peak_bytes"] > 2**20 for row in [*lengths, *found["library"]["sizes"]])
    assert set(found["profile"]["seconds_an_hour"]["flac"]) == set(steps.STEPS)
    measured = {one["name"]: one["measured"] for one in found["targets"]}
    sizes = found["library"]["sizes"]
    assert measured["memory, largest library / smallest"] == sizes[1]["peak_bytes"] / sizes[0]["peak_bytes"]
    assert measured["auto / full on songs, MP3"] is None
    assert all(0 <= share < 1 for share in found["others_share"].values())
    assert "µs a file, unchanged library" in capsys.readouterr().out


def test_speeds_are_measured_beside_the_limit(material: Material) -> None:
    """Every way has a figure for each round and format; the limit is the faster way to decode."""
    found = speed.measure(material, lambda name: name in {*DECODING, speed.OURS["full"]})
    ways = found["ways"]
    assert set(ways) == {*DECODING, speed.LIMIT, speed.OURS["full"]}
    for kind in TINY.formats:
        assert all(len(way[kind]["rounds"]) == TINY.rounds for way in ways.values())
        assert ways[speed.LIMIT][kind]["times_real_time"] == max(
            ways[way][kind]["times_real_time"] for way in DECODING
        )


def test_targets_are_computed_from_the_figures() -> None:
    """Ratios follow from the numbers alone; what was not measured is neither reached nor missed."""

    def way(times: float) -> dict[str, Any]:
        return {"mp3": {"times_real_time": times, "spread": 0.1}}

    ways = {speed.LIMIT: way(1000), speed.OURS["full"]: way(500), speed.PAPERS: way(40)}
    found = {"speed": {"ways": ways | {speed.OURS["auto"]: way(2000)}, "shortest_piece_seconds": 30}}
    judged = {one["name"]: one for one in targets.judge(found)}
    assert judged["auto / full on songs, MP3"]["measured"] is None
    found["speed"]["shortest_piece_seconds"] = 180
    judged = {one["name"]: one for one in targets.judge(found)}
    assert judged["auto / full on songs, MP3"]["measured"] == 4
    limit, papers = judged["full / the limit, MP3"], judged["full / papers that predict per track, MP3"]
    assert (limit["measured"], limit["reached"]) == (0.5, True)
    assert (papers["measured"], papers["reached"]) == (12.5, False)
    assert [one["reached"] for one in judged.values()].count(None) == len(targets.TARGETS) - 3
    assert speed.table({"formats": ["mp3"], "ways": ways})[2] == ["tagger full", "500 ± 5 % (12.5)"]


def test_memory_of_others_counts_for_nothing() -> None:
    """The peak is that of the process and those it started, not ours."""
    ours = bytearray(300 * 2**20)
    ours[::4096] = b"x" * len(ours[::4096])
    hold = "import time; kept = bytes(1) * 2**26; time.sleep(0.3)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{hold}']); {hold}"
    seen = alone.watch([sys.executable, "-c", child])
    assert 2 * 2**26 < seen.peak_bytes < len(ours)


def test_work_of_others_is_told_from_ours() -> None:
    """Others' is what was neither idle nor ours; the work of what we started is ours once it has ended."""
    before = machine.Watch(wall=100, idle=50, own=7)
    assert before.share_of_others(machine.Watch(wall=110, idle=55, own=15), n_cores=2) == pytest.approx(0.35)
    own = machine.Watch.now().own
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-c", burn], check=True)
    assert machine.Watch.now().own >= own + 0.25


def test_what_fails_alone_says_why() -> None:
    """A process that fails is an error with its last words."""
    with pytest.raises(RuntimeError, match="no such thing"):
        alone.watch([sys.executable, "-c", "raise SystemExit('no such thing')"])


def test_work_is_repeated_until_the_time_is_up() -> None:
    """Fast work is repeated, and its mean is shorter than the whole; a spread is a share of the median."""
    done: list[int] = []
    assert stopwatch.laps(lambda: done.append(1), 0.01) < 0.01
    assert len(done) > 1
    assert stopwatch.spread([9, 10, 11]) == 0.2


def test_figure_shows_every_step(tmp_path: Path) -> None:
    """Each step has its name in the picture, which is the same each time."""
    pytest.importorskip("matplotlib", reason="Matplotlib is not installed")
    profile = {"seconds_an_hour": {kind: dict.fromkeys(steps.STEPS, 1.0) for kind in ("mp3", "flac")}}
    for name in ("1.svg", "2.svg"):
        assert figure.draw(profile, tmp_path / name)
    text = (tmp_path / "1.svg").read_text("utf-8")
    assert all(f">{step}<" in text for step in steps.STEPS)
    assert text == (tmp_path / "2.svg").read_text("utf-8")


def test_listening_gives_figures(material: Material, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is played has a delay for each window; a loss in ten minutes is told of ten minutes only."""
    *_, found = bench.run(material, ["live"])
    assert json.loads(json.dumps(found)) == found
    assert found["live"]["n_windows"] == 3
    assert 0 < found["live"]["median_seconds"] <= found["live"]["longest_seconds"]
    measured = {one["name"]: one["measured"] for one in found["targets"]}
    assert measured["seconds, window to its line, live"] == found["live"]["median_seconds"]
    assert measured["seconds lost in ten minutes, live"] is None
    assert "played live" in capsys.readouterr().out


def test_unknown_parts_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A part that does not exist is named, and nothing is measured."""
    with pytest.raises(SystemExit, match="2"):
        bench.main(["speed", "sped"])
    assert "no such part: sped" in capsys.readouterr().err


def test_columns_are_aligned() -> None:
    """The first column stands to the left, figures to the right."""
    assert bench.aligned([["a", "1"], ["long", "10"]]) == "a      1\nlong  10"


@pytest.mark.real
def test_songs_that_are_heard_in_part_are_long_enough_and_told_by_effort(music: Path, tmp_path: Path) -> None:
    """Joined from clips and cut to their length; what a scan says of each comes with its number of windows."""
    effort.songs(music, tmp_path, n=2)
    joined = sorted(tmp_path.glob("*.flac"))
    assert len(joined) == 2
    assert all(90 <= soundfile.info(song).duration <= 300 for song in joined)
    for whole in tmp_path.glob("*.mp3"):
        whole.unlink()
    whole, part = (effort.told(tmp_path, one) for one in ("full", "fast"))
    assert set(whole) == set(part) == {song.name for song in joined}
    assert all(part[name]["n_windows"] == 6 < whole[name]["n_windows"] for name in whole)


@pytest.mark.real
def test_codecs_are_told_by_what_they_change(music: Path, bundled: Artefact) -> None:
    """Almost nothing at 128 kbit/s, and more at a third of that."""
    tracks = codecs.tracks(music, 12)
    n, kept, moved = codecs.changed(bundled, tracks, "MP3 128k.mp3")
    assert n == 12
    assert kept >= 11
    assert 0 < moved < 0.02
    assert codecs.changed(bundled, tracks, "Opus 32k.opus")[2] > moved
