"""What `tagger listen` is to listen to, as the user said it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.errors import SettingsError

if TYPE_CHECKING:  # sources take their time to import, and wrong options need none
    from tagger.sources.live import Source

_RATES = (1_000, 768_000)


@dataclass(frozen=True)
class Request:
    """The arguments that say what to listen to; None and False where they were not given.

    Attributes:
        source: A file, an address, "-" for stdin; None for a sound device.
        device: Name or number of the sound device.
        device_rate: Rate to ask it for, in Hz.
        raw: What bare samples on stdin are.
        realtime: Whether a file or stdin is heard at playing speed.
        patience_seconds: How long an address is tried again after it broke off.
        duration_seconds: How much is heard.
    """

    source: str | None = None
    device: str | None = None
    device_rate: int | None = None
    raw: str | None = None
    realtime: bool = False
    patience_seconds: float | None = None
    duration_seconds: float | None = None

    @property
    def limit_seconds(self) -> float:
        """How much is heard at most."""
        return math.inf if self.duration_seconds is None else self.duration_seconds

    def check(self) -> None:
        """Raise `SettingsError` for values out of range, and for those that another makes useless."""
        from tagger.sources import web

        is_url = self.source is not None and web.is_address(self.source)
        uses = (
            ("--device", self.device is not None, self.source is None, "a sound device"),
            ("--sample-rate", self.device_rate is not None, self.source is None, "a sound device"),
            ("--raw", self.raw is not None, self.source == "-", "stdin"),
            ("--patience", self.patience_seconds is not None, is_url, "an address"),
            ("--realtime", self.realtime, self.source is not None and not is_url, "a file or stdin"),
        )
        for option, is_given, is_of_use, what in uses:
            if is_given and not is_of_use:
                raise SettingsError(f"{option} is for {what}", hint=f"leave {option} out, or listen to {what}")
        if self.duration_seconds is not None and not 0 < self.duration_seconds < math.inf:
            raise SettingsError(
                f"--duration must be more than 0 seconds; received {self.duration_seconds:g}",
                hint="leave it out to listen to the end",
            )
        if self.patience_seconds is not None and not 0 <= self.patience_seconds < math.inf:
            raise SettingsError(f"--patience must be 0 seconds or more; received {self.patience_seconds:g}")
        if self.device_rate is not None and not _RATES[0] <= self.device_rate <= _RATES[1]:
            raise SettingsError(
                f"--sample-rate must be {_RATES[0]} to {_RATES[1]} Hz; received {self.device_rate}",
                hint="leave it out for the device's own",
            )

    def opened(self, sample_rate: int, stop: threading.Event, on_notice: Callable[[str], None]) -> Source:
        """The source; nothing is opened before its first block is asked for.

        Args:
            sample_rate: Wanted rate, in Hz.
            stop: Ends the source when it is set.
            on_notice: Told, in a sentence, what the user should know of it.

        Raises:
            SettingsError: There is no source of that kind.
        """
        from tagger.sources import flow, radio, stream

        if self.source is None:
            return stream.DeviceSource(self.device, sample_rate, stop, self.device_rate, on_notice)
        patience = radio.PATIENCE_SECONDS if self.patience_seconds is None else self.patience_seconds
        return stream.source(
            self.source,
            sample_rate,
            stop,
            raw=None if self.raw is None else flow.Raw.parse(self.raw),
            is_paced=self.realtime,
            patience_seconds=patience,
            on_notice=on_notice,
        )
