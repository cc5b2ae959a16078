"""Versions of all that what a run reaches may depend on."""

from __future__ import annotations

import contextlib
import importlib.metadata
import platform

from tagger import __version__

_PACKAGES = (
    "keras",
    "tensorflow",
    "jax",
    "torch",
    "scikit-learn",
    "xgboost",
    "numpy",
    "librosa",
    "onnxruntime",
)


def installed() -> dict[str, str]:
    """Versions of Python, tagger and the libraries, by name; what is not installed is left out."""
    found = {"python": platform.python_version(), "tagger": __version__}
    for package in _PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found
