"""Settings, resolved once: defaults ← config file ← environment ← options.

The same word names a setting everywhere: option `--batch-size`, key `batch_size` in `config.toml`, variable
`TAGGER_BATCH_SIZE`.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from tagger import paths
from tagger.errors import SettingsError

RUNTIMES = ("auto", "keras", "onnx")
EFFORTS = ("fast", "auto", "full")
VOTES = ("soft", "weighted", "majority", "median")
ALBUMS = ("off", "suggest", "vote")
POLICIES = ("only-missing", "only-generic", "replace", "append", "prepend")
PROFILES = ("default", "navidrome", "plex", "itunes", "serato", "rekordbox", "car")
HARDLINKS = ("skip", "break", "write")

_CHOICES = {
    "runtime": RUNTIMES,
    "effort": EFFORTS,
    "vote": VOTES,
    "album": ALBUMS,
    "policy": POLICIES,
    "profile": PROFILES,
    "hardlinks": HARDLINKS,
}
_PREFIX = "TAGGER_"
_NOT_SETTINGS = {"TAGGER_HOME", "TAGGER_CONFIG", "TAGGER_TEST_MUSIC"}


@dataclass(frozen=True)
class Settings:
    """Everything a user can set for good.

    Attributes:
        model: Name of a model, or path of a model folder.
        runtime: What computes the network: one of `RUNTIMES`.
        jobs: Number of files decoded side by side; 0 means one for each core.
        batch_size: Number of windows the network takes at a time.
        window: Length of a window, in seconds; None takes the model's.
        hop: Distance of windows, in seconds; None takes the model's.
        hold: How long a window counts in what `listen` shows: its weight falls to 1/e in so many seconds.
        vote: How windows are combined: one of `VOTES`.
        effort: How much of a track is heard: one of `EFFORTS`.
        album: What the tracks of an album say of each other: one of `ALBUMS`.
        top_k: Number of genres shown for a track.
        min_confidence: Below it a verdict is "don't know", 0 to 1; None names always, and writes only from the
            model's own thresholds on.
        max_error: Promised share of wrong verdicts among those named, above 0 and below 1; None for no promise.
        policy: Which files get a genre, and what becomes of those there: one of `POLICIES`.
        multi: Most genres to write into a file; None is one, or all that `ratio` lets through.
        ratio: Least probability of further genres, as a share of the strongest's, 0 to 1; None is a half where
            `multi` is given.
        field: The field to write: "genre", "style", "grouping" or "TXXX:NAME".
        confidence_field: A further field for the confidence; None writes none.
        runners_up_field: A further field for the genres that were not written, with their probabilities.
        profile: The player to write for: one of `PROFILES`.
        separator: What joins several genres where only one value is possible; None takes the profile's.
        hardlinks: What to do about files with several names: one of `HARDLINKS`.
        genres: File of the genres that may be written; None allows all.
        tree: File of finer genres below broader ones.
        map: File of what our genres are called.
    """

    model: str = "default"
    runtime: str = "auto"
    jobs: int = 0
    batch_size: int = 64
    window: float | None = None
    hop: float | None = None
    hold: float = 20.0
    vote: str = "soft"
    effort: str = "auto"
    album: str = "off"
    top_k: int = 3
    min_confidence: float | None = None
    max_error: float | None = None
    policy: str = "only-missing"
    multi: int | None = None
    ratio: float | None = None
    field: str = "genre"
    confidence_field: str | None = None
    runners_up_field: str | None = None
    profile: str = "default"
    separator: str | None = None
    hardlinks: str = "skip"
    genres: str | None = None
    tree: str | None = None
    map: str | None = None


@dataclass(frozen=True)
class Resolved:
    """Settings, and for each where its value came from."""

    settings: Settings
    origins: Mapping[str, str]


def names() -> tuple[str, ...]:
    """The names of all settings."""
    return tuple(field.name for field in dataclasses.fields(Settings))


def resolve(
    options: Mapping[str, Any], *, config: Path | None = None, environ: Mapping[str, str] = os.environ
) -> Resolved:
    """Resolve all settings.

    Args:
        options: Values given on the command line; None means not given.
        config: The config file; None takes `TAGGER_CONFIG`, or `config.toml` in the user's folder if it exists.
        environ: The environment.

    Raises:
        SettingsError: A name is unknown, a value makes no sense, or the config file cannot be read.
    """
    values: dict[str, Any] = {}
    origins = dict.fromkeys(names(), "default")
    for name, raw, origin in (
        *_from_file(config, environ),
        *_from_environment(environ),
        *((name, value, f"--{name.replace('_', '-')}") for name, value in options.items() if value is not None),
    ):
        _check_name(name, origin)
        values[name] = _parse(name, raw, origin)
        origins[name] = origin
    settings = Settings(**values)
    if settings.window and settings.hop and settings.hop > settings.window:
        raise SettingsError(
            f"hop: {settings.hop:g} s is longer than the window of {settings.window:g} s, music would be lost",
            hint="give a hop of at most the window's length",
        )
    return Resolved(settings, origins)


def home_folder(kind: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Folder of the user's own files: "config", "data" or "cache"; all inside `TAGGER_HOME` if that is set."""
    if home := environ.get("TAGGER_HOME"):
        return paths.expanded(home) / ("" if kind == "config" else kind)
    folders = {
        "config": platformdirs.user_config_path,
        "data": platformdirs.user_data_path,
        "cache": platformdirs.user_cache_path,
    }
    return folders[kind]("tagger", appauthor=False)


def _from_file(config: Path | None, environ: Mapping[str, str]) -> list[tuple[str, Any, str]]:
    asked = config or (Path(environ["TAGGER_CONFIG"]) if environ.get("TAGGER_CONFIG") else None)
    path = paths.expanded(asked or home_folder("config", environ) / "config.toml")
    try:
        if asked is None and not path.exists():
            return []
        content = tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError as error:
        raise SettingsError(
            f"{path}: no such config file", hint="check the path; --config or TAGGER_CONFIG gives it"
        ) from error
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read: {error.strerror}", hint="it must be a file that you may read"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path}: not valid TOML: {error}", hint='write lines such as `top_k = 5` or `policy = "replace"`'
        ) from error
    return [(name, value, str(path)) for name, value in content.items()]


def _from_environment(environ: Mapping[str, str]) -> list[tuple[str, Any, str]]:
    variables = sorted(name for name in environ if name.startswith(_PREFIX) and name not in _NOT_SETTINGS)
    return [(name.removeprefix(_PREFIX).lower(), environ[name], name) for name in variables]


def _check_name(name: str, origin: str) -> None:
    if name in names():
        return
    close = difflib.get_close_matches(name, names(), 1)
    known = f"did you mean `{close[0]}`?" if close else f"settings are {', '.join(names())}"
    raise SettingsError(f"{origin}: there is no setting `{name}`", hint=known)


def _parse(name: str, raw: Any, origin: str) -> Any:
    parser, expectation = _PARSERS[name]
    try:
        if isinstance(raw, bool):
            raise ValueError("true and false are no value of any setting")
        return parser(raw)
    except (TypeError, ValueError) as error:
        raise SettingsError(
            f"{origin}: {name} must be {expectation}; received {raw!r}", hint=_instead(name, raw, origin)
        ) from error


def _instead(name: str, raw: Any, origin: str) -> str:
    """What to do about a value that makes no sense."""
    close = difflib.get_close_matches(str(raw), _CHOICES.get(name, ()), 1)
    if close:
        return f"did you mean `{close[0]}`?"
    default = getattr(Settings, name)
    usual = "" if default is None else f": it is {default} then"
    return f"leave {origin if origin.startswith('--') else name} out if the usual one will do{usual}"


def _text(raw: Any) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError("not a text")
    if "\0" in raw:  # a configuration file can spell it, and no path can hold it
        raise ValueError("no text of characters that can be seen")
    return raw


def _one_of(choices: tuple[str, ...]) -> tuple[Callable[[Any], str], str]:
    def parse(raw: Any) -> str:
        if raw not in choices:
            raise ValueError("not a choice")
        return raw

    return parse, f"one of {', '.join(choices)}"


def _whole(low: int, high: int) -> tuple[Callable[[Any], int], str]:
    def parse(raw: Any) -> int:
        if isinstance(raw, float) and not raw.is_integer():
            raise ValueError("not a whole number")
        value = int(raw)
        if not low <= value <= high:
            raise ValueError("out of range")
        return value

    return parse, f"a whole number from {low} to {high}"


def _number(low: float, high: float, unit: str = "") -> tuple[Callable[[Any], float], str]:
    def parse(raw: Any) -> float:
        value = float(raw)
        if not low <= value <= high:
            raise ValueError("out of range")
        return value

    return parse, f"a number from {low:g} to {high:g}{unit}"


def _share(raw: Any) -> float:
    is_percent = isinstance(raw, str) and raw.rstrip().endswith("%")
    value = float(raw.rstrip()[:-1]) / 100 if is_percent else float(raw)
    if not 0 < value < 1:
        raise ValueError("out of range")
    return value


_PARSERS: dict[str, tuple[Callable[[Any], Any], str]] = {
    **{name: _one_of(choices) for name, choices in _CHOICES.items()},
    "model": (_text, "the name of a model, or the path of a model folder"),
    "jobs": _whole(0, 1024),
    "batch_size": _whole(1, 4096),
    "window": _number(0.1, 600, " seconds"),
    "hop": _number(0.01, 600, " seconds"),
    "hold": _number(0.1, 3600, " seconds"),
    "top_k": _whole(1, 1000),
    "min_confidence": _number(0, 1),
    "max_error": (_share, "a share above 0 and below 1, such as 5% or 0.05"),
    "multi": _whole(1, 100),
    "ratio": _number(0, 1),
    "field": (_text, "genre, style, grouping or TXXX:NAME"),
    "confidence_field": (_text, "a field such as TXXX:NAME"),
    "runners_up_field": (_text, "a field such as TXXX:NAME"),
    "separator": (_text, "a text to stand between genres"),
    "genres": (_text, "the path of a list of genres"),
    "tree": (_text, "the path of a tree of genres"),
    "map": (_text, "the path of a map of genres"),
}
