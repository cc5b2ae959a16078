"""A mixing desk: notes are placed by beat, panned, sent to a reverb, and brought to one level.

Written for this folder and dedicated to the public domain: CC0 1.0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import signal
from synthesis import SR, Waveform, band, decay, note

_STROKES_DB = {"X": 2.0, "x": 0.0, "o": -9.0}
_CEILING = 10 ** (-3 / 20)
_LEAD_SECONDS = 0.1  # quiet before the first beat, as WMA loses its first 64 ms


def score(text: str) -> Iterator[tuple[float, int, float]]:
    """Notes of a tune such as "A4:1 -:0.5 C5:1.5" as (start, MIDI number, length), in beats; "-" is a rest."""
    beat = 0.0
    for word in text.split():
        name, length = word.split(":")
        if name != "-":
            yield beat, note(name), float(length)
        beat += float(length)


class Mix:
    """A stereo recording in the making.

    Args:
        beats: Length of the music.
        bpm: Beats in a minute.
        seed: Makes the players' small inaccuracies, and `rng`, repeatable.
        swing: Where the second half of a beat begins: 0.5 is straight, 0.67 a shuffle.
        tail_seconds: Time for the last notes to ring.
    """

    def __init__(
        self, beats: float, bpm: float, seed: int, *, swing: float = 0.5, tail_seconds: float = 0.0
    ) -> None:
        self.beats = beats
        self.rng = np.random.default_rng(seed)
        self._bpm = bpm
        self._swing = swing
        self._dry = np.zeros((2, round((self.seconds(beats) + tail_seconds) * SR)))
        self._wet = np.zeros_like(self._dry)

    def seconds(self, beats: float) -> float:
        """Length of so many beats."""
        return beats * 60.0 / self._bpm

    def play(self, sound: Waveform, beat: float, db: float, *, pan: float = 0.0, send: float = 0.2) -> None:
        """Adds a sound; what would ring past the end is cut.

        Args:
            sound: Mono waveform.
            beat: Where it starts, before swing.
            db: Gain.
            pan: -1 is left, 1 is right, at constant power.
            send: Share that goes to the reverb.
        """
        whole, part = divmod(beat, 1.0)
        swung = np.interp(part, (0.0, 0.5, 1.0), (0.0, self._swing, 1.0))
        late = self.rng.uniform(0.0, 0.006)
        start = round((_LEAD_SECONDS + self.seconds(whole + float(swung)) + late) * SR)
        angle = (pan + 1) * np.pi / 4
        gain = 10 ** ((db + self.rng.uniform(-1.0, 1.0)) / 20)
        heard = sound[: max(self._dry.shape[1] - start, 0)]
        stereo = gain * np.array([[np.cos(angle)], [np.sin(angle)]]) * heard
        self._dry[:, start : start + len(heard)] += stereo
        self._wet[:, start : start + len(heard)] += send * stereo

    def repeat(
        self,
        sound: Callable[[], Waveform],
        pattern: str,
        db: float,
        *,
        step: float = 0.25,
        pan: float = 0.0,
        send: float = 0.2,
    ) -> None:
        """Plays a pattern over and over: "X" is an accent, "x" a stroke, "o" a ghost, anything else a rest.

        Args:
            sound: Makes one stroke.
            pattern: One character per step.
            db: Gain of a plain stroke.
            step: Beats from one character to the next.
            pan: As in `play`.
            send: As in `play`.
        """
        for index in range(round(self.beats / step)):
            stroke = pattern[index % len(pattern)]
            if stroke in _STROKES_DB:
                self.play(sound(), index * step, db + _STROKES_DB[stroke], pan=pan, send=send)

    def master(self, rms_db: float, *, room_seconds: float = 1.2) -> Waveform:
        """The finished recording, shape (2, n_samples), with an RMS of `rms_db` and a peak below -3 dBFS.

        Args:
            rms_db: Level of the whole; 0 dB is a full-scale square wave.
            room_seconds: Reverberation time T60.
        """
        mixed = band(self._dry + _reverberated(self._wet, room_seconds, self.rng), 28, SR / 2)
        loud = _levelled(mixed, 10 ** (rms_db / 20))
        fade = np.ones(loud.shape[1])
        fall = round(0.4 * SR)
        fade[:64], fade[-fall:] = np.linspace(0, 1, 64), np.cos(np.linspace(0, np.pi / 2, fall)) ** 2
        centred: Waveform = loud - loud.mean(axis=1, keepdims=True)
        return centred * fade


def sampled(y: Waveform, sr: int, n_channels: int) -> NDArray[np.int16]:
    """A stereo recording as 16-bit samples at another sample rate, shape (n_samples, n_channels)."""
    channels = y if n_channels == 2 else y.mean(axis=0, keepdims=True)
    divisor = math.gcd(SR, sr)
    resampled: Waveform = signal.resample_poly(channels, sr // divisor, SR // divisor, axis=1)
    return np.round(resampled.T * 32767).clip(-32768, 32767).astype(np.int16)


def _reverberated(wet: Waveform, room_seconds: float, rng: np.random.Generator) -> Waveform:
    """A room as decaying noise.

    After J. Moorer, "About This Reverberation Business", Computer Music Journal 3(2), 1979.
    """
    room = rng.standard_normal((2, round(room_seconds * SR))) * decay(room_seconds, room_seconds)
    room = band(room, 180, 5500, order=1)
    room /= np.sqrt(np.sum(room**2, axis=1, keepdims=True))
    ringing: Waveform = signal.fftconvolve(wet, room, axes=1)
    return ringing[:, : wet.shape[1]]


def _levelled(y: Waveform, rms: float) -> Waveform:
    """The music through a soft limiter, its gain found by bisection so that the wanted RMS level results."""
    y = y / np.sqrt(np.mean(y**2))
    low, high = 0.0, 4.0 * rms
    for _ in range(24):
        gain = (low + high) / 2
        limited = _CEILING * np.tanh(gain * y / _CEILING)
        low, high = (gain, high) if np.sqrt(np.mean(limited**2)) < rms else (low, gain)
    return limited
