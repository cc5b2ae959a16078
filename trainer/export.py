"""Weights, labels, parameters and scores → the model folder: whole or not at all, loaded back and checked."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tagger.errors import ModelError, OutputError
from tagger.inference import artefact as artefacts
from tagger.inference import card as cards
from tagger.inference import runtime
from tagger.inference.artefact import Artefact
from tagger.inference.card import Card
from tagger.inference.frontend import Array
from trainer import readme
from trainer.network import fitting

TOLERANCE = 1e-4

_N_RANDOM = 8


def check_free(out: Path) -> None:
    """Make sure that a model folder may be written here.

    Raises:
        OutputError: Something else than a model folder, or than an empty folder, is there.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    try:
        cards.loads((out / artefacts.CARD).read_text("utf-8"), str(out))
    except (OSError, UnicodeDecodeError, ModelError) as error:
        raise OutputError(
            f"{out}: exists, and is not a model folder", hint="name another folder with --out"
        ) from error


@contextlib.contextmanager
def staging(out: Path) -> Iterator[Path]:
    """A new folder beside `out` that takes its place once the body has ended well, and vanishes otherwise.

    Raises:
        OutputError: The folder cannot be written, or `out` holds something else.
    """
    check_free(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise OutputError(f"{out}: cannot be written: {error.strerror}") from error
    try:
        fresh, old = place / "new", place / "old"
        fresh.mkdir()
        yield fresh
        check_free(out)
        _swap(fresh, out, old)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def write(model: Any, card: Card, folder: Path, real: Array) -> Artefact:
    """Write a network and its card, load them back, and check that both runtimes give the same logits.

    Args:
        model: The trained network.
        card: Its card; checksums are added.
        folder: Where to.
        real: Windows of real music, shape (n_windows, n_frames, n_mels).

    Raises:
        OutputError: The folder that was written is not the network that was trained.
    """
    fitting.save(model, folder / artefacts.KERAS)
    fitting.export_onnx(model, folder / artefacts.ONNX)
    names = (artefacts.KERAS, artefacts.ONNX)
    checksums = {name: artefacts.checksum(folder / name) for name in names}
    artefact = rewrite_card(dataclasses.replace(card, checksums=checksums), folder)
    for windows in (real, *_random(card)):
        expected = fitting.logits(model, windows)
        for name in runtime.RUNTIMES:
            gap = float(np.abs(runtime.load(artefact, name).logits(windows) - expected).max())
            if not gap <= TOLERANCE:
                raise OutputError(f"the network read back by {name} differs by {gap:.2g} from the trained one")
    return artefact


def rewrite_card(card: Card, folder: Path) -> Artefact:
    """Write the card, for programs and for people, and load the folder back."""
    (folder / artefacts.CARD).write_text(cards.dumps(card), "utf-8")
    (folder / artefacts.README).write_text(readme.text(card), "utf-8")
    return artefacts.load(folder)


def _random(card: Card) -> Iterator[Array]:
    """Random windows, of the model's length and, if it takes that, of another."""
    rng = np.random.default_rng(0)
    lengths = (
        [card.window.frames, card.window.frames // 2 + 1] if card.window.variable else [card.window.frames]
    )
    for n_frames in lengths:
        yield rng.normal(-30, 20, (_N_RANDOM, n_frames, card.front_end.n_mels)).astype(np.float32)


def _swap(fresh: Path, out: Path, old: Path) -> None:
    """Put a folder in the place of another; if that fails the other is put back."""
    if not out.exists():
        fresh.replace(out)
        return
    out.replace(old)
    try:
        fresh.replace(out)
    except OSError:
        old.replace(out)
        raise
