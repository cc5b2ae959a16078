"""The images that a recipe learns from, in one HDF5 file, as Arrigo (2025) keeps them; the only h5py here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from tagger.errors import OutputError, SettingsError
from trainer.data import inputs, splits
from trainer.data.material import Material
from trainer.progress import Progress

_IMAGES_A_CHUNK = 16
_OF_IMAGES = ("size", "colour", "features", "n_mfcc")


def write(data: Material, file: Path, progress: Progress) -> int:
    """Write the images of all windows, and return their number.

    The file holds `images`, shape (n_windows, size, size, channels), bytes; `targets`, the genre of each, an
    index; `tracks`, the index of its track; and `sides`, an index into `splits.SIDES`. Attributes are `genres`
    and `recipe`, JSON.

    Args:
        data: What a recipe would learn from.
        file: Where to; an older file is replaced once the new one is whole.
        progress: Told of every track.

    Raises:
        OutputError: The file cannot be written.
        SettingsError: The recipe does not learn from images.
    """
    if "size" not in data.recipe.network_parameters:
        raise SettingsError(f"{data.recipe.name}: this recipe does not learn from images")
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
