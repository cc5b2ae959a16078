"""A gallery shows random clips of every genre, and what cannot be decoded does not stop it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import librosa
import matplotlib
import matplotlib.image
import numpy as np
import pytest
import soundfile

from tagger.errors import CorpusError, OutputError, SettingsError
from tests.trainer import material
from trainer import gallery
from trainer.corpora.interface import Corpus, Example

NAMES = (*gallery.KINDS, "clip")


def corpus(root, clips):
    """A corpus of written clips, given as (genre, seconds); no seconds make a file that does not decode."""
    rng = np.random.default_rng(7)
    examples = []
    for number, (genre, seconds) in enumerate(clips):
        path = root / f"{number}.wav"
        if seconds:
            material.write(path, genre, rng, seconds)
        else:
            path.write_bytes(b"\x80" * 5000)
        examples.append(Example(path, (genre,), str(number), "made"))
    return Corpus("made", tuple(examples), artists_known=False, names_are_genres=True)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A gallery of three genres, one of which has fewer clips than wanted, and some that do not decode."""
    folder = tmp_path_factory.mktemp("gallery")
    clips = [("tones", 2.0), ("noise", 1.0), ("noise", 1.0), *[("clicks", None)] * 4, ("clicks", 1.0)]
    before = dict(matplotlib.rcParams)
    assert gallery.draw(corpus(folder, clips), folder, n_clips=2) == NAMES
    assert dict(matplotlib.rcParams) == before
    return folder


def words(picture: Path):
    """The texts in an SVG."""
    return set(re.findall(r"<text[^>]*>([^<]+)</text>", picture.read_text("utf-8")))


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_is_drawn_as_svg_and_png(drawn, name):
    """The title says what is seen, time is in seconds, and every scale has its unit."""
    png = drawn / f"{name}.png"
    height, width, _ = matplotlib.image.imread(png).shape
    assert min(height, width) > 400
    text = words(drawn / f"{name}.svg")
    assert "time in s" in text
    assert any("made" in one for one in text)
    units = {"waveforms": "amplitude, full scale 1", "mfccs": "value in dB", "clip": "amplitude, full scale 1"}
    assert units.get(name, "frequency in Hz") in text
    if name != "clip":
        assert {"Clicks", "Noise", "Tones"} <= text


def chosen(root, clips, **options):
    """The genre and the length of every excerpt, in seconds."""
    rows = gallery.excerpts(corpus(root, clips), **({"n_clips": 2, "seconds": 9.0, "seed": 0} | options))
    return [[(excerpt.genre, excerpt.seconds) for excerpt in row] for row in rows]


def test_clips_that_do_not_decode_are_replaced(tmp_path):
    """As many of each genre as wanted and there; a genre without any is not shown."""
    clips = [("tones", None), ("noise", 1.0), ("noise", 1.0), ("noise", 1.0), *[("clicks", None)] * 6]
    found = chosen(tmp_path, [*clips, ("clicks", 1.0)])
    assert found == [[("Clicks", 1.0)], [("Noise", 1.0)] * 2]


def test_long_clips_are_cut_to_what_half_of_them_have(tmp_path):
    """Of 1, 2, 3 and 9 s, no more than 2.5 s are shown; and never more than was asked for."""
    clips = [("tones", 9.0), ("tones", 1.0), ("noise", 2.0), ("noise", 3.0)]
    longest = max(seconds for row in chosen(tmp_path, clips) for _, seconds in row)
    assert longest == pytest.approx(2.5, abs=1e-4)
    assert {seconds for row in chosen(tmp_path, clips, seconds=0.5) for _, seconds in row} == {0.5}


def test_the_seed_chooses(tmp_path):
    """The same seed draws the same clips; all come in time."""
    clips = corpus(tmp_path, [("noise", 0.1)] * 8)
    first, again, *others = (
        gallery.excerpts(clips, n_clips=1, seconds=1, seed=seed)[0][0].y.tobytes()
        for seed in [0, 0, *range(40)]
    )
    assert first == again
    assert len(set(others)) == 8


@pytest.mark.parametrize("seconds", [0.02, 1.5])
def test_mfccs_are_those_of_librosa(seconds):
    """To a hundredth of a decibel."""
    y = material.sound("tones", np.random.default_rng(3), seconds).astype(np.float32)
    expected = librosa.feature.mfcc(y=np.pad(y, (0, max(0, 2048 - len(y)))), sr=material.RATE, n_mfcc=20).T
    ours = gallery.mfcc(y)
    assert ours == pytest.approx(expected[: len(ours)], abs=0.01)


def test_silence_can_be_drawn(tmp_path):
    """A clip of zeros has pictures too."""
    made = corpus(tmp_path, [("noise", 0.5)])
    soundfile.write(made.examples[0].path, np.zeros(8000), material.RATE)
    assert gallery.draw(made, tmp_path / "out", n_clips=1) == NAMES


def test_nothing_to_draw_and_nowhere_to_put_it_are_our_errors(tmp_path):
    """One sentence names the corpus, or the folder."""
    with pytest.raises(CorpusError, match="made: no clip"):
        gallery.draw(corpus(tmp_path, [("noise", None)]), tmp_path)
    made = corpus(tmp_path, [("noise", 0.1)])
    with pytest.raises(OutputError, match="cannot be written"):
        gallery.draw(made, made.examples[0].path / "out", n_clips=1)


def test_without_matplotlib_the_hint_names_it(tmp_path, monkeypatch):
    """Where it was taken away, the hint says what brings it back."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(SettingsError, match="matplotlib") as caught:
        gallery.draw(corpus(tmp_path, [("noise", 0.1)]), tmp_path)
    assert "pip install matplotlib" in caught.value.hint


def test_drawing_leaves_pyplot_alone(tmp_path):
    """Its state belongs to whoever calls; and importing the gallery loads no matplotlib."""
    program = (
        "import sys, pathlib, numpy as np, soundfile\n"
        "from trainer import gallery\n"
        "from trainer.corpora.interface import Corpus, Example\n"
        "assert 'matplotlib' not in sys.modules\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "soundfile.write(folder / 'a.wav', np.zeros(4000), 22050)\n"
        "example = Example(folder / 'a.wav', ('jazz',), 'a', 'made')\n"
        "gallery.draw(Corpus('made', (example,), False), folder, n_clips=1)\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_corpora_of_one_name_have_folders_of_their_own(tmp_path):
    """They are numbered in the order they are given in; a single one needs no folder in the user's."""
    named = [Corpus(name, (), artists_known=False) for name in ("live", "demo", "Live", "live-2", "live")]
    folders = gallery.folders(named, tmp_path)
    assert [folder.name for folder in folders] == ["live", "demo", "Live-2", "live-2-2", "live-3"]
    assert gallery.folders(named[:1], tmp_path) == [tmp_path]
