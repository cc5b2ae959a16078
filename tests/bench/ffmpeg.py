"""What ffmpeg does for the benchmark."""

from __future__ import annotations

import csv
import re
import subprocess
from pathlib import Path


def lengths(music: Path) -> dict[str, float]:
    """Seconds of each file of a folder of music, by its path inside the folder."""
    manifest = music / "manifest.csv"
    if manifest.is_file():
        with manifest.open(encoding="utf-8", newline="") as lines:
            return {row["file"]: float(row["seconds"]) for row in csv.DictReader(lines)}
    files = (path for path in music.rglob("*") if path.is_file() and path.stem != "silence")
    found = {str(path.relative_to(music)): _seconds(path) for path in files}
    return {name: seconds for name, seconds in found.items() if seconds}


def _seconds(path: Path) -> float:
    """Length of a sound file; 0 of any other."""
    asked = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(path)]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    return float(answer) if re.fullmatch(r"[\d.]+\n", answer) else 0.0


def made(file: Path, *arguments: str | Path) -> Path:
    """Make a file if it is not there, whole or not at all."""
    if not file.exists():
        half = file.with_stem(f"half-{file.stem}")
        run(*arguments, "-map_metadata", "-1", "-vn", half)
        half.rename(file)
    return file


def run(*arguments: str | Path) -> None:
    """Let ffmpeg do something, without asking."""
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True, stdin=subprocess.DEVNULL)
