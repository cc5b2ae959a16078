"""Nothing is told to anybody."""

import os
import subprocess
import sys
from pathlib import Path

MUSIC = Path(__file__).resolve().parents[1] / "examples" / "music"


def test_onnx_runtime_reports_to_nobody(tmp_path: Path) -> None:
    """Its telemetry, which keeps a file in the temporary folder, does not begin, whatever the shell says."""
    environ = os.environ | {"TMPDIR": str(tmp_path), "ORT_DISABLE_TELEMETRY": "0"}
    command = [
        sys.executable,
        "-m",
        "tagger",
        "scan",
        str(MUSIC / "disco.wav"),
        "--runtime",
        "onnx",
        "--no-cache",
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environ, timeout=60)
    assert "Disco" in run.stdout
    assert list(tmp_path.iterdir()) == []
