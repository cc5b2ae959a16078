"""The images that a recipe learns from, in one HDF5 file, as Arrigo (2025) keeps them; the only h5py here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from tagger.errors import OutputError, SettingsError
from tagger.sinks.outputs import Output
from trainer.data import inputs, splits
from trainer.data.material import Material
from trainer.progress import Progress
from trainer.recipe import Recipe

_IMAGES_A_CHUNK = 16
_OF_IMAGES = ("size", "colour", "features", "n_mfcc")
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_KEPT = ("genres", "recipe")


def check(recipe: Recipe, file: Path) -> None:
    """See, before long work, whether the images of a recipe can be written to a path.

    Raises:
        OutputError: There is something else than images that `write` wrote, or no folder for them.
        SettingsError: The recipe does not learn from images.
    """
    if "size" not in recipe.network_parameters:
        raise SettingsError(f"{recipe.name}: this recipe does not learn from images")
    Output("file of images", lambda head: head == _SIGNATURE and _is_ours(file), len(_SIGNATURE)).check(file)
    if file.exists() and not file.is_file():
        raise OutputError(f"{file}: is no regular file", hint="name another file")


def write(data: Material, file: Path, progress: Progress) -> int:
    """Write the images of all windows, and return their number.

    The file holds `images`, shape (n_windows, size, size, channels), bytes; `targets`, the genre of each, an
    index; `tracks`, the index of its track; and `sides`, an index into `splits.SIDES`. Attributes are `genres`
    and `recipe`, JSON.

    Args:
        data: What a recipe would learn from.
        file: Where to; older images are replaced once the new ones are whole.
        progress: Told of every track.

    Raises:
        OutputError: The file cannot be written, or holds something else.
        SettingsError: The recipe does not learn from images.
    """
    check(data.recipe, file)
    progress.stage("Drawing images", len(data.clips))
    side_of = {
        int(index): number for number, side in enumerate(splits.SIDES) for index in getattr(data.split, side)
    }
    partial = file.with_name(f".{file.name}.partial")
    try:
        with h5py.File(partial, "w") as archive:
            n_images = _fill(archive, data, side_of, progress)
            archive.attrs["genres"] = list(data.genres)
            archive.attrs["recipe"] = json.dumps(data.recipe.as_dict())
        partial.replace(file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OutputError(f"{file}: cannot be written: {error.strerror or error}") from error
    return n_images


def _is_ours(file: Path) -> bool:
    """Whether an HDF5 file holds images that were written here."""
    try:
        with h5py.File(file, "r") as archive:
            return "images" in archive and all(name in archive.attrs for name in _KEPT)
    except (OSError, KeyError, RuntimeError):  # damaged: whose it is, nobody knows
        return False


def _fill(archive: h5py.File, data: Material, side_of: dict[int, int], progress: Progress) -> int:
    n_images = 0
    for track, images in _drawn(data):
        if not n_images:
            shape = images.shape[1:]
            archive.create_dataset(
                "images",
                (0, *shape),
                "u1",
                maxshape=(None, *shape),
                chunks=(_IMAGES_A_CHUNK, *shape),
                compression="lzf",
            )
            for name in ("targets", "tracks", "sides"):
                archive.create_dataset(name, (0,), "i4", maxshape=(None,))
        rows = {
            "images": images,
            "targets": data.clips[track].target,
            "tracks": track,
            "sides": side_of.get(track, -1),
        }
        for name, values in rows.items():
            archive[name].resize(n_images + len(images), axis=0)
            archive[name][n_images:] = values
        n_images += len(images)
        progress.advance()
    return n_images


def _drawn(data: Material) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """For each track its index and its images."""
    from trainer.network import image  # loads Keras

    recipe = data.recipe
    chosen = {name: value for name, value in recipe.network_parameters.items() if name in _OF_IMAGES}
    paint = image.painter(recipe.front_end, recipe.window_frames, **chosen)
    for track, clip in enumerate(data.clips):
        windows = inputs.cut([clip], recipe).frames
        yield track, np.round(255 * paint(windows)).astype(np.uint8)
