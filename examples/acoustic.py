"""Pieces for strings, wood and breath; each returns a recording, shape (2, n_samples), at `synthesis.SR`.

Composed for this folder and dedicated to the public domain: CC0 1.0.
"""

from __future__ import annotations

import drums
import numpy as np
from mixing import Mix, score
from synthesis import Waveform, band, bass, bowed, chord, note, organ, piano, pluck, reed, voice


def blues(seed: int) -> Waveform:
    """Shuffle in A over the eight-bar form I V IV IV I V I V: boogie guitar, walking bass, voice, harmonica."""
    mix = Mix(32, 156, seed, swing=0.66, tail_seconds=0.6)
    rng = mix.rng
    mix.repeat(lambda: drums.ride(rng, seconds=0.4), "x.xx", -23, step=0.5, pan=0.3)
    mix.repeat(lambda: drums.snare(rng, wires=0.4), ".x", -11, step=1)
    mix.repeat(lambda: drums.kick(rng, hz=58), "x...x..o", -8, step=0.5)
    for bar, name in enumerate(("A", "E", "D", "D", "A", "E", "A", "E")):
        root = note(f"{name}2")
        for half in range(8):
            upper = root + (7, 7, 9, 9, 10, 10, 9, 9)[half]
            beat, ring = 4 * bar + half / 2, 0.34 if half % 2 == 0 else 0.16
            for pitch in (root, upper):
                string = np.tanh(1.5 * pluck(pitch, ring, rng, brightness=0.4))
                mix.play(band(string, 90, 3000), beat, -13, pan=-0.45)
        for quarter, step in enumerate((0, 4, 7, 9)):
            mix.play(bass(root - 12 + step, 0.38, rng), 4 * bar + quarter, -3, send=0.1)
    sung = (
        "-:0.5 C5:0.5 A4:0.5 C5:0.5 D5:0.5 C5:0.5 A4:1.5 G4:0.5 E4:1 -:2 -:0.5 A4:0.5 C5:0.5 D5:1 C5:0.5 "
        "A4:0.5 G4:0.5 A4:2"
    )
    for beat, pitch, length in score(sung):
        mix.play(voice(pitch - 12, mix.seconds(length), rng, vowels="ao", bend=1.2), beat, -12, send=0.3)
    harp = (
        "E5:1 G5:0.5 E5:0.5 D5:0.5 C5:0.5 A4:1.5 C5:0.5 D5:0.5 D#5:0.5 E5:1.5 G5:0.5 A5:2 G5:0.5 E5:0.5 "
        "D5:0.5 C5:0.5 A4:2"
    )
    for beat, pitch, length in score(harp):
        mix.play(reed(pitch, mix.seconds(length), rng, bend=1.5), beat + 16, -15, pan=0.35, send=0.3)
    return mix.master(-16)


def adagio(seed: int) -> Waveform:
    """Adagio in D minor, no drums: a piano in broken chords, a violin above, a cello below."""
    mix = Mix(12, 66, seed, tail_seconds=1.0)
    for index, name in enumerate(("Dm", "Gm", "A7", "Dm", "Bb", "A7")):
        pitches = chord(name, 3 if name[0] in "DG" else 2)
        figure = (pitches[0], pitches[1] + 12, pitches[2] + 12, pitches[1] + 12)
        for eighth, pitch in enumerate(figure):
            mix.play(piano(pitch, 1.6, softness=1.7), 2 * index + eighth / 2, -15, pan=-0.2, send=0.35)
        cello = bowed(pitches[0] - (12 if pitches[0] >= 50 else 0), mix.seconds(2.1))
        mix.play(cello, 2 * index, -16, pan=0.35, send=0.4)
    tune = "A4:1.5 D5:0.5 Bb4:1.5 A4:0.5 G4:1 C#5:1 D5:1.5 E5:0.5 F5:1 D5:1 E5:0.75 C#5:0.25 A4:1"
    for beat, pitch, length in score(tune):
        mix.play(bowed(pitch, mix.seconds(length) + 0.12), beat, -11, pan=0.15, send=0.45)
    for pitch in chord("Dm", 3):
        mix.play(piano(pitch, 1.5, softness=1.7), 12, -17, send=0.4)
    return mix.master(-18.5, room_seconds=2.2)


def country(seed: int) -> Waveform:
    """Train beat in G: brushed snare, boom-chick guitar and bass, a rolling banjo, a fiddle."""
    mix = Mix(16, 120, seed)
    rng = mix.rng
    mix.repeat(lambda: drums.snare(rng, hz=230, seconds=0.12, wires=0.8), "oxoXoxoX", -16, pan=0.1)
    mix.repeat(lambda: drums.kick(rng, hz=60, click=0.05), "x", -11, step=1)
    for bar, name in enumerate(("G", "C", "D7", "G")):
        root = note(f"{name[0]}2")
        shape = [pitch + 12 for pitch in chord(name, 2)]
        for half, step in ((0, 0), (2, -5 if name != "C" else 7)):
            mix.play(bass(root + step - 12, 0.8, rng), 4 * bar + half, -2, send=0.1)
            mix.play(pluck(root + step, 0.5, rng, brightness=0.8), 4 * bar + half, -11, pan=-0.4)
            for stroke, ring in ((1.0, 0.3), (1.5, 0.18)):
                for index, pitch in enumerate((*shape, shape[0] + 12)):
                    strum = pluck(pitch, ring, rng, brightness=0.95, t60=1.5)
                    mix.play(strum, 4 * bar + half + stroke + 0.015 * index, -15, pan=-0.4)
        for sixteenth in range(16):
            pitch = (shape[0], shape[1], shape[2], shape[0] + 12, shape[2])[sixteenth % 5] + 12
            mix.play(pluck(pitch, 0.35, rng, brightness=1.0, t60=0.8), 4 * bar + sixteenth / 4, -17, pan=0.5)
    tune = (
        "D5:0.5 E5:0.5 G5:1 B5:0.5 A5:0.5 G5:1 E5:0.5 G5:0.5 A5:0.5 G5:0.5 E5:2 D5:0.5 F#5:0.5 A5:1 "
        "C6:0.5 B5:0.5 A5:1 G5:4"
    )
    for beat, pitch, length in score(tune):
        mix.play(bowed(pitch, mix.seconds(length), attack=0.05), beat, -15, pan=0.2, send=0.25)
    return mix.master(-17)


def jazz(seed: int) -> Waveform:
    """Swing in F: ride cymbal, walking bass, piano chords off the beat, a saxophone; ii V I vi and again."""
    mix = Mix(24, 176, seed, swing=0.64)
    rng = mix.rng
    mix.repeat(lambda: drums.ride(rng), "x.xx", -14, step=0.5, pan=0.3)
    mix.repeat(lambda: drums.hat(rng), ".x", -17, step=1, pan=-0.2)
    mix.repeat(lambda: drums.brush(rng), "..o.....o..o", -17, step=0.5)
    changes = (
        ("Gm7", "G1 Bb1 D2 E2"),
        ("C9", "C2 E2 G2 F#2"),
        ("Fmaj7", "F2 E2 C2 A1"),
        ("D7", "D2 C2 A1 F#1"),
    )
    for bar in range(6):
        name, line = changes[bar % 4]
        for quarter, walked in enumerate(line.split()):
            mix.play(bass(note(walked), 0.36, rng), 4 * bar + quarter, -1, send=0.15)
        for beat, ring in ((0.0, 0.25), (1.5, 0.2), (3.5, 0.3)):
            for pitch in chord(name, 4 if name[0] in "CD" else 3)[1:]:
                mix.play(piano(pitch, ring), 4 * bar + beat, -18, pan=-0.4, send=0.2)
    tune = (
        "-:0.5 D4:0.5 F4:0.5 A4:0.5 Bb4:1 A4:0.5 G4:0.5 E4:0.5 G4:0.5 Bb4:0.5 D5:1 C5:1.5 A4:0.5 G4:0.5 "
        "E4:0.5 F4:1.5 -:1"
    )
    tail = "F#4:0.5 A4:0.5 C5:0.5 Eb5:1 D5:0.5 Bb4:0.5 G4:0.5 F4:1 D4:1.5 E4:0.5 G4:0.5 Bb4:0.5 A4:1.5"
    for beat, pitch, length in score(f"{tune} {tail}"):
        mix.play(reed(pitch, mix.seconds(length), rng, rolloff=1.8), beat, -11, pan=0.1, send=0.3)
    return mix.master(-19.5)


def bossa(seed: int) -> Waveform:
    """Bossa nova in F: nylon guitar, bass in roots and fifths, rim on the clave, shaker, a quiet voice."""
    mix = Mix(16, 120, seed)
    rng = mix.rng
    mix.repeat(lambda: drums.wood(1500), "x..x..x...x..x..", -17, step=0.5, pan=0.3)
    mix.repeat(lambda: drums.shaker(rng), "xoXo", -23, pan=-0.3)
    mix.repeat(lambda: drums.kick(rng, hz=55, click=0.02), "x..xx..x", -15, step=0.5)
    for bar, name in enumerate(("Fmaj7", "D7", "Gm7", "C9")):
        root = note(f"{name[0]}{1 if name[0] in 'FG' else 2}")
        for beat, step in ((0.0, 0), (1.5, 7), (2.0, 7), (3.5, 0)):
            mix.play(bass(root + step, 0.7, rng), 4 * bar + beat, -2)
        for beat in (0.0, 1.0, 2.5, 3.5) if bar % 2 == 0 else (0.5, 1.5, 3.0):
            for index, pitch in enumerate(chord(name, 3)):
                strum = pluck(pitch + 12 * (index == 0), 0.55, rng, brightness=0.22, t60=1.8)
                mix.play(strum, 4 * bar + beat, -12, pan=-0.3, send=0.25)
    tune = "C5:1.5 A4:0.5 G4:0.5 E4:1.5 F#4:1.5 A4:0.5 C5:2 Bb4:1.5 A4:0.5 F4:0.5 D4:1.5 E4:1 D4:1 C4:2"
    for beat, pitch, length in score(tune):
        mix.play(voice(pitch, mix.seconds(length), rng, vowels="ua", bend=0.3), beat, -11, pan=0.1, send=0.35)
    return mix.master(-19, room_seconds=1.4)


def reggae(seed: int) -> Waveform:
    """One drop in A minor: kick and rim on three, skank after the beat, organ bubble, heavy bass, voice."""
    mix = Mix(16, 76, seed, swing=0.54, tail_seconds=0.4)
    rng = mix.rng
    mix.repeat(lambda: drums.kick(rng, hz=48, seconds=0.45), "..x.", -2, step=1)
    mix.repeat(lambda: drums.wood(850), "..x....x", -9, step=1, send=0.5)
    mix.repeat(lambda: drums.hat(rng), "xoXo", -13, pan=0.3)
    for bar, name in enumerate(("Am", "Dm", "Am", "G")):
        pitches = chord(name, 4 if name != "Am" else 3)
        for quarter in range(4):
            for pitch in pitches:
                skank = pluck(pitch + 12 * (name == "Am"), 0.13, rng, brightness=0.75, t60=0.6)
                mix.play(band(skank, 400, 6000), 4 * bar + quarter + 0.5, -4, pan=-0.4, send=0.25)
                for bubble in (0.25, 0.5, 0.75):
                    mix.play(organ(pitch, 0.12), 4 * bar + quarter + bubble, -22, pan=0.4)
        root = note(f"{name[0]}1") if name != "Dm" else note("D2")
        for start, step in ((0.0, 0), (0.75, 0), (1.0, 7), (2.0, 12), (2.5, 10), (3.25, 7)):
            mix.play(bass(root + step, mix.seconds(0.5), rng), 4 * bar + start, 3, send=0.02)
    tune = "-:0.5 E4:0.5 G4:0.5 A4:1.25 C5:0.5 A4:0.75 -:0.5 A4:0.25 G4:0.25 F4:0.5 D4:1.5 -:1"
    for beat, pitch, length in score(f"{tune} {tune}"):
        mix.play(voice(pitch, mix.seconds(length), rng, vowels="eao", bend=0.8), beat, -13, send=0.5)
    return mix.master(-17, room_seconds=1.6)
