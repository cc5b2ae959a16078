"""Pitched instruments made of numpy: each returns one note as a mono waveform, peak 1, at sample rate `SR`.

The methods, and where they come from:

- plucked string: K. Karplus and A. Strong, "Digital Synthesis of Plucked-String and Drum Timbres", Computer
  Music Journal 7(2), 1983; tuned with the all-pass filter of D. Jaffe and J. Smith, "Extensions of the
  Karplus-Strong Plucked-String Algorithm", in the same issue.
- electric piano and bell: J. Chowning, "The Synthesis of Complex Audio Spectra by Means of Frequency
  Modulation", Journal of the AES 21(7), 1973.
- piano: H. Fletcher, "Normal Vibration Frequencies of a Stiff Piano String", JASA 36(1), 1964.
- voice: G. Peterson and H. Barney, "Control Methods Used in a Study of the Vowels", JASA 24(2), 1952, for the
  three lowest resonances.

Written for this folder and dedicated to the public domain: CC0 1.0.
"""

from __future__ import annotations

import re
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import signal

SR = 32_000

Waveform: TypeAlias = NDArray[np.float64]

_TABLE_SIZE = 4096
_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_CHORDS = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "5": (0, 7, 12),
    "6": (0, 4, 7, 9),
    "7": (0, 4, 7, 10),
    "9": (0, 4, 10, 14),
    "m7": (0, 3, 7, 10),
    "m9": (0, 3, 10, 14),
    "maj7": (0, 4, 7, 11),
    "sus2": (0, 2, 7),
}
_FORMANTS_HZ = {
    "a": (730, 1090, 2440, 3600),
    "e": (530, 1840, 2480, 3600),
    "i": (270, 2290, 3010, 3600),
    "o": (570, 840, 2410, 3600),
    "u": (300, 870, 2240, 3600),
}


def note(name: str) -> int:
    """MIDI number of a note such as "C4" (60), "F#3" or "Bb2"."""
    parts = re.fullmatch(r"([A-G])([#b]?)(\d)", name)
    if parts is None:
        raise ValueError(f"no note is called {name!r}")
    letter, sign, octave = parts.groups()
    return 12 * (int(octave) + 1) + _SEMITONES[letter] + {"#": 1, "b": -1, "": 0}[sign]


def chord(name: str, octave: int) -> tuple[int, ...]:
    """MIDI numbers of a chord such as "Am7" or "Bbmaj7", its root in `octave`."""
    root = name[:2] if name[1:2] in {"#", "b"} else name[:1]
    return tuple(note(f"{root}{octave}") + interval for interval in _CHORDS[name[len(root) :]])


def frequency(pitch: float) -> float:
    """Frequency in Hz of a MIDI number, 69 being 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))


def time(seconds: float) -> Waveform:
    """Instants of the samples, in seconds."""
    return np.arange(round(seconds * SR)) / SR


def decay(seconds: float, t60: float) -> Waveform:
    """An exponential that has fallen by 60 dB after `t60` seconds."""
    return 10.0 ** (-3.0 * time(seconds) / t60)


def shaped(y: Waveform, attack: float = 0.003, release: float = 0.02) -> Waveform:
    """The sound with peak 1, raised from and lowered to silence in `attack` and `release` seconds."""
    rise, fall = (min(max(round(part * SR), 1), len(y)) for part in (attack, release))
    ramped = y.copy()
    ramped[:rise] *= np.sin(np.linspace(0, np.pi / 2, rise)) ** 2
    ramped[len(y) - fall :] *= np.cos(np.linspace(0, np.pi / 2, fall)) ** 2
    return ramped / max(float(np.max(np.abs(ramped))), 1e-9)


def band(y: Waveform, low_hz: float, high_hz: float, order: int = 2) -> Waveform:
    """The part of the sound between two frequencies; 0 and `SR / 2` leave that side open."""
    for hz, kind in ((low_hz, "highpass"), (high_hz, "lowpass")):
        if 0 < hz < SR / 2:
            filtered: Waveform = signal.sosfilt(signal.butter(order, hz, kind, fs=SR, output="sos"), y)
            y = filtered
    return y


def oscillator(hz: Waveform, rolloff: float = 1.0, *, odd: bool = False) -> Waveform:
    """A periodic wave without aliases.

    Args:
        hz: Frequency at each sample.
        rolloff: Harmonic k has amplitude k ** -rolloff: 1 is a saw, 2 is mellow.
        odd: Keep odd harmonics only, as a clarinet or a square wave does.
    """
    k = np.arange(1, max(int(0.45 * SR / hz.max()), 1) + 1)[: _TABLE_SIZE // 4]
    spectrum = np.zeros(_TABLE_SIZE // 2 + 1, dtype=np.complex128)
    spectrum[k] = -0.5j * _TABLE_SIZE * k**-rolloff * (k % 2 if odd else 1)
    cycle = np.fft.irfft(spectrum)
    phase = np.cumsum(hz) / SR % 1.0
    wave: Waveform = np.interp(phase * _TABLE_SIZE, np.arange(_TABLE_SIZE + 1), np.append(cycle, cycle[0]))
    return wave


def _sung(pitch: float, seconds: float, *, depth: float, bend: float = 0.0) -> Waveform:
    """Frequency at each sample: a late vibrato of `depth` semitones, a scoop from `bend` semitones below."""
    t = time(seconds)
    vibrato = depth * np.minimum(t / 0.4, 1.0) * np.sin(2 * np.pi * 5.3 * t)
    return 440.0 * 2.0 ** ((pitch + vibrato - bend * np.exp(-t / 0.06) - 69) / 12)


def pluck(
    pitch: float, seconds: float, rng: np.random.Generator, *, brightness: float = 0.5, t60: float = 3.0
) -> Waveform:
    """A plucked string (Karplus–Strong).

    Args:
        pitch: MIDI number.
        seconds: Time until the finger stops the string.
        rng: Gives the noise that the string starts from.
        brightness: 0 for the thumb on nylon, 1 for a plectrum on steel.
        t60: Seconds in which the fundamental falls by 60 dB; its overtones fall faster.
    """
    hz = frequency(pitch)
    period = SR / hz - 0.5  # the averaging filter in the loop adds half a sample
    delay = int(period - 0.3)
    fraction = period - delay
    allpass = (1 - fraction) / (1 + fraction)
    burst = np.zeros(round(seconds * SR))
    noise = band(rng.uniform(-1, 1, delay), 0, 1200 + 11_000 * brightness, order=1)[: len(burst)]
    burst[: len(noise)] = noise - noise.mean()
    loop = np.zeros(delay + 3)
    loop[:2] = 1.0, allpass
    loop[delay:] -= 10.0 ** (-3.0 / (hz * t60)) * np.convolve([0.5, 0.5], [allpass, 1.0])
    return shaped(signal.lfilter([1.0, allpass], loop, burst), 0.001)


def bass(pitch: float, seconds: float, rng: np.random.Generator, *, cutoff_hz: float = 160.0) -> Waveform:
    """A thick plucked string: the overtones above `cutoff_hz` fall by 6 dB an octave."""
    return shaped(band(pluck(pitch, seconds, rng, brightness=0.2, t60=4.0), 0, cutoff_hz, order=1))


def distorted(
    pitches: tuple[int, ...],
    seconds: float,
    rng: np.random.Generator,
    *,
    drive: float = 12.0,
    muted: bool = False,
) -> Waveform:
    """Electric guitar strings through a soft-clipping amplifier of gain `drive` and a loudspeaker cabinet.

    With `muted` the palm damps the strings.
    """
    t60, brightness = (0.25, 0.35) if muted else (6.0, 0.8)
    strings = [pluck(pitch, seconds, rng, brightness=brightness, t60=t60) for pitch in pitches]
    clipped = np.tanh(drive * band(np.sum(strings, axis=0), 90, SR / 2, order=1))
    return shaped(band(clipped, 75, 3900), 0.002)


def piano(pitch: float, seconds: float, *, softness: float = 1.2) -> Waveform:
    """A piano string: 20 stretched partials, high ones falling faster; partial k starts at k ** -softness."""
    t, hz = time(seconds), frequency(pitch)
    tone = np.zeros_like(t)
    for k in range(1, 21):
        partial = k * hz * np.sqrt(1 + 0.0004 * k**2)
        if partial < 0.45 * SR:
            fall = decay(seconds, 6.0 * 2.0 ** (-(pitch - 50) / 18) / k**0.6)
            tone += (
                k**-softness
                * fall
                * (np.sin(2 * np.pi * partial * t) + np.sin(2 * np.pi * 1.0007 * partial * t))
            )
    return shaped(tone, 0.002, 0.08)


def electric_piano(pitch: float, seconds: float, *, ratio: float = 1.0, index: float = 1.6) -> Waveform:
    """A carrier modulated at `ratio` times its frequency by up to `index` radians; ratio 3.5 makes a bell."""
    t, hz = time(seconds), frequency(pitch)
    modulation = index * decay(seconds, 1.2) * np.sin(2 * np.pi * ratio * hz * t)
    tine = 0.12 * decay(seconds, 0.4) * np.sin(2 * np.pi * min(14 * hz, 0.4 * SR) * t)
    return shaped(decay(seconds, 4.0) * (np.sin(2 * np.pi * hz * t + modulation) + tine), 0.003, 0.06)


def organ(pitch: float, seconds: float) -> Waveform:
    """Six drawbars, with the click of the key."""
    t, hz = time(seconds), frequency(pitch)
    drawbars = {0.5: 0.6, 1: 1.0, 1.5: 0.5, 2: 0.6, 3: 0.3, 4: 0.25}
    tone = sum(level * np.sin(2 * np.pi * factor * hz * t) for factor, level in drawbars.items())
    return shaped(np.tanh(0.6 * tone), 0.004, 0.03)


def synth_bass(pitch: float, seconds: float, *, cutoff_hz: float = 900.0, odd: bool = False) -> Waveform:
    """A saw (or square) whose low-pass filter closes from four times `cutoff_hz` to `cutoff_hz`."""
    wave = oscillator(np.full(round(seconds * SR), frequency(pitch)), odd=odd)
    bright, dark = band(wave, 0, 4 * cutoff_hz), band(wave, 0, cutoff_hz)
    opened = decay(seconds, 0.3)
    return shaped(opened * bright + (1 - opened) * dark, 0.002, 0.02)


def pad(pitch: float, seconds: float, *, attack: float = 0.4, cutoff_hz: float = 1800.0) -> Waveform:
    """Four detuned saws behind a low-pass filter, rising in `attack` seconds and falling as slowly."""
    detuned = (
        oscillator(np.full(round(seconds * SR), frequency(pitch + cents / 100))) for cents in (-9, -3, 4, 10)
    )
    return shaped(band(np.sum(list(detuned), axis=0), 60, cutoff_hz), attack, min(attack, seconds / 2))


def bowed(pitch: float, seconds: float, *, attack: float = 0.12) -> Waveform:
    """Two desks of strings: saws with vibrato, drawn in within `attack` seconds."""
    desks = (
        oscillator(_sung(pitch + detune, seconds, depth=depth), 1.15)
        for detune, depth in ((0, 0.16), (0.05, 0.11))
    )
    return shaped(band(np.sum(list(desks), axis=0), 150, 5200, order=1), attack, 0.12)


def reed(
    pitch: float, seconds: float, rng: np.random.Generator, *, bend: float = 0.6, rolloff: float = 1.1
) -> Waveform:
    """Harmonica or saxophone: a breathy wave scooped from `bend` semitones below; a large `rolloff` is dark."""
    wave = oscillator(_sung(pitch, seconds, depth=0.14, bend=bend), rolloff)
    breath = 0.12 * band(rng.standard_normal(len(wave)), 1500, 6000, order=1)
    return shaped(np.tanh(1.6 * band(wave + breath, 250, 4200, order=1)), 0.025, 0.05)


def voice(
    pitch: float, seconds: float, rng: np.random.Generator, *, vowels: str = "a", bend: float = 0.5
) -> Waveform:
    """A sung syllable: a soft consonant, then a glottal wave through the resonances of one or more vowels."""
    glottal = oscillator(_sung(pitch, seconds, depth=0.2, bend=bend))
    glottal += 0.03 * rng.standard_normal(len(glottal))
    places = np.linspace(0, 1, len(vowels)) if len(vowels) > 1 else np.array([0.5])
    along, sung = np.linspace(0, 1, len(glottal)), 0.08 * band(glottal, 0, 500)
    for index, vowel in enumerate(vowels):
        weight = np.interp(along, places, np.eye(len(vowels))[index])
        for hz, level in zip(_FORMANTS_HZ[vowel], (1.0, 0.8, 0.7, 0.5), strict=True):
            sung += weight * level * signal.lfilter(*signal.iirpeak(hz, hz / 110, fs=SR), glottal)
    consonant = 0.15 * np.std(sung) * rng.standard_normal(len(sung)) * decay(seconds, 0.09)
    return shaped(sung + band(consonant, 2500, 9000), 0.03, min(0.09, seconds / 3))
