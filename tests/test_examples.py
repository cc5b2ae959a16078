"""The example library: the committed music, the script that renders it, and the instruments it is made of."""

import itertools
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))

import acoustic
import compose
import drums
import electric
import mixing
import synthesis

EXAMPLES = Path(compose.__file__).parent
MUSIC = EXAMPLES / "music"
SR = synthesis.SR
CONTAINERS = {  # file → container and codec, in FFmpeg's words
    "adagio.mp2": ("mp3", "mp2"),
    "ambient.flac": ("flac", "flac"),
    "blues.mp3": ("mp3", "mp3"),
    "bossa.m4a": ("mov", "alac"),
    "country.aiff": ("aiff", "pcm_s16be"),
    "disco.wav": ("wav", "pcm_s16le"),
    "hiphop.opus": ("ogg", "opus"),
    "jazz.wv": ("wv", "wavpack"),
    "metal.ac3": ("ac3", "ac3"),
    "pop.ogg": ("ogg", "vorbis"),
    "reggae.m4a": ("mov", "aac"),
    "rock.wma": ("asf", "wmav2"),
}
LOSSLESS = sorted(recording.name for recording in compose.RECORDINGS if not recording.bit_rate)
LOSSY = sorted(recording.name for recording in compose.RECORDINGS if recording.bit_rate)
TAGLESS = {"adagio.mp2", "metal.ac3"}
PIECES = [recording.piece for recording in compose.RECORDINGS]
NOTES = {
    "pluck": lambda rng: synthesis.pluck(45, 0.3, rng),
    "bass": lambda rng: synthesis.bass(33, 0.3, rng),
    "distorted": lambda rng: synthesis.distorted((40, 47), 0.3, rng),
    "distorted, muted": lambda rng: synthesis.distorted((40, 47), 0.3, rng, muted=True),
    "piano": lambda rng: synthesis.piano(60, 0.3),
    "electric_piano": lambda rng: synthesis.electric_piano(60, 0.3),
    "organ": lambda rng: synthesis.organ(60, 0.3),
    "synth_bass": lambda rng: synthesis.synth_bass(36, 0.3),
    "pad": lambda rng: synthesis.pad(60, 0.3),
    "bowed": lambda rng: synthesis.bowed(69, 0.3),
    "reed": lambda rng: synthesis.reed(69, 0.3, rng),
    "voice": lambda rng: synthesis.voice(57, 0.3, rng, vowels="aei"),
    "kick": drums.kick,
    "boom": lambda rng: drums.boom(45, 0.5),
    "snare": drums.snare,
    "clap": drums.clap,
    "hat": drums.hat,
    "ride": drums.ride,
    "crash": drums.crash,
    "wood": lambda rng: drums.wood(),
    "shaker": drums.shaker,
    "brush": drums.brush,
}


def heard(path):
    """The decoded samples, shape (n_channels, n_samples), and their sample rate."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="fltp")
        frames = (frame for decoded in container.decode(audio=0) for frame in resampler.resample(decoded))
        return np.concatenate([frame.to_ndarray() for frame in frames], axis=1), container.streams.audio[0].rate


def tags(path):
    """Title, artist and genre as FFmpeg reads them, wherever the container keeps them."""
    with av.open(str(path)) as container:
        found = {**container.metadata, **container.streams.audio[0].metadata}
    lowered = {name.lower(): text for name, text in found.items()}
    return {name: lowered[name] for name in ("title", "artist", "genre") if name in lowered}


def db(amplitude):
    """Decibels of an amplitude, 1 being 0 dB."""
    return 20 * np.log10(amplitude + 1e-12)


def spectrogram(path):
    """Log energy in 60 bands up to 6 kHz over 130 blocks from 0.5 to 6.5 s, each band with mean 0."""
    y, sr = heard(path)
    blocks = y.mean(axis=0)[sr // 2 :][: 6 * sr // 130 * 130].reshape(130, -1)
    energy = np.abs(np.fft.rfft(blocks))[:, : round(6000 * blocks.shape[1] / sr)] ** 2
    bands = np.log(np.stack([band.sum(axis=1) for band in np.array_split(energy, 60, axis=1)]) + 1e-6)
    return bands - bands.mean(axis=1, keepdims=True)


def fundamental(y):
    """Frequency in Hz of the strongest of the lowest partials, by a zero-padded spectrum."""
    n_fft = 1 << 20
    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y)), n_fft))
    first = np.flatnonzero(spectrum > 0.1 * spectrum.max())[0]
    return (first + np.argmax(spectrum[first : first + 200])) * SR / n_fft


@pytest.fixture(scope="session")
def rendered(tmp_path_factory):
    """A folder the script has just rendered into, and what it printed."""
    folder = tmp_path_factory.mktemp("examples") / "new" / "music"
    script = [sys.executable, str(EXAMPLES / "compose.py"), str(folder)]
    run = subprocess.run(script, capture_output=True, text=True, check=True)
    return folder, run.stdout


class TestCommitted:
    """The files in the repository."""

    def test_small(self):
        """The music takes no more than 1.5 MB of the repository."""
        assert sum(path.stat().st_size for path in MUSIC.iterdir()) <= 1_500_000

    def test_files(self):
        """The folder holds the promised recordings, the silence and the licence, and nothing else."""
        names = {path.name for path in MUSIC.iterdir()}
        assert names == {*CONTAINERS, "silence.flac", "COPYING"}

    def test_licence(self):
        """The music is dedicated to the public domain, and the folder says so."""
        assert "CC0 1.0" in (MUSIC / "COPYING").read_text(encoding="utf-8")

    @pytest.mark.parametrize("name", CONTAINERS)
    def test_container(self, name):
        """By its content, each file is the container and the codec it was meant to be."""
        with av.open(str(MUSIC / name)) as container:
            codec = container.streams.audio[0].codec_context.codec.canonical_name
            assert (container.format.name.split(",")[0], codec) == CONTAINERS[name]

    @pytest.mark.parametrize("name", CONTAINERS)
    def test_tags(self, name):
        """A file carries its title and the artist, and no genre unless one is promised."""
        recording = next(recording for recording in compose.RECORDINGS if recording.name == name)
        assert tags(MUSIC / name) == ({} if name in TAGLESS else recording.tags)

    def test_only_one_genre(self):
        """The ambient FLAC alone has a genre before the tagger has run."""
        found = {path.name: tags(path).get("genre") for path in map(MUSIC.joinpath, CONTAINERS)}
        assert {name: genre for name, genre in found.items() if genre} == {"ambient.flac": "Ambient"}

    @pytest.mark.parametrize("name", CONTAINERS)
    def test_levels(self, name):
        """A piece lasts 8 to 14 s, peaks below -1 dBFS, is neither faint nor squashed, has no DC, no clicks."""
        y, sr = heard(MUSIC / name)
        edge = sr // 1000
        assert 7.9 < y.shape[1] / sr < 14
        assert -21 < db(np.sqrt(np.mean(y**2))) < -13.5
        assert db(np.abs(y).max()) < -1
        assert np.abs(y.mean(axis=1)).max() < 1e-3
        assert max(np.abs(y[:, :edge]).max(), np.abs(y[:, -edge:]).max()) < 0.03

    def test_no_two_alike(self):
        """Each piece has a spectrum over time of its own."""
        pictures = [spectrogram(MUSIC / name).ravel() for name in CONTAINERS]
        for one, other in itertools.combinations(pictures, 2):
            assert np.corrcoef(one, other)[0, 1] < 0.5

    def test_silence(self):
        """The silent file decodes, to eight seconds of nothing."""
        y, sr = heard(MUSIC / "silence.flac")
        assert y.shape[1] == 8 * sr
        assert not y.any()


class TestRendered:
    """What the script makes of a fresh folder."""

    def test_same_files(self, rendered):
        """Rendering gives the committed files, all but the licence."""
        folder, _ = rendered
        names = {path.name for path in folder.iterdir()}
        assert names == {path.name for path in MUSIC.iterdir()} - {"COPYING"}

    def test_one_line_per_piece(self, rendered):
        """The script names each file with its codec, length and size."""
        folder, printed = rendered
        lines = [line.split() for line in printed.splitlines()]
        assert [line[0] for line in lines] == [recording.name for recording in compose.RECORDINGS]
        for name, codec, seconds, _, kilobytes, _ in lines:
            y, sr = heard(folder / name)
            assert codec == next(recording.codec for recording in compose.RECORDINGS if recording.name == name)
            assert float(seconds) == pytest.approx(y.shape[1] / sr, abs=0.16)
            assert float(kilobytes) == pytest.approx((folder / name).stat().st_size / 1000, abs=0.51)

    @pytest.mark.parametrize("name", LOSSLESS)
    def test_lossless_equal(self, rendered, name):
        """Rendered again, a lossless file has the committed samples; only the last bit may be rounded anew."""
        (again, _), (committed, _) = heard(rendered[0] / name), heard(MUSIC / name)
        assert again.shape == committed.shape
        assert np.abs(again - committed).max() <= 1.01 / 32768

    @pytest.mark.parametrize("name", LOSSY)
    def test_lossy_alike(self, rendered, name):
        """Rendered again, a lossy file sounds like the committed one, whatever the encoder's version."""
        (again, _), (committed, _) = heard(rendered[0] / name), heard(MUSIC / name)
        n_samples = min(again.shape[1], committed.shape[1])
        assert n_samples > 0.98 * max(again.shape[1], committed.shape[1])
        assert np.corrcoef(again[:, :n_samples].ravel(), committed[:, :n_samples].ravel())[0, 1] > 0.9

    def test_same_tags(self, rendered):
        """Rendering writes the committed tags."""
        assert {name: tags(rendered[0] / name) for name in CONTAINERS} == {
            name: tags(MUSIC / name) for name in CONTAINERS
        }

    def test_bytes_repeat(self, rendered, tmp_path):
        """On one machine the same samples give the same bytes."""
        index = next(
            index for index, recording in enumerate(compose.RECORDINGS) if recording.name == "hiphop.opus"
        )
        recording = compose.RECORDINGS[index]
        samples = mixing.sampled(recording.piece(index), recording.sample_rate, recording.n_channels)
        compose.encode(recording, samples, tmp_path / recording.name)
        assert (tmp_path / recording.name).read_bytes() == (rendered[0] / recording.name).read_bytes()

    def test_impossible_folder(self, tmp_path):
        """Where no folder can be made, the script says so in one sentence and fails."""
        (tmp_path / "taken").write_text("a file")
        script = [sys.executable, str(EXAMPLES / "compose.py"), str(tmp_path / "taken")]
        run = subprocess.run(script, capture_output=True, text=True, check=False)
        assert run.returncode == 1
        assert run.stderr.count("\n") == 1
        assert str(tmp_path / "taken") in run.stderr


class TestPieces:
    """The pieces as functions."""

    def test_each_once(self):
        """Every public piece of the two modules is in the library, once."""
        written = [
            item
            for module in (acoustic, electric)
            for name, item in vars(module).items()
            if getattr(item, "__module__", "") == module.__name__ and not name.startswith("_")
        ]
        assert sorted(map(repr, PIECES)) == sorted(map(repr, written))

    def test_seed_decides(self):
        """The same seed plays the same samples, another seed plays the piece a little differently."""
        once, again, other = electric.ambient(1), electric.ambient(1), electric.ambient(2)
        assert np.array_equal(once, again)
        assert not np.array_equal(once, other)
        assert once.shape == other.shape


class TestPitch:
    """Names and frequencies."""

    def test_names(self):
        """Notes have their MIDI numbers, sharps and flats included."""
        names = {"C4": 60, "A4": 69, "F#3": 54, "Gb3": 54, "Bb2": 46}
        assert {name: synthesis.note(name) for name in names} == names

    @pytest.mark.parametrize("name", ["H2", "A", "c4", "A44", ""])
    def test_unknown_name(self, name):
        """What is no note is refused by name."""
        with pytest.raises(ValueError, match=repr(name)):
            synthesis.note(name)

    def test_chords(self):
        """A chord stands on its root and has its own intervals."""
        assert synthesis.chord("A7", 2) == (45, 49, 52, 55)
        assert synthesis.chord("Bbmaj7", 3) == (58, 62, 65, 69)
        assert synthesis.chord("E5", 2) == (40, 47, 52)

    @given(pitch=st.integers(0, 115))
    def test_octave(self, pitch):
        """Twelve semitones double the frequency."""
        assert synthesis.frequency(pitch + 12) == pytest.approx(2 * synthesis.frequency(pitch))


class TestInstruments:
    """One note or stroke at a time."""

    @pytest.mark.parametrize("name", NOTES)
    def test_clean(self, name, rng):
        """Each sound has peak 1, begins and ends in silence, and is made of numbers."""
        y = NOTES[name](rng)
        assert np.isfinite(y).all()
        assert np.abs(y).max() == pytest.approx(1)
        assert abs(y[0]) < 0.05
        assert abs(y[-1]) < 0.05

    @pytest.mark.parametrize("name", NOTES)
    def test_seeded(self, name):
        """A sound depends on nothing but its generator."""
        assert np.array_equal(NOTES[name](np.random.default_rng(5)), NOTES[name](np.random.default_rng(5)))

    @settings(max_examples=25, deadline=None)
    @given(pitch=st.integers(28, 84), brightness=st.floats(0, 1))
    def test_string_in_tune(self, pitch, brightness):
        """A plucked string sounds within a tenth of a semitone of its note, from the low E of a bass to C6."""
        y = synthesis.pluck(pitch, 1.5, np.random.default_rng(pitch), brightness=brightness, t60=6.0)
        overtone = fundamental(y) / synthesis.frequency(pitch)
        assert abs(12 * np.log2(overtone / round(overtone))) < 0.1

    @pytest.mark.parametrize("play", [synthesis.piano, synthesis.electric_piano, synthesis.bowed])
    @pytest.mark.parametrize("pitch", [50, 69])
    def test_in_tune(self, play, pitch):
        """The other melody instruments are in tune to a tenth of a semitone."""
        assert abs(12 * np.log2(fundamental(play(pitch, 1.5)) / synthesis.frequency(pitch))) < 0.1

    def test_brightness(self):
        """A bright string has more above 3 kHz than a dark one."""
        dark, bright = (
            synthesis.pluck(45, 0.5, np.random.default_rng(0), brightness=brightness)
            for brightness in (0.0, 1.0)
        )
        shares = [np.var(synthesis.band(y, 3000, 16_000)) / np.var(y) for y in (dark, bright)]
        assert shares[1] > 2 * shares[0]

    def test_muted_is_shorter(self, rng):
        """The palm takes away the second half of a chord."""
        open_, muted = (synthesis.distorted((40, 47), 0.8, rng, muted=muted) for muted in (False, True))
        half = len(muted) // 2
        assert np.std(muted[half:]) < 0.5 * np.std(open_[half:])

    @pytest.mark.parametrize("hz", [55.0, 1000.0, 7000.0])
    def test_no_aliases(self, hz):
        """All energy of a saw lies at multiples of its frequency."""
        y = synthesis.oscillator(np.full(SR, hz))
        power = np.abs(np.fft.rfft(y)) ** 2
        harmonic = np.arange(len(power)) % round(hz) == 0
        assert power[~harmonic].sum() < 1e-5 * power.sum()

    def test_odd_harmonics(self):
        """An odd wave has no second harmonic."""
        spectrum = np.abs(np.fft.rfft(synthesis.oscillator(np.full(SR, 200.0), odd=True)))
        assert spectrum[400] < 1e-3 * spectrum[600]

    @given(t60=st.floats(0.05, 1.0))
    def test_decay(self, t60):
        """After its T60 a sound has fallen by 60 dB."""
        fall = synthesis.decay(1.1, t60)
        assert db(fall[round(t60 * SR)]) == pytest.approx(-60, abs=0.1)

    def test_band(self, rng):
        """A band keeps what lies inside and drops what lies outside."""
        noise = rng.standard_normal(SR)
        power = np.abs(np.fft.rfft(synthesis.band(noise, 1000, 2000, order=4))) ** 2
        assert power[1100:1900].mean() > 100 * max(power[:500].mean(), power[4000:].mean())


class TestMixing:
    """Notes put together."""

    def test_score(self):
        """Notes follow each other, and a rest takes its time."""
        assert list(mixing.score("A4:1 -:0.5 C5:1.5")) == [(0.0, 69, 1.0), (1.5, 72, 1.5)]

    @pytest.mark.parametrize(("swing", "second"), [(0.5, 0.25), (0.66, 0.33)])
    def test_swing(self, swing, second):
        """Swing moves the second half of a beat and leaves the beat alone."""
        for beat, seconds in ((1.0, 0.5), (1.5, 0.5 + second)):
            mix = mixing.Mix(4, 120, 0, swing=swing)
            mix.play(np.ones(320), beat, -20, send=0.0)
            onset = np.flatnonzero(np.abs(np.diff(mix.master(-30)[0])) > 1e-3)[0] / SR
            assert seconds + 0.1 == pytest.approx(onset, abs=0.008)

    @pytest.mark.parametrize(("pan", "side"), [(-1.0, 0), (1.0, 1)])
    def test_pan(self, pan, side):
        """A sound panned to one side is not heard on the other."""
        mix = mixing.Mix(4, 120, 0)
        mix.play(synthesis.organ(60, 0.5), 0, -10, pan=pan, send=0.0)
        levels = np.std(mix.master(-20), axis=1)
        assert levels[1 - side] < 1e-6 * levels[side]

    def test_pattern(self):
        """A pattern comes round until the end; accents are louder than strokes, and strokes than ghosts."""
        mix = mixing.Mix(8, 60, 0)
        mix.repeat(lambda: np.ones(3200), "Xxo.", -20, step=1, send=0.0)
        beats = np.abs(mix.master(-30)[0]).reshape(8, SR).max(axis=1)
        for bar in (beats[:4], beats[4:]):
            assert bar[0] > bar[2] * 2
            assert bar[1] > bar[2] * 1.5
            assert bar[3] < 0.1 * bar[2]

    def test_cut_at_the_end(self):
        """What would ring past the end, or start after it, is cut, and the length stays as it was asked for."""
        mix = mixing.Mix(4, 120, 0, tail_seconds=0.25)
        mix.play(synthesis.organ(60, 5.0), 3, -10)
        mix.play(synthesis.organ(60, 1.0), 40, -10)
        assert mix.master(-20).shape == (2, round(2.25 * SR))

    @pytest.mark.parametrize("rms_db", [-20.0, -14.0])
    def test_master(self, rms_db, rng):
        """A recording has the wanted level, stays below its ceiling, has no DC and fades out."""
        mix = mixing.Mix(16, 120, 0)
        mix.repeat(lambda: drums.snare(rng) + 0.1, "x", -3)
        y = mix.master(rms_db)
        assert db(np.sqrt(np.mean(y[:, : 7 * SR] ** 2))) == pytest.approx(rms_db, abs=0.5)
        assert db(np.abs(y).max()) < -2.9
        assert np.abs(y.mean(axis=1)).max() < 1e-3
        assert np.abs(y[:, -1]).max() < 1e-6

    @pytest.mark.parametrize("sr", [16_000, 32_000, 44_100, 48_000])
    @pytest.mark.parametrize("n_channels", [1, 2])
    def test_sampled(self, sr, n_channels):
        """Another sample rate keeps the length in seconds, the pitch and the level, as 16-bit samples."""
        tone = 0.5 * np.sin(2 * np.pi * 440 * synthesis.time(1.0))
        y = mixing.sampled(np.stack([tone, tone]), sr, n_channels)
        assert y.dtype == np.int16
        assert y.shape == (sr, n_channels)
        assert np.argmax(np.abs(np.fft.rfft(y[:, 0]))) == 440
        assert np.abs(y[sr // 4 : sr // 2]).max() == pytest.approx(0.5 * 32767, rel=0.01)
