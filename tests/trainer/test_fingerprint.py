"""The same recording is found whatever was done to the file; other recordings are not."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.sources import decode
from trainer.data import duplicates, fingerprint

RATE = 44100


def melody(seed: int, seconds: float = 12.0):
    """Random notes with overtones over random drums; no two moments are alike."""
    rng = np.random.default_rng(seed)
    n_notes = int(seconds * 5)
    t = np.arange(int(seconds * RATE)) / RATE
    y = np.zeros(len(t))
    for start, note in zip(
        np.sort(rng.uniform(0, seconds, n_notes)), rng.integers(0, 36, n_notes), strict=True
    ):
        after = t >= start
        since = t[after] - start
        tone = sum(np.sin(2 * np.pi * 110 * 2 ** (note / 12) * k * since) / k for k in (1, 2, 3, 4))
        y[after] += tone * np.exp(-rng.uniform(2, 8) * since)
    return (0.4 * y / np.abs(y).max() + 0.01 * rng.standard_normal(len(t))).astype(np.float32)


def known_by(path):
    """The fingerprint of a file."""
    return fingerprint.of(decode.blocks(path, fingerprint.SAMPLE_RATE))


@pytest.fixture(scope="module")
def tunes(tmp_path_factory):
    """Six melodies as WAV files, with their fingerprints."""
    folder = tmp_path_factory.mktemp("tunes")
    for seed in range(6):
        soundfile.write(folder / f"{seed}.wav", melody(seed), RATE)
    return [known_by(folder / f"{seed}.wav") for seed in range(6)]


@pytest.mark.parametrize("start", [0.0, 3.217])
@pytest.mark.parametrize(
    ("suffix", "rate", "gain", "coding"),
    [
        (".wav", 44100, 0.05, {}),
        (".flac", 22050, 1.0, {}),
        (".mp3", 44100, 1.0, {"compression_level": 0.9}),
        (".ogg", 44100, 0.3, {"compression_level": 1.0}),
        (".opus", 48000, 1.0, {"format": "OGG", "subtype": "OPUS", "compression_level": 0.9}),
    ],
)
def test_copies_are_found_at_their_offset(tunes, tmp_path, suffix, rate, gain, coding, start):
    """Cropped to three seconds, re-encoded, resampled and softer: found in the right tune, and in no other."""
    y = melody(3)[int(start * RATE) :][: 3 * RATE]
    if rate != RATE:
        soundfile.write(tmp_path / "whole.wav", y, RATE)
        y = np.concatenate(list(decode.blocks(tmp_path / "whole.wav", rate)))
    soundfile.write(tmp_path / f"copy{suffix}", gain * y, rate, **coding)
    (match,) = duplicates.find([*tunes, known_by(tmp_path / f"copy{suffix}")])
    assert (match.first, match.second) == (3, 6)
    assert match.offset_seconds == pytest.approx(start, abs=0.05)
    assert match.common_seconds == pytest.approx(3, abs=0.3)
    assert match.bit_error_rate < duplicates.MOST_BIT_ERRORS


def test_different_tunes_do_not_match(tunes):
    """Nothing is found where nothing is there twice."""
    assert duplicates.find(tunes) == []


def test_nothing_and_silence_match_nothing(tunes):
    """Empty, short and silent recordings have no duplicates, not even each other."""
    silence = fingerprint.of([np.zeros(60_000, np.float32)])
    faint = fingerprint.of([np.full(60_000, 1e-6, np.float32)])
    short = fingerprint.of([melody(0)[:1000]])
    assert duplicates.find([]) == []
    assert duplicates.find([silence, silence, faint, short, short, *tunes]) == []


def test_silence_before_and_after_does_no_harm(tunes, tmp_path):
    """Padding is neither compared nor counted."""
    y = np.concatenate([np.zeros(5 * RATE), melody(1)[: 4 * RATE], np.zeros(5 * RATE)])
    soundfile.write(tmp_path / "padded.wav", y, RATE)
    (match,) = duplicates.find([*tunes, known_by(tmp_path / "padded.wav")])
    assert match.first == 1
    assert match.offset_seconds == pytest.approx(-5, abs=0.05)
    assert match.common_seconds < 5


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 30_000), min_size=1, max_size=8))
def test_cuts_of_the_stream_change_nothing(cuts):
    """Blocks of any lengths give the same fingerprint, to a bit in ten thousand."""
    y = np.random.default_rng(0).standard_normal(90_000).astype(np.float32)
    whole, cut = fingerprint.of([y]), fingerprint.of(np.split(y, np.minimum(np.cumsum(cuts), len(y))))
    assert len(whole.bits) == len(cut.bits) == 1 + (len(y) - 2048) // fingerprint.HOP_LENGTH - 1
    assert fingerprint.bit_error_rate(whole, cut, 0)[0] < 1e-4


def test_the_bit_error_rate_of_unrelated_noise_is_a_half(rng):
    """Bits of noise are fair coins; those of one recording are all equal."""
    one, other = (fingerprint.of([rng.standard_normal(200_000).astype(np.float32)]) for _ in range(2))
    assert fingerprint.bit_error_rate(one, other, 0)[0] == pytest.approx(0.5, abs=0.03)
    assert fingerprint.bit_error_rate(one, one, 0) == (0.0, len(one.bits))
    assert fingerprint.bit_error_rate(one, one, len(one.bits)) == (1.0, 0)


@pytest.mark.real
def test_real_music_is_found_in_crops_of_it(music, tmp_path):
    """Of forty real clips each is found from five seconds in a poor MP3, and nothing else is."""
    with (music / "manifest.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if 14 < float(row["seconds"]) < 40][::20][:40]
    clips, crops = [], []
    for number, row in enumerate(rows):
        y = np.concatenate(list(decode.blocks(music / row["file"], 22050)))
        start = 1234 * (number + 1)
        soundfile.write(tmp_path / "crop.mp3", y[start : start + 5 * 22050], 22050, compression_level=0.9)
        clips.append(known_by(music / row["file"]))
        crops.append(known_by(tmp_path / "crop.mp3"))
    found = {(match.first, match.second) for match in duplicates.find([*clips, *crops])}
    assert found == {(number, number + len(rows)) for number in range(len(rows))}
