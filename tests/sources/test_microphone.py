"""A sound device is heard sample for sample, and what is missing is told; it may break in any way."""

import io
import itertools
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger import children
from tagger.errors import SettingsError, SourceError
from tagger.records import Gap
from tagger.sources import capture, decode, microphone
from tests import sound_card
from tests.sources import broken_device
from tests.sources.processes import children as listeners

RATE = 44100


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Breaks are noticed, and tried to mend, after less time."""
    monkeypatch.setattr(microphone, "_STALLED_SECONDS", 1.0)
    monkeypatch.setattr(microphone, "_RETRY_SECONDS", 0.2)


class Hearing:
    """Listens in this thread, and keeps what was told."""

    def __init__(self, device, sample_rate=RATE, **options):
        self.stop, self.notices = threading.Event(), []
        options = {"on_notice": self.notices.append, **options}
        self.stream = microphone.blocks(device, sample_rate, stop=self.stop, **options)

    def samples(self, n_samples):
        """So many samples, and no gap among them."""
        parts = []
        while sum(map(len, parts)) < n_samples:
            item = next(self.stream)
            assert not isinstance(item, Gap), item
            parts.append(item)
        return np.concatenate(parts)[:n_samples]

    def until_gap(self):
        """The samples up to a gap, and the gap."""
        parts = [np.empty(0, np.float32)]
        for item in self.stream:
            if isinstance(item, Gap):
                return np.concatenate(parts), item
            parts.append(item)
        raise AssertionError("no gap")

    def rest(self):
        """Stop, and take what still comes and how long that lasts."""
        start = time.monotonic()
        self.stop.set()
        items = list(self.stream)
        return items, time.monotonic() - start


@contextmanager
def hearing(device, sample_rate=RATE, **options):
    """Listen, and leave no process behind."""
    heard = Hearing(device, sample_rate, **options)
    try:
        yield heard
    finally:
        heard.stream.close()
    assert not listeners()


def noise(seconds, n_channels=2, sample_rate=RATE):
    """Samples of 16 bits, no stretch of which comes twice."""
    rng = np.random.default_rng(7)
    return rng.integers(-20_000, 20_000, (round(seconds * sample_rate), n_channels), dtype=np.int16)


def scanned(samples, native_rate, sample_rate, folder):
    """What the decoder of files makes of the same samples."""
    soundfile.write(folder / "same.wav", samples, native_rate, subtype="PCM_16")
    return np.concatenate(list(decode.blocks(folder / "same.wav", sample_rate)))


@pytest.mark.parametrize(
    ("native_rate", "n_channels", "sample_rate"),
    [(44100, 2, 44100), (44100, 2, 22050), (48000, 2, 22050), (22050, 1, 22050), (48000, 1, 44100)],
)
def test_a_card_is_heard_as_its_file_is(tmp_path, native_rate, n_channels, sample_rate):
    """PortAudio and ALSA give the very samples that the file decoders give, from the first on."""
    samples = noise(6, n_channels, native_rate)
    with sound_card.playing(samples, native_rate, speed=8), hearing("song", sample_rate) as heard:
        got = heard.samples(5 * sample_rate)
        assert heard.notices == [f"listening to song at {native_rate} Hz"]
    want = scanned(samples, native_rate, sample_rate, tmp_path)[: len(got)]
    assert np.abs(got - want).max() < 1e-6


@pytest.mark.real
def test_real_music_is_heard_as_it_is_decoded(music, tmp_path):
    """A real song comes from the card as from its file."""
    song = min((music / "songs").rglob("*.mp3"), default=None) or next(music.rglob("*.mp3"))
    samples, native_rate = sound_card.decoded(song)
    samples = samples[: 30 * native_rate]
    with sound_card.playing(samples, native_rate, speed=20), hearing("song", 22050) as heard:
        got = heard.samples(25 * 22050)
    assert np.abs(got - scanned(samples, native_rate, 22050, tmp_path)[: len(got)]).max() < 1e-6


def test_a_rate_the_card_does_not_take():
    """It is said, and the card is listened to at its own rate."""
    samples = noise(2)
    with sound_card.playing(samples, RATE, speed=4), hearing(None, device_rate=500) as heard:
        got = heard.samples(RATE)
        assert heard.notices == [
            f"listening to song at {RATE} Hz",
            "song does not take 500 Hz",
        ]
    assert np.abs(got * 32768 - samples[:RATE].mean(axis=1)).max() < 0.01


def test_a_rate_that_was_asked_for_is_taken():
    """The device is opened at that rate, and what comes is brought to the wanted one."""
    with sound_card.playing(noise(2), RATE, speed=1), hearing("song", 22050, device_rate=48000) as heard:
        heard.samples(1000)
        assert heard.notices == ["listening to song at 48000 Hz"]


def test_devices_are_listed_anew_each_time():
    """A card that was put in or pulled out since is there, or is not."""
    with sound_card.playing(noise(0.1), 48000) as card:
        (found,) = [device for device in microphone.devices() if device.name == "song"]
        assert (found.host, found.sample_rate, found.channels >= 2) == ("ALSA", 48000.0, True)
        card.pull_out()
        assert "song" not in [device.name for device in microphone.devices()]
        card.plug_in()
        assert "song" in [device.name for device in microphone.devices()]


def test_too_slow_a_reader_loses_the_oldest_and_hears_how_much(monkeypatch):
    """Samples that are numbered: before, between and after gaps none is missing, and the gaps count exactly."""
    monkeypatch.setattr(
        microphone,
        "_PROGRAM",
        f"from tagger.sources import capture; capture.RING_SECONDS = 0.5; {capture.PROGRAM}",
    )
    numbers = np.arange(60 * RATE)
    samples = np.stack([numbers % 2**15, numbers >> 15], 1).astype(np.int16)
    stop = threading.Event()
    with sound_card.playing(samples, RATE, speed=10):
        listening = microphone._Listening(capture.Request("song", None), stop, lambda notice: None)
        place, lost = 0, []
        for item in listening.items():
            if isinstance(item, Gap):
                assert item.reason == "listening was too slow"
                place += round(item.seconds * RATE)
                lost.append(item.seconds)
                continue
            block = np.round(item[0] * 32768).astype(np.int64)
            assert np.array_equal(block[:, 0] + (block[:, 1] << 15), np.arange(place, place + len(block)))
            place += len(block)
            if len(lost) >= 2 and place > 30 * RATE:
                stop.set()
            elif len(lost) < 2:
                time.sleep(0.5)
    assert min(lost) > 0
    assert not listeners()


@pytest.fixture
def breaking(monkeypatch, tmp_path):
    """Have the next device that is opened break."""

    def install(how):
        program = (
            f"from tests.sources import broken_device; broken_device.install({how!r}, {str(tmp_path / how)!r})"
        )
        monkeypatch.setattr(microphone, "_PROGRAM", f"{program}; {capture.PROGRAM}")

    return install


def broken_blocks(first=0, end=broken_device.N_BLOCKS):
    """What the broken device gives."""
    return np.repeat([broken_device.level(number) for number in range(first, end)], broken_device.BLOCK)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("ends", "song stopped"),
        ("fails", "song fails: no such device"),
        ("stalls", "the sound device does not answer"),
        ("crashes", "PortAudio, the library for sound devices, crashed"),
    ],
)
def test_a_device_that_breaks_is_opened_again(breaking, how, reason):
    """However it breaks: all it gave is heard, what was missed is counted, and then it is heard as before."""
    breaking(how)
    samples = noise(5)
    with sound_card.playing(samples, RATE), hearing("song") as heard:
        start = time.monotonic()
        before, gap = heard.until_gap()
        after = heard.samples(RATE // 2)
        seconds = time.monotonic() - start
        assert heard.notices == [
            f"listening to song at {RATE} Hz",
            f"{reason}; waiting for it to come back",
            "the sound device is back",
        ]
    assert np.allclose(before, broken_blocks()[: len(before)])
    assert len(before) == len(broken_blocks()) or how == "crashes"
    assert gap.reason == "the sound device was away"
    assert 0.2 < gap.seconds < seconds
    assert np.abs(after * 32768 - samples[: len(after)].mean(axis=1)).max() < 0.01


def test_a_device_is_known_by_its_name_when_numbers_have_changed(breaking):
    """What was asked for by number is found again though another card has its number now."""
    breaking("ends")
    samples = noise(3)

    def put_another_in_front(notice):
        if "waiting" in notice:
            other = sound_card.config("other", "/dev/zero", RATE)
            own = card.config.read_text().removeprefix(sound_card.NO_CARD)
            sound_card.replace(card.config, other + own)

    with sound_card.playing(samples, RATE) as card:
        (number,) = [device.number for device in microphone.devices() if device.name == "song"]
        with hearing(number, on_notice=put_another_in_front) as heard:
            heard.until_gap()
            after = heard.samples(RATE // 10)
        assert "song" not in [device.name for device in microphone.devices() if device.number == number]
    assert np.abs(after * 32768 - samples[: len(after)].mean(axis=1)).max() < 0.01


def test_samples_that_the_device_dropped_are_a_gap_of_unknown_length(breaking):
    """PortAudio's overflow flag becomes a gap just before the block that it came with."""
    breaking("overflows")
    middle = broken_device.N_BLOCKS // 2
    with sound_card.playing(noise(1), RATE), hearing("song") as heard:
        before, gap = heard.until_gap()
        assert np.allclose(before, broken_blocks(end=middle))
        assert gap == Gap(0.0, "the sound device dropped samples, unknown how many")
        after = heard.samples(len(broken_blocks(middle)))
        assert np.allclose(after, broken_blocks(middle))


def test_a_device_that_refuses_at_first_is_an_error(breaking):
    """What never worked is not waited for."""
    breaking("refuses")
    with sound_card.playing(noise(1), RATE), hearing("song") as heard:
        with pytest.raises(SourceError, match=r"^song cannot be started: device unavailable$") as caught:
            next(heard.stream)
        assert "another program" in caught.value.hint
        assert heard.notices == []


def test_a_card_that_is_pulled_out_and_put_in_again():
    """Its driver hangs, it is not found, and found again; the gap lasts as long as it was away."""
    samples = noise(20)
    with sound_card.playing(samples, RATE) as card, hearing("song") as heard:
        assert np.abs(heard.samples(RATE) * 32768 - samples[:RATE].mean(axis=1)).max() < 0.01
        card.pull_out()
        start = time.monotonic()
        threading.Timer(2.5, card.plug_in).start()
        _, gap = heard.until_gap()
        assert 2.0 < gap.seconds < time.monotonic() - start + 0.5
        after = np.round(heard.samples(RATE) * 65536)
        assert [notice.partition(";")[0] for notice in heard.notices[1:]] == [
            "the sound device does not answer",
            "the sound device is back",
        ]
    sums = samples.sum(axis=1, dtype=np.int32)
    (place,) = [at for at in np.flatnonzero(sums == after[0]) if np.array_equal(sums[at : at + 50], after[:50])]
    assert np.array_equal(sums[place : place + len(after)], after)


def test_stopping_while_a_device_is_waited_for():
    """It ends at once, and what was missed until then is told."""
    with sound_card.playing(noise(1), RATE) as card, hearing("song") as heard:
        heard.samples(1000)
        card.pull_out()
        items = []
        waits = threading.Thread(target=lambda: items.extend(heard.stream))
        waits.start()
        while len(heard.notices) < 2:
            time.sleep(0.01)
        start = time.monotonic()
        heard.stop.set()
        waits.join(10)
        assert time.monotonic() - start < 2
        assert isinstance(items[-1], Gap)
        assert items[-1].seconds > 0.9


def test_stopping_while_the_driver_hangs_or_sound_comes():
    """It ends at once, without a gap."""
    with sound_card.playing(noise(1), RATE) as card, hearing("song") as heard:
        heard.samples(1000)
        items, seconds = heard.rest()
        assert seconds < 2
        assert not any(isinstance(item, Gap) for item in items)
        with hearing("song") as again:
            again.samples(1000)
            card.is_fed.clear()
            time.sleep(0.3)
            assert again.rest()[1] < 2


def test_what_is_stopped_before_it_begins_starts_nothing():
    """No process, no sample, no notice."""
    heard = Hearing("song")
    assert heard.rest()[0] == []
    assert heard.notices == []
    assert not listeners()


def test_the_listener_ends_with_the_program():
    """Killed without mercy, the program leaves no process behind, be it stuck in a driver."""
    program = (
        "import threading; from tagger.sources import microphone; "
        "stream = microphone.blocks('song', 8000, stop=threading.Event(), on_notice=lambda said: None); "
        "next(stream); from tests.sources import processes; print(*processes.children(), flush=True); "
        "list(stream)"
    )
    with sound_card.playing(noise(1), RATE) as card:
        with subprocess.Popen(children.command(program), stdout=subprocess.PIPE) as parent:
            pid = int(parent.stdout.readline())
            card.is_fed.clear()
            time.sleep(0.3)
            assert is_running(pid)
            parent.kill()
        deadline = time.monotonic() + 5
        while is_running(pid):
            assert time.monotonic() < deadline
            time.sleep(0.01)


def is_running(pid):
    """Whether a process is there and not just waiting to be forgotten."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_names_and_devices_that_are_not_there(tmp_path, monkeypatch):
    """What cannot be opened is one of our errors, with the list or with what to do."""
    with sound_card.playing(noise(0.1), RATE):
        with hearing("gramophone") as heard, pytest.raises(SettingsError, match="'gramophone'") as caught:
            next(heard.stream)
        assert "song, ALSA" in caught.value.hint
    (tmp_path / "none.conf").write_text(sound_card.NO_CARD)
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "none.conf"))
    if microphone.devices():
        pytest.skip("there is a real sound card here")
    with hearing(None) as heard, pytest.raises(SourceError, match="no sound device"):
        next(heard.stream)


def test_no_portaudio(monkeypatch):
    """Where the library is missing, the error names the package."""
    missing = "import ctypes.util; ctypes.util.find_library = lambda name: None"
    monkeypatch.setattr(microphone, "_PROGRAM", f"{missing}; {capture.PROGRAM}")
    with pytest.raises(SourceError, match="PortAudio") as caught:
        microphone.devices()
    assert "libportaudio2" in caught.value.hint


def test_portaudio_that_does_not_start(tmp_path, monkeypatch):
    """What sounddevice raises while it is imported, or a crash of PortAudio, is one of our errors."""
    (tmp_path / "sounddevice.py").write_text("raise RuntimeError('Error initializing PortAudio: no host')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(SourceError, match="PortAudio does not start: Error initializing PortAudio: no host"):
        microphone.devices()
    (tmp_path / "sounddevice.py").write_text(
        "class PortAudioError(Exception): pass\ndef query_hostapis(): return 1 / 0"
    )
    with pytest.raises(SourceError, match="unexpected ZeroDivisionError"):
        microphone.devices()
    (tmp_path / "sounddevice.py").write_text("import os\nos.abort()")
    with pytest.raises(SourceError, match="PortAudio, the library for sound devices, crashed"):
        microphone.devices()


@pytest.mark.parametrize(("sample_rate", "device_rate"), [(0, None), (22050, 0), (-1, 44100)])
def test_rates_out_of_range(sample_rate, device_rate):
    """Rates that nothing has are a mistake of the caller."""
    with (
        hearing(None, sample_rate, device_rate=device_rate) as heard,
        pytest.raises(ValueError, match="no audio"),
    ):
        next(heard.stream)


@settings(max_examples=100, deadline=None)
@given(
    messages=st.lists(
        st.tuples(st.integers(0, 4), st.floats(allow_nan=False), st.binary(max_size=40)), max_size=6
    ),
    places=st.lists(st.integers(0, 400), max_size=8),
)
def test_messages_arrive_however_they_are_cut(messages, places):
    """Any cuts of the bytes give the messages that were sent."""
    sent = io.BytesIO()
    for kind, seconds, content in messages:
        capture._send(sent, kind, content, seconds)
    cuts = [0, *sorted(min(place, sent.tell()) for place in places), sent.tell()]
    inbox = capture.Inbox()
    got = [
        message for first, end in itertools.pairwise(cuts) for message in inbox.take(sent.getvalue()[first:end])
    ]
    assert [(message.kind, message.seconds, message.content) for message in got] == messages
