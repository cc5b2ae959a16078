"""Sound devices by PortAudio: which there are, and how one is opened; the only importer of sounddevice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tagger.errors import SettingsError, SourceError

LATENCY_SECONDS = 0.1
"""How much a device may hold before it must drop samples; it is read four times in that time."""

_COMMON_RATES = (48_000, 44_100, 96_000, 32_000, 16_000, 8_000)
_INVALID_RATE, _INVALID_CHANNELS, _UNAVAILABLE = -9997, -9998, -9985  # PaErrorCode
_HARDWARE = re.compile(r" \(hw:\d+,\d+\)$")  # which ALSA gives to a card anew each time it is plugged in


@dataclass(frozen=True, slots=True)
class Device:
    """A sound device that can be listened to.

    Attributes:
        number: PortAudio's, which changes when devices come and go.
        name: PortAudio's name for it.
        host: The system of the machine that offers it, such as "ALSA".
        channels: Most channels it records.
        sample_rate: Rate in Hz that it uses unless asked otherwise.
        is_default: Whether the system takes it where none is named.
    """

    number: int
    name: str
    host: str
    channels: int
    sample_rate: float
    is_default: bool


def devices() -> list[Device]:
    """List what could be listened to when this process first asked: PortAudio looks for devices only then.

    Raises:
        SourceError: If PortAudio is not installed or does not start.
    """
    with _plain_errors("PortAudio cannot list the sound devices") as sounddevice:
        hosts = sounddevice.query_hostapis()
        default = _default_number(sounddevice)
        return [
            Device(
                found["index"],
                found["name"],
                hosts[found["hostapi"]]["name"],
                found["max_input_channels"],
                found["default_samplerate"],
                found["index"] == default,
            )
            for found in sounddevice.query_devices()
            if found["max_input_channels"] > 0
        ]


def _default_number(sounddevice: Any) -> int | None:
    try:
        number: int = sounddevice.query_devices(kind="input")["index"]
    except sounddevice.PortAudioError:
        return None
    return number


def choose(found: Sequence[Device], wanted: str | int | None) -> Device:
    """Pick a device.

    Args:
        found: Those there are.
        wanted: A number, in digits too; a name or a part of "name, host", in any case; None for the default.

    Raises:
        SettingsError: If nothing has that number or name, or several have.
        SourceError: If there is no device at all, or none is the default.
    """
    if not found:
        raise SourceError(
            "there is no sound device to listen to",
            hint="plug a microphone in (a container needs --device /dev/snd), or listen to a file or a stream",
        )
    if wanted is None:
        fitting = [device for device in found if device.is_default]
        if not fitting:
            raise SourceError("no sound device is the default", hint=f"choose one: {_listed(found)}")
        return fitting[0]
    if isinstance(wanted, int) or wanted.isdecimal():
        fitting = [device for device in found if device.number == int(wanted)]
    else:
        part = wanted.casefold()
        fitting = [device for device in found if device.name.casefold() == part] or [
            device for device in found if part in f"{device.name}, {device.host}".casefold()
        ]
    if len(fitting) != 1:
        problem = f"{len(fitting)} sound devices are" if fitting else "no sound device is"
        raise SettingsError(f"{problem} called {wanted!r}", hint=f"choose one: {_listed(fitting or found)}")
    return fitting[0]


def again(found: Sequence[Device], name: str, host: str) -> Device:
    """Pick a device that was there before; its number, and with it the end of an ALSA name, may have changed.

    Raises:
        SourceError: If it is not there, or cannot be told from others.
    """
    there = [device for device in found if device.host == host]
    fitting = [device for device in there if device.name == name] or [
        device for device in there if _HARDWARE.sub("", device.name) == _HARDWARE.sub("", name)
    ]
    if len(fitting) != 1:
        raise SourceError(f"{name} is not there")
    return fitting[0]


def _listed(found: Sequence[Device]) -> str:
    return " · ".join(f"{device.number} {device.name}, {device.host}" for device in found)


def open_input(device: Device, sample_rate: int | None, callback: Callable[..., None]) -> Any:
    """Open a device, without starting it, for two channels if it has them, of float32.

    Args:
        device: One of those listed last.
        sample_rate: Rate in Hz to ask for first; what the device uses by itself comes next, then common ones.
        callback: Called in PortAudio's thread, as sounddevice describes it.

    Returns:
        A `sounddevice.InputStream`, with the rate and the channels that PortAudio took.

    Raises:
        SourceError: If PortAudio refuses all rates or the device.
    """
    rates = dict.fromkeys([sample_rate or device.sample_rate, device.sample_rate, *_COMMON_RATES])
    attempts = [(rate, n_channels) for rate in rates for n_channels in (2, 1) if n_channels <= device.channels]
    with _plain_errors(f"{device.name} cannot be opened") as sounddevice:
        for number, (rate, n_channels) in enumerate(attempts, start=1):
            try:
                return open_stream(sounddevice, device.number, rate, n_channels, callback)
            except sounddevice.PortAudioError as exc:
                may_differ = _code(exc) in {_INVALID_RATE, _INVALID_CHANNELS}
                if not may_differ or number == len(attempts):
                    raise
    raise SourceError(f"{device.name} has no channels to listen to")


def open_stream(
    sounddevice: Any, number: int, sample_rate: float, n_channels: int, callback: Callable[..., None]
) -> Any:
    """Open a device at one rate; the one place where a device is touched. Raises what sounddevice raises."""
    return sounddevice.InputStream(
        device=number,
        samplerate=sample_rate,
        channels=n_channels,
        dtype="float32",
        latency=LATENCY_SECONDS,
        callback=callback,
    )


def start(stream: Any, name: str) -> None:
    """Let samples come.

    Raises:
        SourceError: If the device refuses.
    """
    with _plain_errors(f"{name} cannot be started"):
        stream.start()


def is_active(stream: Any, name: str) -> bool:
    """Return whether more samples may come.

    Raises:
        SourceError: If PortAudio cannot tell.
    """
    with _plain_errors(f"{name} fails"):
        return bool(stream.active)


@contextmanager
def _plain_errors(problem: str) -> Iterator[Any]:
    """Lend sounddevice, and turn what goes wrong with it into our error."""
    try:
        import sounddevice
    except OSError as exc:
        raise SourceError(
            "PortAudio, the library for sound devices, is not installed",
            hint="install libportaudio2 (Debian, Ubuntu) or portaudio (Fedora, Homebrew)",
        ) from exc
    except Exception as exc:  # of a class that cannot be had, since what defines it was not imported
        raise SourceError(f"PortAudio does not start: {exc}") from exc
    try:
        yield sounddevice
    except sounddevice.PortAudioError as exc:
        hint = "another program may be using it" if _code(exc) == _UNAVAILABLE else ""
        raise SourceError(f"{problem}: {_words(exc)}", hint=hint) from exc


def _code(exc: Exception) -> Any:
    return exc.args[1] if len(exc.args) > 1 else None


def _words(exc: Exception) -> str:
    """Return what the host says if it says anything, else what PortAudio says, without what it was doing."""
    words = exc.args[2][2] if len(exc.args) > 2 else ""
    words = words or str(exc.args[0] if exc.args else "no reason given").rpartition(": ")[2]
    return words[:1].lower() + words[1:]
