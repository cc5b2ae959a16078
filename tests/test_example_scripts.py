"""The example scripts run, and print what they promise."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tagger.inference.artefact import Artefact

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def output(script: str, *arguments: Path) -> list[str]:
    """The lines that a script prints; it must end well and quietly."""
    run = subprocess.run(
        [sys.executable, EXAMPLES / script, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    return run.stdout.splitlines()


def test_genres_of_a_folder(bundled: Artefact) -> None:
    """Every piece of the example library gets a line, the music with a genre of the model."""
    lines = dict(line.split(": ", 1) for line in output("genres_of_a_folder.py"))
    music = EXAMPLES / "music"
    assert set(lines) == {path.name for path in music.iterdir() if path.suffix not in {"", ".txt", ".md"}}
    named = [text for text in lines.values() if re.fullmatch(r".+, \d+% sure", text)]
    assert len(named) >= 10
    assert all(text.split(",")[0] in bundled.card.genres for text in named)


@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".m4a"])
def test_genre_over_time(suffix: str, bundled: Artefact) -> None:
    """Each window has a time, a genre of the model and a probability, in order."""
    piece = next(
        path
        for path in sorted((EXAMPLES / "music").glob(f"*{suffix}"))
        if "silen" not in path.name and "not-" not in path.name
    )
    lines = [re.fullmatch(r" *([\d.]+) s  (.+?) +(\d+)%", line) for line in output("genre_over_time.py", piece)]
    assert len(lines) >= 3
    times = [float(line[1]) for line in lines if line]
    assert len(times) == len(lines)
    assert times == sorted(times)
    assert all(line[2] in bundled.card.genres for line in lines if line)


def test_join_recordings(tmp_path: Path) -> None:
    """Recordings of one folder, in order, to 40 s and more; what is short, silent or no sound is left out."""
    prompts, rng = tmp_path / "prompts" / "speaker", np.random.default_rng(0)
    prompts.mkdir(parents=True)
    said = rng.integers(-9999, 9999, (19, 5 * 16000)).astype(np.int16)
    for number, samples in enumerate(said):
        soundfile.write(prompts / f"{number:02}.wav", samples, 16000)
    soundfile.write(prompts / "00-short.wav", said[0, :16000], 16000)
    soundfile.write(prompts / "01-silence.wav", said[0], 16000)
    (prompts / "licence.txt").write_text("Nothing to hear.")
    output("join_recordings.py", prompts.parent, tmp_path / "joined")
    pieces = sorted((tmp_path / "joined").iterdir())
    assert [path.name for path in pieces] == ["speaker-000.flac", "speaker-001.flac"]
    for number, path in enumerate(pieces):
        samples, rate = soundfile.read(path, dtype="int16")
        assert rate == 16000
        assert np.array_equal(samples, said[9 * number : 9 * number + 9].ravel())
