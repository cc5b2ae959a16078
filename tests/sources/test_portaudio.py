"""Sound devices are found by number and name, and opened at a rate that they take."""

import pytest

from tagger.errors import SettingsError, SourceError
from tagger.sources import portaudio
from tagger.sources.portaudio import Device
from tests import sound_card

BUILT_IN = Device(0, "HDA Intel: ALC283 (hw:0,0)", "ALSA", 2, 44100.0, False)
STICK = Device(3, "USB Stick: Audio (hw:1,0)", "ALSA", 1, 48000.0, False)
PULSE = Device(5, "pulse", "ALSA", 32, 44100.0, True)
PULSE_TOO = Device(7, "pulse monitor", "JACK", 2, 48000.0, False)
ALL = [BUILT_IN, STICK, PULSE, PULSE_TOO]


@pytest.mark.parametrize(
    ("wanted", "device"),
    [
        (None, PULSE),
        (3, STICK),
        ("3", STICK),
        ("usb", STICK),
        ("audio", STICK),
        ("uSB sTICK: audio (HW:1,0)", STICK),
        ("pulse", PULSE),
        ("jack", PULSE_TOO),
        ("monitor, J", PULSE_TOO),
    ],
)
def test_a_device_is_chosen(wanted, device):
    """By its number, by a whole name, by a part of name and host; the default where none is wanted."""
    assert portaudio.choose(ALL, wanted) is device


@pytest.mark.parametrize("wanted", [1, -1, "99", "nothing of the kind", "pulse  "])
def test_unknown_names_are_refused_with_the_list(wanted):
    """What nothing is called is an error, and the hint says what there is."""
    with pytest.raises(SettingsError, match="no sound device is called") as caught:
        portaudio.choose(ALL, wanted)
    assert all(f"{device.number} {device.name}, {device.host}" in caught.value.hint for device in ALL)


def test_ambiguous_names_are_refused_with_those_that_fit():
    """A part of several names is an error, and the hint says which they are."""
    with pytest.raises(SettingsError, match="2 sound devices are called 'hw:'") as caught:
        portaudio.choose(ALL, "hw:")
    assert caught.value.hint == f"choose one: 0 {BUILT_IN.name}, ALSA · 3 {STICK.name}, ALSA"


def test_nothing_to_choose_from():
    """Without devices, or without a default one, the error says what to do."""
    with pytest.raises(SourceError, match="there is no sound device") as caught:
        portaudio.choose([], "usb")
    assert "microphone" in caught.value.hint
    with pytest.raises(SourceError, match="default") as caught:
        portaudio.choose([STICK], None)
    assert STICK.name in caught.value.hint


def test_a_device_is_known_again():
    """It may have another number, and as ALSA's card another end of the name; a twin or another is not it."""
    moved = Device(1, "USB Stick: Audio (hw:2,0)", "ALSA", 1, 48000.0, False)
    assert portaudio.again([BUILT_IN, STICK], STICK.name, "ALSA") is STICK
    assert portaudio.again([BUILT_IN, moved], STICK.name, "ALSA") is moved
    assert portaudio.again([moved, STICK], STICK.name, "ALSA") is STICK
    twin = Device(2, "USB Stick: Audio (hw:4,0)", "ALSA", 1, 48000.0, False)
    for there in ([], [BUILT_IN, PULSE], [moved, twin]):
        with pytest.raises(SourceError, match="USB Stick"):
            portaudio.again(there, STICK.name, "ALSA")
    with pytest.raises(SourceError):
        portaudio.again([STICK], STICK.name, "JACK")


@pytest.fixture
def takes(monkeypatch):
    """Have devices take only some rates and channels, and other errors; gives the list of what was tried."""
    sound_card.need()
    import sounddevice

    def only(rates=(), channels=(1, 2), error=None):
        tried = []

        def open_stream(library, number, sample_rate, n_channels, hear):
            tried.append((sample_rate, n_channels))
            if error is not None:
                raise sounddevice.PortAudioError(*error)
            if n_channels not in channels:
                raise sounddevice.PortAudioError("Error opening InputStream: Invalid number of channels", -9998)
            if sample_rate not in rates:
                raise sounddevice.PortAudioError("Error opening InputStream: Invalid sample rate", -9997)
            return number, sample_rate, n_channels

        monkeypatch.setattr(portaudio, "open_stream", open_stream)
        return tried

    return only


def test_the_devices_own_rate_comes_first(takes):
    """Without a wish a device is opened at its own rate, with two channels if it has them."""
    tried = takes(rates=[44100, 48000])
    assert portaudio.open_input(BUILT_IN, None, print) == (0, 44100, 2)
    assert portaudio.open_input(STICK, None, print) == (3, 48000, 1)
    assert portaudio.open_input(PULSE, 48000, print) == (5, 48000, 2)
    assert len(tried) == 3


def test_where_a_rate_is_refused_another_is_taken(takes):
    """First its own, then common ones; where two channels are refused, one."""
    takes(rates=[44100, 16000])
    assert portaudio.open_input(BUILT_IN, 22050, print) == (0, 44100, 2)
    assert portaudio.open_input(STICK, None, print) == (3, 44100, 1)
    takes(rates=[16000], channels=[1])
    assert portaudio.open_input(BUILT_IN, 22050, print) == (0, 16000, 1)


def test_a_device_that_takes_nothing_is_an_error(takes):
    """All rates refused, or the device itself: one sentence without codes, and a hint if one helps."""
    tried = takes()
    with pytest.raises(
        SourceError, match=r"^USB Stick: Audio \(hw:1,0\) cannot be opened: invalid sample rate$"
    ):
        portaudio.open_input(STICK, 22050, print)
    assert len(tried) == len(set(tried)) > 3
    tried = takes(error=("Error opening InputStream: Device unavailable", -9985))
    with pytest.raises(SourceError, match="pulse cannot be opened: device unavailable") as caught:
        portaudio.open_input(PULSE, None, print)
    assert "another program" in caught.value.hint
    assert len(tried) == 1
    takes(error=("Error opening InputStream: Unanticipated host error", -9999, (0, -19, "No such device")))
    with pytest.raises(SourceError, match="pulse cannot be opened: no such device"):
        portaudio.open_input(PULSE, None, print)
    takes(error=())
    with pytest.raises(SourceError, match="no reason given"):
        portaudio.open_input(PULSE, None, print)
