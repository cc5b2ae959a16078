"""How soon: commands that hear nothing, and the first verdict of a process."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

from tests.bench import alone, ours
from tests.bench.material import Material

_COMMANDS = {"version": ["--version"], "help": ["--help"]}


def measure(material: Material) -> dict[str, Any]:
    """Seconds of light commands and of one MP3, each as a process of its own."""
    song = material.songs_in("mp3")[0]
    commands = _COMMANDS | {"one_mp3": ["scan", song, "--no-cache", "--runtime=onnx", "--quiet"]}
    for command in commands.values():  # what Python compiles, and the system reads, only once
        alone.tagger(*command)
    seconds = {
        name: statistics.median(alone.tagger(*command).seconds for _ in range(material.extent.rounds))
        for name, command in commands.items()
    }
    return {"seconds": seconds, "loads_tensorflow": alone.call(ours.loads_tensorflow, path=song).value}


def table(found: Mapping[str, Any]) -> list[list[str]]:
    """Rows: a command and its seconds."""
    names = {"version": "tagger --version", "help": "tagger --help", "one_mp3": "tagger scan SONG.mp3"}
    return [
        ["command", "seconds"],
        *([names[name], f"{value:.2f}"] for name, value in found["seconds"].items()),
    ]
