"""Changed copies of training clips, made before the front-end hears them: other tempo, pitch, start, noise."""

from __future__ import annotations

import dataclasses
import json
import math
import zlib
from dataclasses import dataclass

import numpy as np

from tagger.inference import descriptors
from tagger.inference.frontend import Array

# Bump when the samples of a variant change with the same parameters.
_VERSION = 1

# librosa's transform, which warns of clips that are shorter.
_LEAST_SAMPLES = 2048


@dataclass(frozen=True)
class Variant:
    """One way to change a clip; the defaults change nothing.

    Attributes:
        name: What it is called.
        stretch: librosa's `rate`: above 1 the clip gets faster and shorter, its pitch stays.
        pitch_semitones: How far its pitch is moved, up if positive; its duration stays.
        shift_seconds: How much later it starts; its end comes round to the front.
        noise_db: Level of added white noise relative to the clip's RMS, in dB; None for no noise.

    Raises:
        ValueError: A parameter is out of range.
    """

    name: str
    stretch: float = 1.0
    pitch_semitones: float = 0.0
    shift_seconds: float = 0.0
    noise_db: float | None = None

    def __post_init__(self) -> None:
        checks = {
            "stretch": 0.1 <= self.stretch <= 10,
            "pitch_semitones": abs(self.pitch_semitones) <= 24,
            "shift_seconds": math.isfinite(self.shift_seconds),
            "noise_db": self.noise_db is None or abs(self.noise_db) <= 120,
        }
        for name, holds in checks.items():
            if not holds:
                raise ValueError(f"variant parameter out of range: {name}={getattr(self, name)!r}")

    @property
    def identity(self) -> str:
        """All that decides the samples of the variant, whatever its name, for the keys of caches."""
        numbers = dataclasses.asdict(self) | {"version": _VERSION}
        del numbers["name"]
        return json.dumps(numbers, sort_keys=True)

    def apply(self, y: Array, sr: int, seed: int = 0) -> Array:
        """The changed clip; it may leave ±1, as nothing is made quieter to prevent that.

        Args:
            y: Finite samples, shape (n_samples,).
            sr: Their rate, in Hz.
            seed: Of the noise, which the content of the clip decides as well: no two clips get the same.

        Returns:
            Shape (n_samples / stretch,), rounded, float32.
        """
        clip = y
        if self.stretch != 1:
            y = _stretch(y, self.stretch)
        if self.pitch_semitones:
            y = _shift_pitch(y, sr, self.pitch_semitones)
        if self.shift_seconds:
            y = np.roll(y, round(self.shift_seconds * sr))
        if self.noise_db is not None:
            y = y + _noise(y, self.noise_db, [seed, zlib.crc32(clip.tobytes())])
        return y.astype(np.float32)


ORIGINAL = Variant("original")

# Li et al. 2025, Experiment 2, after Er & Aydilek 2019: six times as many clips.
LI2025 = (
    ORIGINAL,
    Variant("stretch 0.81", stretch=0.81),
    Variant("stretch 0.93", stretch=0.93),
    Variant("stretch 1.07", stretch=1.07),
    Variant("stretch 1.23", stretch=1.23),
    Variant("shift 5 s", shift_seconds=5),
)

# Sanjeev et al. 2025 name the three kinds as future work; the numbers are ours.
SANJEEV2025_FUTURE = (
    ORIGINAL,
    Variant("pitch -2", pitch_semitones=-2),
    Variant("pitch +2", pitch_semitones=2),
    Variant("stretch 0.9", stretch=0.9),
    Variant("stretch 1.1", stretch=1.1),
    Variant("noise -20 dB", noise_db=-20),
)


def _stretch(y: Array, rate: float) -> Array:
    return descriptors.library().effects.time_stretch(_lengthened(y), rate=rate)[: round(len(y) / rate)]


def _shift_pitch(y: Array, sr: int, semitones: float) -> Array:
    return descriptors.library().effects.pitch_shift(_lengthened(y), sr=sr, n_steps=semitones)[: len(y)]


def _noise(y: Array, level_db: float, seed: list[int]) -> Array:
    """White noise, shape (n_samples,), none at all for silence."""
    rms = np.sqrt(np.mean(y**2, dtype=np.float64)) if len(y) else 0.0
    noise = np.random.default_rng(seed).standard_normal(len(y), np.float32)
    return noise * np.float32(rms * 10 ** (level_db / 20))


def _lengthened(y: Array) -> Array:
    return np.pad(y, (0, max(0, _LEAST_SAMPLES - len(y))))
