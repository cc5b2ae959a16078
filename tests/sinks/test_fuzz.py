"""Ten thousand damaged files: no run ends, none hangs, and no file changes that was not decoded."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sinks import containers

N_FILES = 10_000
PATIENCE_SECONDS = 5.0
UNHEARD = {"failed", "skipped"}


def damaged(files: list[bytes], chance: random.Random) -> bytes:
    """One of several files, with one to four things done to it."""
    data = bytearray(chance.choice(files))
    for _ in range(chance.randint(1, 4)):
        place, n = chance.randrange(len(data) + 1), chance.choice([1, 2, 4, 16, 200, 5000])
        if chance.random() < 0.5:
            place = chance.randrange(min(600, len(data) + 1))  # where headers are
        match chance.randrange(7):
            case 0:
                del data[place:]
            case 1:
                data[place : place + n] = chance.randbytes(n)
            case 2:
                data[place : place + 1] = bytes([chance.choice([0, 1, 0x7F, 0x80, 0xFF])])
            case 3:
                data[place:place] = data[place : place + n]
            case 4:
                del data[place : place + n]
            case 5:
                data[: max(n, 16)] = chance.choice(files)[: max(n, 16)]
            case _:
                data[place : place + n] = bytes(len(data[place : place + n]))
    return bytes(data)


def watched(command: list[str]) -> tuple[list[dict[str, object]], float, str]:
    """Run a scan: its results, the longest time that one was waited for, and what it said besides."""
    longest, last, lines = 0.0, None, []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        os.set_blocking(process.stderr.fileno(), False)
        said = b""
        for line in process.stdout:
            now = time.monotonic()
            longest, last = max(longest, now - last if last else 0.0), now
            lines.append(json.loads(line))
            said += process.stderr.read() or b""
        os.set_blocking(process.stderr.fileno(), True)
        said += process.stderr.read()
    return lines, longest, said.decode(errors="replace")


@pytest.mark.slow
def test_ten_thousand_damaged_files(sample: Callable[[str], Path], tmp_path: Path) -> None:
    """Every file gets its result in time; what was not heard has not changed, and undo gives back the rest."""
    chance = random.Random(20261121)
    files = [sample(case).read_bytes() for case in containers.CASES]
    folder = tmp_path / "music"
    folder.mkdir()
    for number in range(N_FILES):
        (folder / f"{number:05}.mp3").write_bytes(damaged(files, chance))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    tagger = [sys.executable, "-m", "tagger"]
    scan = [
        "scan",
        str(folder),
        "--write-tags",
        "--min-confidence",
        "0",
        "--policy",
        "replace",
        "--no-cache",
        "--json",
        "-j",
        "1",
    ]
    rows, longest, said = watched([*tagger, *scan])
    assert "Traceback" not in said
    assert len(rows) == N_FILES
    assert longest < PATIENCE_SECONDS
    written = {Path(str(row["path"])).name for row in rows if row["written"]}
    assert len(written) > N_FILES // 10
    for row in rows:
        name = Path(str(row["path"])).name
        content = (folder / name).read_bytes()
        assert row["reason"] or row["status"] == "named", row
        assert "unexpected" not in str(row["reason"]), row
        if name in written:
            assert row["status"] not in UNHEARD
        else:
            assert content == before[name], row
    assert sorted(path.name for path in folder.iterdir()) == sorted(before)
    undone = subprocess.run([*tagger, "undo", "--last", "-q"], capture_output=True, text=True)
    assert undone.returncode == 0, undone.stdout[-2000:]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
