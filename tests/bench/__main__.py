"""The command: measures what is asked for, prints it as tables and writes it as JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.bench import figure, jobs, library, live, machine, memory, speed, startup, steps, targets, training
from tests.bench.extent import FULL, QUICK
from tests.bench.material import Material

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".cache" / "bench"
FIGURE = ROOT / "tests" / "bench" / "profile.svg"

PARTS: dict[str, ModuleType] = {
    "startup": startup,
    "speed": speed,
    "jobs": jobs,
    "memory": memory,
    "library": library,
    "live": live,
    "profile": steps,
    "training": training,
}
"""Each has `measure`, which gives what can be JSON, and `table`, which makes rows of it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(unknown)}")
    material = Material(FOLDER, asked.music or music_folder(), QUICK if asked.quick else FULL)
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    for found in run(material, asked.parts or PARTS):
        asked.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    if "profile" in found and not asked.quick and not figure.draw(found["profile"], FIGURE):
        print("Matplotlib is not installed: the figure was not renewed", file=sys.stderr)


def run(material: Material, parts: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Measure parts, print each as it is done, and judge them together; gives what is known, after each."""
    found: dict[str, Any] = {"machine": machine.facts(), "others_share": {}}
    print("; ".join(f"{name} {value}" for name, value in found["machine"].items()))
    for part in parts:
        print(f"measuring {part}", file=sys.stderr)
        before = machine.Watch.now()
        found[part] = PARTS[part].measure(material)
        found["others_share"][part] = before.share_of_others(machine.Watch.now(), os.cpu_count() or 1)
        print(f"\n{aligned(PARTS[part].table(found[part]))}")
        print(f"(meanwhile other programs took {found['others_share'][part]:.0%} of the machine)", flush=True)
        yield found
    found["targets"] = targets.judge(found)
    print(f"\n{aligned(targets.table(found['targets']))}")
    yield found


def music_folder() -> Path:
    """The labelled real music, as the tests find it; without it, the example library."""
    beside = ROOT.parent / "shared" / "music"
    folder = Path(os.environ.get("TAGGER_TEST_MUSIC", beside))
    return folder if (folder / "manifest.csv").is_file() else ROOT / "examples" / "music"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows as text in columns: the first to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [first.ljust(widths[0]), *map(str.rjust, others, widths[1:])]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure tagger beside others.")
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"what to measure: {', '.join(PARTS)}; else all"
    )
    parser.add_argument("--quick", action="store_true", help="fewer and shorter: to try it, not to quote it")
    parser.add_argument("--json", type=Path, default=FOLDER / "bench.json", help="where the figures go")
    parser.add_argument("--music", type=Path, help="a folder of music to make the files from")
    return parser


if __name__ == "__main__":
    main()
