"""`tagger listen` keeps its promises: the scan's verdict, data on stdout, a whole ending however it ends."""

from __future__ import annotations

import datetime
import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tagger.sources import decode
from tests import sound_card
from tests.sources import tones
from tests.sources.station import Handler, station
from tests.sources.watched import wait_for
from tests.test_cli import objects, tagger

Tune = Callable[..., Path]
ROOT = Path(__file__).resolve().parents[1]

MOMENT_KEYS = [
    "event",
    "format",
    "time",
    "end_seconds",
    "told",
    "genre",
    "confidence",
    "genres",
    "reason",
    "new",
    "level_db",
    "clipped",
    "behind_seconds",
    "lost_seconds",
]
_SOON = ["--realtime", "--json", "--window", "1", "--hop", "0.5"]
OF_THE_VERDICT = ["path", "status", "genre", "confidence", "genres", "duration_seconds", "n_windows", "model"]


def listen(*arguments: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run the command on the CPU."""
    return tagger("listen", *arguments, "--runtime", "onnx", stdin=stdin)


def started(*arguments: object, **more) -> subprocess.Popen[bytes]:
    """Start the command, to be ended by the test."""
    return subprocess.Popen(
        [sys.executable, "-m", "tagger", "listen", *map(str, arguments), "--runtime", "onnx"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **more,
    )


@pytest.fixture
def song(tmp_path: Path, tune: Tune) -> Path:
    """Twelve seconds of a tune."""
    return tune(tmp_path / "a song.wav", seconds=12, seed=3)


def test_a_file_has_the_verdict_of_a_scan(song: Path) -> None:
    """Every number of the summary is the scan's; moments come before it, in order and with their keys."""
    run = listen(song, "--json", "--top-k", "14")
    assert run.returncode == 0, run.stderr.decode()
    *moments, summary = objects(run)
    (scanned,) = objects(tagger("scan", song, "--json", "--top-k", "14", "--effort", "full", "--no-cache"))
    assert {key: summary[key] for key in OF_THE_VERDICT} == {key: scanned[key] for key in OF_THE_VERDICT}
    assert [list(moment) for moment in moments] == [MOMENT_KEYS] * scanned["n_windows"]
    assert [moment["end_seconds"] for moment in moments] == sorted(moment["end_seconds"] for moment in moments)
    assert moments[-1]["end_seconds"] == 12
    assert sum(summary["shares"].values()) == pytest.approx(12)
    assert datetime.datetime.fromisoformat(summary["time"]).tzinfo is not None
    assert b"nothing lost" in run.stderr


def test_lines_are_for_people_and_scripts(song: Path) -> None:
    """Five cells a line on stdout; the first at the first window, the last over all; the rest is on stderr."""
    run = listen(song)
    rows = [line.split("\t") for line in run.stdout.decode().splitlines()]
    assert all(len(row) == 5 for row in rows)
    assert rows[0][0] == "0:03"
    assert rows[-1][0] == "0:12"
    assert rows[-1][4] == "all of it"
    assert rows[-1][1] in run.stderr.decode()
    quiet = listen(song, "--quiet")
    assert quiet.stdout == run.stdout
    assert not quiet.stderr


def test_stdin_says_what_the_file_says(song: Path) -> None:
    """A WAV in a pipe, and its bare samples, have the file's verdict."""
    expected = objects(listen(song, "--json"))[-1]
    y, rate = soundfile.read(song, dtype="int16")
    raw = f"s16le,{rate},1"
    for arguments, stdin in (([], song.read_bytes()), (["--raw", raw], y.tobytes())):
        found = objects(listen("-", *arguments, "--json", stdin=stdin))[-1]
        assert found["path"] == "-"
        for key in OF_THE_VERDICT[1:]:
            assert found[key] == expected[key]


def test_a_stream_is_heard_through_its_outages(tmp_path: Path) -> None:
    """An MP3 at some times its speed that breaks off and comes back: a gap, told and counted, and then more."""
    data, stop = (
        tones.ffmpeg(music_file(tmp_path), "-c:a libmp3lame -b:a 64k -write_xing 0", "mp3"),
        threading.Event(),
    )

    def answer(handler: Handler, number: int) -> None:
        handler.begin(status=200 if number in (0, 2) else 503)
        if number in (0, 2):
            handler.play(data, 100_000, stop)

    with station(answer) as url:
        run = listen(url, "--json", "--duration", "15", "--patience", "30")
        stop.set()
    assert run.returncode == 0, run.stderr.decode()
    *moments, summary = objects(run)
    assert summary["path"] == url
    assert summary["lost_seconds"] > 0.2
    assert moments[-1]["lost_seconds"] == summary["lost_seconds"]
    assert summary["duration_seconds"] + summary["lost_seconds"] == pytest.approx(15, abs=0.1)
    assert b"the server broke it off; trying again" in run.stderr
    assert b"s missing: the server broke it off" in run.stderr


def music_file(folder: Path) -> Path:
    """Ten seconds with a beat."""
    path = folder / "beat.wav"
    rng = np.random.default_rng(7)
    t = np.arange(10 * 22050) / 22050
    soundfile.write(path, 0.3 * rng.standard_normal(len(t)) * np.exp(-8 * (t % 0.5)), 22050)
    return path


def test_a_stream_that_is_gone_ends_with_summary_and_error(tmp_path: Path) -> None:
    """What was heard is not lost with the server."""
    data = tones.ffmpeg(music_file(tmp_path), "-c:a libmp3lame -b:a 64k -write_xing 0", "mp3")

    def answer(handler: Handler, number: int) -> None:
        handler.begin(status=200 if number == 0 else 404)
        if number == 0:
            handler.wfile.write(data)

    with station(answer) as url:
        run = listen(url, "--json", "--patience", "0.5", "--record", tmp_path / "kept.flac")
    assert run.returncode == 6
    assert objects(run)[-1]["duration_seconds"] == pytest.approx(10, abs=0.3)
    assert b"did not come back within 0.5 s" in run.stderr
    assert soundfile.info(tmp_path / "kept.flac").duration == pytest.approx(10, abs=0.3)


def test_what_is_recorded_scans_to_the_same(song: Path, tmp_path: Path) -> None:
    """The recording holds the very samples that were heard."""
    kept = tmp_path / "kept.wav"
    run = listen(song, "--json", "--record", kept, "--duration", "9.5")
    summary = objects(run)[-1]
    assert summary["duration_seconds"] == 9.5
    y = np.concatenate(list(decode.blocks(song, 16000)))
    np.testing.assert_array_equal(soundfile.read(kept, dtype="float32")[0], y[: 16000 * 19 // 2])
    (scanned,) = objects(tagger("scan", kept, "--json", "--effort", "full", "--no-cache"))
    assert (scanned["genre"], scanned["genres"]) == (summary["genre"], summary["genres"])


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_a_recording_that_fails_ends_nothing(suffix: str, song: Path, tmp_path: Path) -> None:
    """Where the disk is full that is told once; all else is heard, told and listed, and the exit code is 5."""
    kept, chapters = tmp_path / f"kept{suffix}", tmp_path / "list.json"

    def narrow() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    with started(song, "--json", "--record", kept, "--chapters", chapters, preexec_fn=narrow) as run:
        out, stderr = run.communicate(timeout=60)
    assert run.returncode == 5
    assert stderr.count(b"cannot be written") == 1
    assert f"{kept}: cannot be written".encode() in stderr
    assert b"nothing more is recorded" in stderr
    *moments, summary = (json.loads(line) for line in out.splitlines())
    assert len(moments) == 5
    assert summary["duration_seconds"] == 12
    assert chapters.exists()


def test_chapters_are_written(song: Path, tmp_path: Path) -> None:
    """The list holds the session from its start to its end, and names the recording if there is one."""
    run = listen(song, "--chapters", tmp_path / "list.json", "--record", tmp_path / "kept.flac")
    assert run.returncode == 0, run.stderr.decode()
    written = json.loads((tmp_path / "list.json").read_text())
    assert written["source"] == str(tmp_path / "kept.flac")
    assert written["chapters"][0]["start_seconds"] == 0
    assert written["chapters"][-1]["end_seconds"] == 12


def test_a_cue_sheet_finds_its_sound_file_from_its_own_folder(song: Path, tmp_path: Path) -> None:
    """Wherever the command was run."""
    for name in ("sheets", "sounds"):
        (tmp_path / name).mkdir()
    run = listen(song, "--chapters", tmp_path / "sheets/mix.cue", "--record", tmp_path / "sounds/kept.flac")
    assert run.returncode == 0, run.stderr.decode()
    assert 'FILE "../sounds/kept.flac" WAVE' in (tmp_path / "sheets/mix.cue").read_text()


def test_a_source_that_cannot_be_heard_leaves_no_empty_recording(song: Path, tmp_path: Path) -> None:
    """So that the next try is not in the way of this one."""
    kept = tmp_path / "kept.flac"
    assert listen(tmp_path / "missing.wav", "--record", kept).returncode != 0
    assert not kept.exists()
    assert listen(song, "--record", kept).returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_with_summary_and_whole_files(number: int, song: Path, tmp_path: Path) -> None:
    """In the middle of a file at playing speed: soon, code 130, the summary, the recording and the chapters."""
    kept, chapters = tmp_path / "kept.flac", tmp_path / "list.cue"
    with started(song, *_SOON, "--record", kept, "--chapters", chapters) as run:
        first = json.loads(run.stdout.readline())
        rest, stderr = ended(run, number)
    assert run.returncode == 130, stderr.decode()
    summary = json.loads(rest.splitlines()[-1])
    assert first["event"] == "moment"
    assert summary["event"] == "summary"
    assert 0.9 < summary["duration_seconds"] < 11
    assert soundfile.info(kept).duration == pytest.approx(summary["duration_seconds"], abs=0.2)
    assert "TRACK 01" in chapters.read_text()


def ended(run: subprocess.Popen[bytes], number: int = signal.SIGINT) -> tuple[bytes, bytes]:
    """Send a signal, and give what is printed; nobody waits for long after Ctrl-C."""
    began = time.monotonic()
    run.send_signal(number)
    out, err = run.stdout.read(), run.stderr.read()
    run.wait(20)
    assert time.monotonic() - began < 5
    assert not any(word in err for word in (b"Traceback", b"Fatal", b"leaked"))
    return out, err


def caught(pid: int) -> set[int]:
    """The signals that a process handles itself (proc(5)); Python alone handles no SIGTERM."""
    (mask,) = re.findall(r"^SigCgt:\s*(\w+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return {number for number in range(1, 32) if int(mask, 16) >> (number - 1) & 1}


def test_an_interrupt_reaches_a_pipe_where_nothing_comes() -> None:
    """Neither the thread that waits for stdin nor Python's own end keeps the process."""
    with started("-", stdin=subprocess.PIPE) as run:
        wait_for(lambda: signal.SIGTERM in caught(run.pid))
        time.sleep(0.5)
        out, _ = ended(run)
    assert run.returncode == 130
    assert b"nothing was heard" in out


@pytest.mark.parametrize("heard", [False, True])
def test_an_interrupt_reaches_a_server_that_says_nothing(heard: bool, tmp_path: Path) -> None:
    """From the start, or in the middle of a stream: the network may keep a thread, but not the user."""
    data = tones.ffmpeg(music_file(tmp_path), "-c:a libmp3lame -b:a 64k -write_xing 0", "mp3")
    silence = threading.Event()

    def answer(handler: Handler, number: int) -> None:
        if heard:
            handler.begin()
            handler.wfile.write(data)
        silence.wait(30)

    with station(answer) as url:
        with started(url, "--json") as run:
            if heard:
                run.stdout.readline()
            else:
                wait_for(lambda: signal.SIGTERM in caught(run.pid))
                time.sleep(0.5)
            out, _ = ended(run)
        silence.set()
    assert run.returncode == 130
    assert json.loads(out.splitlines()[-1])["event"] == "summary"


def test_a_reader_that_goes_away_is_no_crash(song: Path) -> None:
    """`tagger listen … | head -1` ends quietly."""
    with started(song, *_SOON) as run:
        run.stdout.readline()
        run.stdout.close()
        assert not run.stderr.read()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["nowhere.mp3"], 1, "nowhere.mp3: no such file"),
        (["."], 1, ".: is a folder, not a file"),
        (["README.md"], 1, "README.md: not a known audio format"),
        (["ftp://host/song.mp3"], 2, "addresses of this kind are not heard"),
        (["http://127.0.0.1:1/x"], 6, "connection refused"),
        (["README.md", "--hold", "0"], 2, "hold must be a number from 0.1"),
        (["README.md", "--hold", "nan"], 2, "hold must be a number"),
        (["README.md", "--list-devices"], 2, "--list-devices listens to nothing"),
        (["README.md", "--duration", "-1"], 2, "--duration must be more than 0"),
        (["README.md", "--duration", "nan"], 2, "--duration must be more than 0"),
        (["README.md", "--record", "x.mp3"], 2, "the kind of recording is unclear"),
        (["README.md", "--record", "nowhere/x.wav"], 5, "cannot be made"),
        (["README.md", "--record", "/dev/full"], 2, "the kind of recording is unclear"),
        (["README.md", "--chapters", "x.doc"], 2, "the kind of chapter list is unclear"),
        (["README.md", "--raw", "s16le,44100,2"], 2, "--raw is for stdin"),
        (["-", "--raw", "mp3"], 2, "--raw must be CODING,RATE,CHANNELS"),
        (["README.md", "--device", "hw:0"], 2, "--device is for a sound device"),
        (["README.md", "--sample-rate", "48000"], 2, "--sample-rate is for a sound device"),
        (["--sample-rate", "0"], 2, "--sample-rate must be 1000 to 768000"),
        (["--realtime"], 2, "--realtime is for a file or stdin"),
        (["http://127.0.0.1:1/x", "--realtime"], 2, "--realtime is for a file or stdin"),
        (["README.md", "--patience", "3"], 2, "--patience is for an address"),
        (["http://127.0.0.1:1/x", "--patience", "-3"], 2, "--patience must be 0 seconds or more"),
        (["README.md", "--window", "2", "--hop", "3"], 2, "music would be lost"),
        (["README.md", "--model", "nowhere"], 3, "nowhere"),
        (["README.md", "--max-error", "5%", "--window", "2"], 2, "promises for the soft vote"),
        (["-"], 1, "stdin: nothing comes from it"),
        (["README.md", "song.mp3"], 2, "unexpected extra argument"),
    ],
)
def test_bad_input_is_one_sentence(
    arguments: list[str], code: int, sentence: str, capfd: pytest.CaptureFixture[str], monkeypatch
) -> None:
    """A sentence on stderr, a proper code, nothing on stdout, no traceback."""
    from tagger import cli

    monkeypatch.chdir(ROOT)
    reading, writing = os.pipe()
    os.close(writing)
    kept = os.dup(0)
    os.dup2(reading, 0)
    try:
        assert cli.run(["listen", *arguments]) == code
    finally:
        os.dup2(kept, 0)
        os.close(kept)
        os.close(reading)
    out, err = capfd.readouterr()
    assert not out
    assert sentence.lower() in err.lower()
    assert err.count("error:") == 1
    assert "Traceback" not in err


def test_a_sound_card_is_heard_and_listed(song: Path, tmp_path: Path) -> None:
    """PortAudio and ALSA, with a card that plays a file: listed, heard in time, recorded, and nothing lost."""
    samples, rate = sound_card.decoded(song)
    kept = tmp_path / "kept.wav"
    with sound_card.playing(samples, rate, speed=4, name="card"):
        listed = objects(tagger("listen", "--list-devices", "--json"))
        run = listen("--device", "card", "--json", "--duration", "9", "--record", kept)
    assert [(row["name"], row["is_default"]) for row in listed] == [("card", True)]
    assert run.returncode == 0, run.stderr.decode()
    *moments, summary = objects(run)
    assert len(moments) == summary["n_windows"] == 4
    assert (summary["duration_seconds"], summary["lost_seconds"]) == (9, 0)
    assert all(moment["behind_seconds"] < 2 for moment in moments)
    assert soundfile.info(kept).duration == 9


@pytest.mark.real
def test_a_sound_card_is_named_as_the_file_is(music: Path) -> None:
    """A real song through a card has the genre that a scan of it has."""
    piece = next(path for path in sorted((music / "gtzan").rglob("*metal*")) if path.is_file())
    samples, rate = sound_card.decoded(piece)
    with sound_card.playing(samples, rate, speed=4, name="card"):
        summary = objects(listen("--json", "--duration", "14"))[-1]
    (scanned,) = objects(tagger("scan", piece, "--json", "--no-cache"))
    assert summary["genre"] == scanned["genre"]


def test_a_machine_without_sound_cards_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No device is no crash, and none in the list is a sentence."""
    sound_card.need()
    (tmp_path / "none.conf").write_text(sound_card.NO_CARD)
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "none.conf"))
    listed, heard = tagger("listen", "--list-devices"), listen("--duration", "1")
    assert (listed.returncode, listed.stdout) == (0, b"")
    assert (heard.returncode, heard.stdout) == (6, b"")
    assert all(b"there is no sound device to listen to" in run.stderr for run in (listed, heard))


def test_silence_and_clipping_are_lines(tmp_path: Path) -> None:
    """A quiet piece says "silent"; what is overdriven says "clipped"."""
    rng = np.random.default_rng(0)
    loud = np.clip(rng.standard_normal(8 * 16000), -1, 1)
    soundfile.write(tmp_path / "x.wav", np.concatenate([np.zeros(8 * 16000), loud]), 16000)
    rows = [line.split("\t") for line in listen(tmp_path / "x.wav").stdout.decode().splitlines()]
    assert rows[0][1] == "silent"
    assert rows[0][4] == "silent: below -60 dB"
    assert any("clipped" in row[4] for row in rows[1:])


def test_a_silent_file_is_no_failure(tmp_path: Path) -> None:
    """As in a scan there is nothing to name, and nothing wrong."""
    soundfile.write(tmp_path / "x.wav", np.zeros(8 * 16000), 16000)
    run = listen(tmp_path / "x.wav", "--json")
    assert run.returncode == 0
    summary = objects(run)[-1]
    assert (summary["status"], summary["reason"]) == ("skipped", "silent: no window reaches -60 dB")
    assert summary["shares"] == {"silent": 8.0}
