"""Hears the genre of music and writes it into the files' own metadata. Start reading at `tagger.pipeline`."""

import os

__version__ = "0.1.0"

# ONNX Runtime reports to its maker since 1.29, from when it is imported, unless it is told not to before.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
