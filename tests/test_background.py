"""What is no music is not named with confidence: noise, hum, tones, and people who talk."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from tagger.inference import artefact
from trainer import answers
from trainer.data import background

SPEECH = Path("/usr/share/asterisk/sounds/fr_CA_f_June")
"""Prompts in French, by a speaker and in a language that neither bundled model ever heard; 16 kHz."""

UNHEARD = 1000
"""Beyond the numbers of the sounds that models learn from."""


@pytest.fixture(params=["accurate", "default"])
def model(request):
    """Each of the bundled models."""
    return artefact.load(artefact.BUNDLED / request.param)


def confidences(model, folder):
    """Of all files in a folder in which something is to be heard, by name."""
    said = answers.verdicts(model, sorted(folder.glob("*.flac")))
    return {path.name: verdict.scores[0].probability for path, verdict in said.items()}


def test_made_sounds_are_not_named_with_confidence(model, tmp_path):
    """Of three of each kind that nobody learned from, none comes near the threshold of writing."""
    for kind in background.KINDS:
        for number in range(3):
            samples = background.sound(kind, UNHEARD + number, 44100)
            soundfile.write(tmp_path / f"{kind}{number}.flac", samples, 44100)
    heard = confidences(model, tmp_path)
    assert len(heard) > 2 * len(background.KINDS)  # some are too quiet to be heard
    assert {name: value for name, value in heard.items() if value > 0.2} == {}


@pytest.mark.skipif(not SPEECH.is_dir(), reason="asterisk-core-sounds-fr-g722 is not installed")
def test_speech_is_not_named_with_confidence(model, tmp_path):
    """Forty seconds of prompts are no genre, joined in any way."""
    prompts = sorted(path for path in SPEECH.glob("*.g722") if path.stat().st_size > 16000)
    for number in range(3):
        spoken = np.concatenate([decoded(path) for path in prompts[number :: len(prompts) // 16]])
        soundfile.write(tmp_path / f"speech{number}.flac", spoken, 16000)
    heard = confidences(model, tmp_path)
    assert len(heard) == 3
    assert max(heard.values()) < 0.2


def decoded(path):
    """The samples of a prompt."""
    with av.open(str(path), format="g722") as container:
        return np.concatenate([frame.to_ndarray().ravel() for frame in container.decode(audio=0)])
