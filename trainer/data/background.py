"""What is no music: sounds made by formulas, and those that somebody has recorded.

A made voice says nothing, and is a poor stand-in for people: recordings of a single speaker do much better.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from tagger.errors import OutputError
from tagger.inference import frontend
from tagger.inference.frontend import FrontEnd
from tagger.sources import mono
from trainer.data import features
from trainer.data.drawing import BACKGROUND, Clip
from trainer.progress import Progress
from trainer.recipe import Recipe

MADE = "made sounds"
"""What stands for a corpus of those that formulas made."""

SAMPLE_RATE = 44100
"""In Hz, of made sounds, which are then resampled as files are. Made at a model's own rate, which is often
lower, none would lack just its highest bands."""

_VERSION = 2  # bump when the sounds change
_SECONDS = 10.0
_MAINS_HZ = (50.0, 60.0)
_MOMENT = 0.02  # seconds in which a voice stays the same
_PAUSES = 0.15  # share of syllables after which a voice pauses
_LEAST = 1e-9
_FORMANTS_HZ = np.array([[250.0, 850.0], [750.0, 2400.0], [2200.0, 3100.0], [3200.0, 4000.0]])  # least, most

Sound = NDArray[np.float64]


@dataclass(frozen=True)
class _Said:
    """What a voice does, in moments of `_MOMENT` seconds.

    Attributes:
        loudness: Of its vowels, 0 to 1.
        hiss: Of its consonants, 0 to 1.
        pitch: In Hz; 0 where it has none.
        formants: In Hz, shape (n_formants, n_moments).
    """

    loudness: Sound
    hiss: Sound
    pitch: Sound
    formants: Sound


def clips(
    recorded: Sequence[Path], recipe: Recipe, folder: Path, progress: Progress, *, jobs: int = 0
) -> tuple[tuple[Clip, ...], Mapping[Path, str]]:
    """Clips of made and of recorded sounds, and the recorded ones that do not decode and why.

    Args:
        recorded: Sound files.
        recipe: How to hear them, and how many to make.
        folder: Where frames are kept from run to run.
        progress: Told of every clip.
        jobs: Number of processes; 0 means one for each core.

    Raises:
        OutputError: The folder cannot be written.
    """
    sounds = made(recipe.front_end, folder, recipe.sampling.made_sounds)
    if not recorded:
        return tuple(sounds), {}
    heard = features.build(recorded, recipe.front_end, folder, progress, jobs=jobs)
    found = [Clip(file, BACKGROUND, "recorded", str(path)) for path, file in heard.files.items()]
    return (*sounds, *found), heard.left_out


def made(front_end: FrontEnd, folder: Path, n_of_each: int) -> list[Clip]:
    """The frames of made sounds, computed once and kept.

    Args:
        front_end: How to hear them.
        folder: Where frames are kept from run to run.
        n_of_each: Number of sounds of each kind.

    Raises:
        OutputError: The folder cannot be written.
    """
    identity = {
        "front_end": dataclasses.asdict(front_end),
        "rate": SAMPLE_RATE,
        "sounds": KINDS,
        "version": _VERSION,
    }
    key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode("ascii")).hexdigest()[:32]
    clips = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for kind in KINDS:
            for number in range(n_of_each):
                file = folder / f"background-{key}-{kind}-{number}.npy"
                if not file.exists():
                    samples = sound(kind, number, SAMPLE_RATE)
                    blocks = mono.at_rate([(samples[:, None], SAMPLE_RATE)], front_end.sample_rate)
                    heard = frontend.analyse(np.concatenate(list(blocks)), front_end)
                    features.keep(heard.values.astype(features.dtype_of(front_end)), file)
                clips.append(Clip(file, BACKGROUND, MADE, f"{kind} {number}"))
    except OSError as error:
        raise OutputError(f"{folder}: cannot keep what is heard: {error.strerror}") from error
    return clips


def sound(kind: str, number: int, sample_rate: int) -> NDArray[np.float32]:
    """One of the sounds, shape (n_samples,), peak 1 at most.

    Args:
        kind: One of `KINDS`.
        number: Which of this kind, from 0; it decides everything random.
        sample_rate: In Hz.
    """
    rng = np.random.default_rng([_VERSION, KINDS.index(kind), number])
    seconds = np.arange(int(_SECONDS * sample_rate)) / sample_rate
    made = _MAKERS[kind](seconds, rng)
    made = made / max(_LEAST, float(np.abs(made).max()))
    return (10 ** (rng.uniform(-30, 0) / 20) * made).astype(np.float32)


def _noise(seconds: Sound, rng: np.random.Generator) -> Sound:
    """Noise whose power falls with frequency by a random power, within a random band."""
    spectrum = np.fft.rfft(rng.standard_normal(len(seconds)))
    hertz = np.fft.rfftfreq(len(seconds), seconds[1])
    highest = math.log10(hertz[-1] / 2)
    low, high = np.sort(10 ** rng.uniform(1.3, highest, 2)) if rng.random() < 0.5 else (20.0, hertz[-1])
    within = (hertz >= low) & (hertz <= max(high, 2 * low))
    return np.fft.irfft(spectrum * np.maximum(hertz, 20) ** rng.uniform(-1.2, 0.5) * within, len(seconds))


def _waves(seconds: Sound, rng: np.random.Generator) -> Sound:
    """Noise that swells and ebbs, as wind, the sea and engines do."""
    swell = 1 + np.sin(2 * np.pi * 10 ** rng.uniform(-1, 1.3) * seconds + rng.uniform(0, 6))
    return _noise(seconds, rng) * swell ** rng.uniform(0.5, 4)


def _hum(seconds: Sound, rng: np.random.Generator) -> Sound:
    """The mains and their overtones, with some noise."""
    mains, fall = rng.choice(_MAINS_HZ), rng.uniform(0.3, 2)
    overtones = [np.sin(2 * np.pi * mains * n * seconds + rng.uniform(0, 6)) / n**fall for n in range(1, 16)]
    return np.sum(overtones, axis=0) + 10 ** rng.uniform(-3, 0) * rng.standard_normal(len(seconds))


def _tone(seconds: Sound, rng: np.random.Generator) -> Sound:
    """A test tone: a sine, or a square one."""
    sine = np.sin(2 * np.pi * 10 ** rng.uniform(1.7, 3.8) * seconds)
    return np.sign(sine) if rng.random() < 0.3 else sine


def _beeps(seconds: Sound, rng: np.random.Generator) -> Sound:
    """Pairs of tones that come and go, as telephones and alarms give."""
    tones = sum(np.sin(2 * np.pi * hertz * seconds) for hertz in 10 ** rng.uniform(2.5, 3.5, 2))
    return tones * (seconds * rng.uniform(0.5, 6) % 1 < rng.uniform(0.2, 0.8))


def _sweep(seconds: Sound, rng: np.random.Generator) -> Sound:
    """A tone that rises, again and again."""
    start, octaves = 10 ** rng.uniform(1.3, 3), rng.uniform(1, 6)
    octaves = min(octaves, math.log2(0.45 / seconds[1] / start))
    place = seconds / rng.uniform(1, _SECONDS) % 1
    return np.sin(2 * np.pi * np.cumsum(start * 2 ** (octaves * place)) * seconds[1])


def _clicks(seconds: Sound, rng: np.random.Generator) -> Sound:
    """Crackle: clicks at random times, or regular ones, as of a clock."""
    each = 10 ** rng.uniform(-1.3, 0.5)
    if rng.random() < 0.5:
        heard = rng.random(len(seconds)) < seconds[1] / each
        heard[rng.integers(len(heard))] = True
        return heard * rng.standard_normal(len(seconds))
    return np.exp(-(seconds % each) * 10 ** rng.uniform(2, 3.5)) * rng.standard_normal(len(seconds))


def _hiss(seconds: Sound, rng: np.random.Generator) -> Sound:
    """White noise, steady: of tape, of a preamplifier, of an empty channel."""
    return rng.standard_normal(len(seconds))


def _voice(seconds: Sound, rng: np.random.Generator) -> Sound:
    """Syllables of no language, in a room: pulses through gliding formants, and hissed consonants.

    A cascade of formants after Klatt, Software for a cascade/parallel formant synthesizer, JASA 1980.
    """
    rate, n = 1 / seconds[1], len(seconds)
    said = _syllables(math.ceil(n / rate / _MOMENT), rng)

    def drawn_out(values: Sound) -> Sound:
        return np.interp(np.arange(n) / rate / _MOMENT, np.arange(len(values)), values)

    turns = np.floor(np.cumsum(drawn_out(said.pitch)) / rate)
    pulses = np.diff(turns, prepend=0) * drawn_out(said.loudness)
    pole = rng.uniform(0.7, 0.92)  # how soft the voice is
    voiced = np.diff(scipy.signal.lfilter([1], [1, -2 * pole, pole**2], pulses), prepend=0)
    for hertz in said.formants:
        voiced = _resonated(voiced, hertz, rate)
    above = scipy.signal.butter(2, rng.uniform(0.2, 0.6), "high", output="sos")
    hissed = scipy.signal.sosfilt(above, rng.standard_normal(n)) * drawn_out(said.hiss)
    made = voiced / max(_LEAST, np.abs(voiced).max()) + hissed * rng.uniform(0.03, 0.2)
    heard = scipy.signal.fftconvolve(made, _room(rate, rng))[:n]
    return heard / np.abs(heard).max() + 10 ** rng.uniform(-4, -1.5) * rng.standard_normal(n)


def _syllables(n_moments: int, rng: np.random.Generator) -> _Said:
    """A voice of its own height and size says syllables, and pauses after some."""
    nothing = np.zeros(n_moments)
    said = _Said(nothing.copy(), nothing.copy(), nothing.copy(), np.zeros((len(_FORMANTS_HZ), n_moments)))
    height, size, pace = rng.uniform(80, 240), rng.uniform(0.85, 1.2), rng.uniform(0.7, 1.4)
    place, last = 0, size * rng.uniform(*_FORMANTS_HZ.T)
    while place < n_moments:
        following = size * rng.uniform(*_FORMANTS_HZ.T)
        begin = place + max(1, round(pace * rng.uniform(1, 6)))
        n_vowel = max(3, round(pace * rng.uniform(4, 14)))
        end = min(begin + n_vowel, n_moments)
        vowel = slice(min(begin, n_moments), end)
        glide, length = np.linspace(0, 1, n_vowel), max(0, end - begin)
        said.hiss[place:begin] = rng.uniform(0, 1) ** 2
        said.loudness[vowel] = (rng.uniform(0.4, 1) * np.hanning(n_vowel + 2)[1:-1] ** 0.5)[:length]
        said.pitch[vowel] = (height * rng.uniform(0.75, 1.3) * (1 + rng.uniform(-0.2, 0.15) * glide))[:length]
        said.formants[:, place:end] = last[:, None]
        said.formants[:, vowel] += ((following - last)[:, None] * glide)[:, :length]
        place, last = end, following
        if rng.random() < _PAUSES:
            pause = int(rng.integers(5, 40))
            said.formants[:, place : place + pause] = last[:, None]
            place += pause
    return said


def _room(rate: float, rng: np.random.Generator) -> Sound:
    """What a room adds to a click: an echo that dies away."""
    times = np.arange(int(0.4 * rate)) / rate
    echo = np.exp(-times * rng.uniform(7, 60)) * rng.standard_normal(len(times))
    echo *= rng.uniform(0, 0.5) / np.linalg.norm(echo)
    echo[0] = 1
    return echo


def _resonated(samples: Sound, hertz: Sound, rate: float) -> Sound:
    """Samples through a resonance whose frequency moves."""
    length, state, pieces = round(_MOMENT * rate), np.zeros(2), []
    for number, centre in enumerate(hertz):
        radius = np.exp(-np.pi * (50 + 0.06 * centre) / rate)
        turn = 2 * np.pi * min(centre, 0.45 * rate) / rate
        feedback = [1, -2 * radius * np.cos(turn), radius**2]
        piece = samples[number * length : (number + 1) * length]
        out, state = scipy.signal.lfilter([sum(feedback)], feedback, piece, zi=state)
        pieces.append(out)
    return np.concatenate([*pieces, samples[len(hertz) * length :]])


_MAKERS: dict[str, Callable[[Sound, np.random.Generator], Sound]] = {
    "noise": _noise,
    "waves": _waves,
    "hum": _hum,
    "tone": _tone,
    "beeps": _beeps,
    "sweep": _sweep,
    "clicks": _clicks,
    "hiss": _hiss,
    "voice": _voice,
}

KINDS = tuple(sorted(_MAKERS))
"""Kinds of made sounds."""
