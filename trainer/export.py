"""Weights, labels, parameters and scores → the model folder: whole or not at all, loaded back and checked."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from tagger.errors import ModelError, OutputError
from tagger.inference import artefact as artefacts
from tagger.inference import card as cards
from tagger.inference import runtime
from tagger.inference.artefact import Artefact
from tagger.inference.card import Card
from tagger.inference.frontend import Array
from trainer import readme, sides
from trainer.learner import Learner

# Of the greatest logit, or of 1.
TOLERANCE = 1e-4

_N_RANDOM = 8


def check_free(out: Path) -> None:
    """Make sure that a model folder may be written here.

    Raises:
        OutputError: Something else than a model folder, or than an empty folder, is there, or nothing can be.
    """
    try:
        above = next(folder for folder in out.absolute().parents if folder.exists())
        tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=above).cleanup()
    except OSError as error:
        raise OutputError(
            f"{out}: cannot be written: {error.strerror}", hint="name another folder with --out"
        ) from error
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    try:
        cards.loads((out / artefacts.CARD).read_text("utf-8"), str(out))
    except (OSError, UnicodeDecodeError, ModelError) as error:
        raise OutputError(
            f"{out}: exists, and is not a model folder", hint="name another folder with --out"
        ) from error


def holds_finished(out: Path) -> bool:
    """Whether a model folder is there whose training ran to its end."""
    try:
        card = cards.loads((out / artefacts.CARD).read_text("utf-8"), str(out))
    except (OSError, UnicodeDecodeError, ModelError):
        return False
    return bool(card.split.get("finished", True))


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


def place(artefact: Artefact, out: Path) -> None:
    """Copy a model folder to where the user wants it, whole or not at all.

    Raises:
        OutputError: The folder cannot be written, or holds something else.
    """
    with staging(out) as fresh:
        shutil.copytree(artefact.folder, fresh, dirs_exist_ok=True)


def done(folder: Path) -> Artefact | None:
    """The model of a folder, if an earlier run wrote it and had trained it to the end."""
    if not (folder / artefacts.README).exists():
        return None
    artefact = artefacts.load(folder)
    return artefact if artefact.card.split["finished"] else None


def write(
    model: Learner, card: Card, folder: Path, real: Array, side_of: Mapping[Path, str] | None = None
) -> Artefact:
    """Write a model and its card, load them back, and check that every runtime gives the same logits.

    A folder whose check fails is removed, for it would pass for a finished model.

    Args:
        model: The trained model.
        card: Its card; checksums are added.
        folder: Where to; what is there is replaced.
        real: Windows of real music, shape (n_windows, n_frames, n_bands).
        side_of: The side that each recording was on, if that is to be told.

    Raises:
        OutputError: The folder that was written is not the model that was trained.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        return _checked(model, card, folder, real, side_of)
    except OutputError:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _checked(
    model: Learner, card: Card, folder: Path, real: Array, side_of: Mapping[Path, str] | None
) -> Artefact:
    names = model.save(folder)
    if side_of:
        names = *names, sides.write(side_of, folder)
    checksums = {name: artefacts.checksum(folder / name) for name in names}
    artefact = rewrite_card(dataclasses.replace(card, checksums=checksums), folder)
    readers = runtime.RUNTIMES if artefact.has_keras else ("onnx",)
    runtimes = [runtime.load(artefact, name) for name in readers]
    for windows in (real, *_random(card, real)):
        expected = model.outputs(windows)["logits"]
        scale = max(1.0, float(np.abs(expected).max()))
        for one in runtimes:
            gap = float(np.abs(one.logits(windows) - expected).max()) / scale
            if not gap <= TOLERANCE:
                raise OutputError(
                    f"the model read back by {one.name} differs by {gap:.2g} from the trained one"
                )
    return artefact


def rewrite_card(card: Card, folder: Path) -> Artefact:
    """Write the card, for programs and for people, and load the folder back."""
    (folder / artefacts.CARD).write_text(cards.dumps(card), "utf-8", errors="backslashreplace")
    (folder / artefacts.README).write_text(readme.text(card), "utf-8", errors="backslashreplace")
    return artefacts.load(folder)


def _random(card: Card, real: Array) -> Iterator[Array]:
    """Windows with the mean and the spread of real ones, of the model's length, and of another it may take."""
    rng = np.random.default_rng(0)
    mean, spread = real.mean(axis=(0, 1)), real.std(axis=(0, 1))
    lengths = [card.window.frames]
    if card.window.variable:
        lengths.append(card.window.frames // 2 + 1)
    for n_frames in lengths:
        drawn = rng.standard_normal((_N_RANDOM, n_frames, card.front_end.n_bands))
        yield (mean + spread * drawn).astype(np.float32)


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
