"""Pieces for amplifiers and synthesisers; each returns a recording, shape (2, n_samples), at `synthesis.SR`.

Composed for this folder and dedicated to the public domain: CC0 1.0.
"""

from __future__ import annotations

import drums
import numpy as np
from mixing import Mix, score
from synthesis import (
    Waveform,
    band,
    bass,
    bowed,
    chord,
    distorted,
    electric_piano,
    frequency,
    note,
    pad,
    pluck,
    synth_bass,
    voice,
)


def ambient(seed: int) -> Waveform:
    """No beat: two wide chords over a drone, a few bells, a long room."""
    mix = Mix(8, 60, seed, tail_seconds=0.4)
    for start, name in ((0, "Dm9"), (4, "Bbmaj7")):
        for index, pitch in enumerate(chord(name, 3)):
            sound = pad(pitch + 12 * (index % 2), 6.0, attack=2.0, cutoff_hz=1100)
            mix.play(sound, start, -12, pan=0.5 * (-1) ** index, send=0.8)
    mix.play(pad(note("D2"), 9.5, attack=1.2, cutoff_hz=300), 0, -10, send=0.3)
    for beat, pitch, _ in score("-:1 A5:2 E5:1.5 F5:1.5 D6:1.5 A5:2"):
        mix.play(electric_piano(pitch, 2.5, ratio=3.5, index=0.8), beat, -21, pan=0.3, send=1.0)
    return mix.master(-18, room_seconds=4.0)


def disco(seed: int) -> Waveform:
    """Four on the floor in D minor: open hats after the beat, a bass in octaves, scratched guitar, strings."""
    mix = Mix(16, 120, seed)
    rng = mix.rng
    mix.repeat(lambda: drums.kick(rng, hz=54), "x", -5, step=1, send=0.02)
    mix.repeat(lambda: drums.clap(rng), ".x", -7, step=1)
    mix.repeat(lambda: drums.snare(rng, wires=0.8), ".x", -7, step=1)
    mix.repeat(lambda: drums.hat(rng, seconds=0.26), ".x", -9, step=0.5, pan=0.2)
    mix.repeat(lambda: drums.hat(rng), "x.xo", -11, pan=0.2)
    for bar, name in enumerate(("Dm7", "G7", "Bbmaj7", "C7")):
        root = note("Bb1") if name.startswith("Bb") else note(f"{name[0]}2") - (12 if name[0] == "G" else 0)
        for eighth in range(8):
            octave = synth_bass(root + 12 * (eighth % 2), 0.2, cutoff_hz=1100)
            mix.play(octave, 4 * bar + eighth / 2, -9, send=0.02)
        for sixteenth, stroke in enumerate("x.xx.xx.x.xx.xxo"):
            for pitch in chord(name, 3)[1:] if stroke != "." else ():
                scratch = pluck(pitch + 12, 0.09, rng, brightness=0.9, t60=0.5)
                mix.play(band(scratch, 500, 5000), 4 * bar + sixteenth / 4, -11, pan=-0.5)
        for pitch in chord(name, 4):
            mix.play(bowed(pitch, 1.7), 4 * bar, -20, pan=0.4, send=0.3)
    run = (
        "-:2 A4:0.25 B4:0.25 C5:0.25 D5:0.25 E5:0.5 F5:0.5 D5:1.5 B4:0.5 G4:2 F5:0.75 D5:0.75 Bb4:0.5 "
        "A4:1 F4:1 E5:1 G5:1 Bb5:1 C6:1"
    )
    for beat, pitch, length in score(run):
        mix.play(bowed(pitch, mix.seconds(length), attack=0.04), beat, -14, pan=0.3, send=0.35)
    return mix.master(-15)


def hiphop(seed: int) -> Waveform:
    """Boom bap over a long low drum: electric piano in E minor, sixteenth hats with rolls, a rapped line."""
    mix = Mix(16, 88, seed, swing=0.53)
    rng = mix.rng
    mix.repeat(lambda: drums.kick(rng, hz=50, seconds=0.3, drive=3), "x......x..x.....", -5, send=0.02)
    mix.repeat(lambda: drums.snare(rng, hz=210, wires=0.9), "....x.......x...", -6)
    mix.repeat(lambda: drums.clap(rng), "....x.......x...", -11)
    mix.repeat(lambda: drums.hat(rng, seconds=0.045), "x.x.x.xxx.x.xoxo", -9, pan=0.15)
    mix.repeat(lambda: drums.hat(rng, seconds=0.03), "." * 56 + "oxoxoxox", -11, step=0.125, pan=0.15)
    for bar, name in enumerate(("Em9", "Cmaj7", "Am7", "B7")):
        root_hz = frequency(note(f"{name[0]}1"))
        for beat, length in ((0.0, 1.6), (1.75, 0.6), (2.5, 1.2)):
            mix.play(drums.boom(root_hz, mix.seconds(length)), 4 * bar + beat, -7, send=0.0)
        for index, pitch in enumerate(chord(name, 4 if name[0] in "EC" else 3)):
            for beat, length in ((0.0, 1.9), (2.5, 1.2)):
                keys = band(electric_piano(pitch, mix.seconds(length)), 150, 5000)
                mix.play(keys, 4 * bar + beat + 0.02 * index, -15, pan=-0.3, send=0.25)
    vowels = "aeoiuaeaoieaueoi"
    for sixteenth, stroke in enumerate("..xxx.xX.xxx.xX.xx.xxxX.x.xxxxX." * 2):
        if stroke != ".":
            pitch = 47 + 3 * (stroke == "X") + int(rng.integers(-1, 2))
            spoken = vowels[sixteenth % 16] + vowels[(5 * sixteenth + 3) % 16]
            length = mix.seconds(0.42 if stroke == "X" else 0.24)
            mix.play(voice(pitch, length, rng, vowels=spoken, bend=-2.0), sixteenth / 4, -4, send=0.06)
    return mix.master(-16, room_seconds=0.6)


def _scooped(y: Waveform) -> Waveform:
    """The sound with its middle, 250 to 1100 Hz, taken down by a half, as amplifiers for metal are set."""
    return y - 0.5 * band(y, 250, 1100, order=1)


def metal(seed: int) -> Waveform:
    """Riff in low E: double-tracked distorted fifths, palm mutes, double kick in sixteenths, a growl."""
    mix = Mix(24, 176, seed)
    rng = mix.rng
    mix.repeat(lambda: drums.kick(rng, hz=60, seconds=0.16, click=0.7), "x", -5, step=0.25, send=0.0)
    mix.repeat(lambda: drums.snare(rng, hz=200, seconds=0.2, wires=0.9), ".x", -4, step=1)
    mix.repeat(lambda: drums.crash(rng, seconds=0.9), "x", -12, step=1, pan=0.4)
    riff = "E2:0.5 E2:0.25 E2:0.25 G2:0.5 E2:0.5 E2:0.25 E2:0.25 Bb2:0.5 A2:1"
    close = "E2:0.5 E2:0.25 E2:0.25 F2:0.5 E2:0.5 C3:1 B2:1"
    for beat, pitch, length in score(f"{riff} {riff} {close} {riff} {riff} {close}"):
        strings = (pitch, pitch + 7, pitch + 12)
        seconds, muted = mix.seconds(length), pitch == note("E2")
        for side in (-0.9, 0.9):
            guitar = _scooped(distorted(strings, seconds, rng, drive=30, muted=muted))
            mix.play(guitar, beat, -8, pan=side, send=0.03)
        mix.play(bass(pitch - 12, seconds, rng, cutoff_hz=300), beat, 0, send=0.0)
    for beat, pitch, length in score("-:8 E2:1.5 G2:0.5 E2:1 -:1 E2:1 Bb2:1 A2:2 -:1 E2:1.5 F2:1.5 E2:3"):
        growl = voice(pitch, mix.seconds(length), rng, vowels="oae", bend=1.0)
        rough = growl * (1 + 0.9 * band(rng.standard_normal(len(growl)), 20, 90, order=1))
        mix.play(band(np.tanh(9 * rough), 150, 5000), beat, -14, send=0.15)
    return mix.master(-14, room_seconds=0.8)


def pop(seed: int) -> Waveform:
    """C, G, Am, F at 112: a bright synthesiser over pads, a sung tune doubled at the octave."""
    mix = Mix(16, 112, seed, tail_seconds=0.3)
    rng = mix.rng
    mix.repeat(lambda: drums.kick(rng, hz=56, click=0.3), "x..xx...", -4, step=0.5, send=0.02)
    mix.repeat(lambda: drums.snare(rng, wires=0.8), ".x", -4, step=1)
    mix.repeat(lambda: drums.clap(rng), ".x", -8, step=1)
    mix.repeat(lambda: drums.hat(rng), "xoxo", -10, pan=0.2)
    for bar, name in enumerate(("C", "G", "Am", "F")):
        pitches = chord(name, 4 if name == "C" else 3)
        root = note(f"{name[0]}2") - (12 if name[0] in "GA" else 0)
        for eighth in range(8):
            mix.play(synth_bass(root, 0.22, cutoff_hz=500, odd=True), 4 * bar + eighth / 2, -10, send=0.02)
        for index, pitch in enumerate(pitches):
            held = pad(pitch, mix.seconds(4), attack=0.1, cutoff_hz=5000)
            mix.play(held, 4 * bar, -19, pan=0.6 * (index - 1), send=0.3)
        for sixteenth in range(16):
            pitch = pitches[(0, 1, 2, 1)[sixteenth % 4]] + 12
            mix.play(synth_bass(pitch, 0.13, cutoff_hz=2500), 4 * bar + sixteenth / 4, -16, pan=-0.4, send=0.3)
    tune = (
        "E4:0.5 G4:0.5 G4:1 A4:0.5 G4:1.5 D4:0.5 G4:0.5 B4:1 A4:0.5 G4:1.5 C5:0.5 C5:0.5 B4:0.5 A4:1 "
        "E4:1.5 A4:0.5 G4:0.5 F4:1 E4:0.5 F4:0.5 G4:1"
    )
    for beat, pitch, length in score(tune):
        for interval, level, side in ((0, -9, 0.0), (12, -17, 0.3)):
            sung = voice(pitch + interval, mix.seconds(length), rng, vowels="eao", bend=0.4)
            mix.play(sung, beat, level, pan=side, send=0.3)
    return mix.master(-15)


def rock(seed: int) -> Waveform:
    """Straight eighths in A: overdriven guitars, backbeat, bass in roots, a shouted tune."""
    mix = Mix(24, 138, seed, tail_seconds=0.3)
    rng = mix.rng
    mix.repeat(lambda: drums.kick(rng, hz=56, click=0.3), "x..xx...", -3, step=0.5)
    mix.repeat(lambda: drums.snare(rng, wires=0.8), ".x", -3, step=1, send=0.25)
    mix.repeat(lambda: drums.hat(rng, seconds=0.14), "x", -15, step=0.5, pan=0.25)
    mix.repeat(lambda: drums.crash(rng), "x...............", -11, step=1, pan=-0.3)
    for bar, name in enumerate(("A", "D", "E", "D", "A", "E")):
        root = note(f"{name}2")
        for beat, length in ((0.0, 1.0), (1.0, 0.5), (1.5, 1.0), (2.5, 0.5), (3.0, 0.5), (3.5, 0.5)):
            for side, drive in ((-0.7, 7.0), (0.7, 9.0)):
                guitar = distorted(chord(f"{name}5", 2), mix.seconds(length), rng, drive=drive)
                mix.play(guitar, 4 * bar + beat, -11, pan=side, send=0.1)
        for eighth in range(8):
            mix.play(bass(root - 12, 0.21, rng, cutoff_hz=400), 4 * bar + eighth / 2, 2, send=0.02)
    tune = (
        "-:1 E4:0.5 A4:0.5 C5:1 A4:1 D5:1.5 C5:0.5 A4:2 -:0.5 B4:0.5 B4:0.5 D5:0.5 E5:1.5 D5:0.5 A4:4 -:1 "
        "E5:0.5 E5:0.5 C#5:1 A4:1 B4:4"
    )
    for beat, pitch, length in score(tune):
        shout = voice(pitch, mix.seconds(length), rng, vowels="ea", bend=1.0)
        mix.play(np.tanh(2 * shout), beat, -13, send=0.3)
    return mix.master(-14)
