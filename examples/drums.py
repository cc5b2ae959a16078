"""Percussion made of numpy: each function returns one stroke as a mono waveform, peak 1, at `synthesis.SR`.

A drum is a falling sine and a burst of noise, a cymbal is noise and inharmonic partials, wood is a short sine.
Written for this folder and dedicated to the public domain: CC0 1.0.
"""

from __future__ import annotations

import numpy as np
from synthesis import SR, Waveform, band, decay, shaped, time

_CYMBAL_HZ = (2050, 2730, 3370, 4110, 5230, 6170, 7390, 8810)


def _swept(seconds: float, hz: float, sweep_hz: float, sweep_seconds: float) -> Waveform:
    """A sine that falls from `hz + sweep_hz` to `hz`."""
    instant_hz = hz + sweep_hz * np.exp(-time(seconds) / sweep_seconds)
    return np.sin(2 * np.pi * np.cumsum(instant_hz) / SR)


def _noise(
    rng: np.random.Generator, seconds: float, t60: float, low_hz: float, high_hz: float = SR / 2
) -> Waveform:
    """A burst of noise between two frequencies that falls by 60 dB in `t60` seconds."""
    return band(rng.standard_normal(round(seconds * SR)), low_hz, high_hz) * decay(seconds, t60)


def kick(
    rng: np.random.Generator,
    *,
    hz: float = 52.0,
    seconds: float = 0.35,
    click: float = 0.15,
    drive: float = 1.5,
) -> Waveform:
    """Bass drum tuned to `hz`; `click` is the level of the beater."""
    body = _swept(seconds, hz, 170, 0.022) * decay(seconds, seconds)
    return shaped(np.tanh(drive * body) + click * _noise(rng, seconds, 0.03, 1500), 0.0005)


def boom(hz: float, seconds: float) -> Waveform:
    """The long bass drum of a drum machine, tuned to `hz` and driven until its overtones can be heard."""
    return shaped(np.tanh(2.6 * _swept(seconds, hz, 90, 0.03) * decay(seconds, 2.2 * seconds)), 0.001, 0.05)


def snare(
    rng: np.random.Generator, *, hz: float = 190.0, seconds: float = 0.24, wires: float = 0.5
) -> Waveform:
    """Snare drum; `wires` is the level of the noise against the skin."""
    skin = _swept(seconds, hz, 70, 0.01) * decay(seconds, 0.16)
    return shaped(np.tanh(1.4 * (skin + wires * _noise(rng, seconds, seconds, 900))), 0.0005)


def clap(rng: np.random.Generator) -> Waveform:
    """Several hands, 11 ms apart."""
    hands = np.zeros(round(0.3 * SR))
    for start in (0.0, 0.011, 0.022):
        offset = round(start * SR)
        hands[offset:] += _noise(rng, 0.3, 0.22 if start > 0.02 else 0.03, 900, 3500)[: len(hands) - offset]
    return shaped(hands, 0.0005)


def hat(rng: np.random.Generator, *, seconds: float = 0.06) -> Waveform:
    """Hi-hat: 0.06 seconds closed, 0.3 open."""
    return shaped(_noise(rng, seconds, seconds, 6500), 0.0005, 0.01)


def ride(rng: np.random.Generator, *, seconds: float = 0.9, wash: float = 0.35) -> Waveform:
    """Ride cymbal: the ping of the stick over a `wash` of noise."""
    t = time(seconds)
    ping = sum(np.sin(2 * np.pi * hz * t + index) for index, hz in enumerate(_CYMBAL_HZ)) / len(_CYMBAL_HZ)
    stick = _noise(rng, seconds, 0.04, 3000)
    return shaped(
        ping * decay(seconds, 0.8) + wash * _noise(rng, seconds, 1.1, 4500) + 0.5 * stick, 0.0005, 0.1
    )


def crash(rng: np.random.Generator, *, seconds: float = 1.8) -> Waveform:
    """Crash cymbal."""
    return shaped(_noise(rng, seconds, seconds, 2500), 0.002, 0.2)


def tom(rng: np.random.Generator, *, hz: float = 110.0) -> Waveform:
    """Tom or conga tuned to `hz`."""
    return shaped(_swept(0.35, hz, 40, 0.03) * decay(0.35, 0.4) + 0.1 * _noise(rng, 0.35, 0.04, 800), 0.0005)


def wood(hz: float = 1900.0) -> Waveform:
    """Clave, or the rim of a drum: a short inharmonic knock."""
    t = time(0.09)
    return shaped(
        (np.sin(2 * np.pi * hz * t) + 0.5 * np.sin(2 * np.pi * 1.53 * hz * t)) * decay(0.09, 0.08), 0.0005
    )


def shaker(rng: np.random.Generator) -> Waveform:
    """Beads that swell and stop."""
    return shaped(_noise(rng, 0.09, 0.3, 5000, 12_000), 0.03, 0.04)


def brush(rng: np.random.Generator) -> Waveform:
    """A wire brush on the snare drum."""
    return shaped(_noise(rng, 0.12, 0.18, 1200, 9000), 0.004, 0.03)
