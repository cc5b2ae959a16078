"""Weights that others trained: fetched by the library that owns them, or read from a file."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras

from tagger.errors import SettingsError
from trainer.network import torchvision

# Gives a library's own network with its weights, fetched if they are not at hand.
Donor = Callable[[], Any]

NONE = "none"
# What a disk says, and no network.
_LOCAL = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOTDIR})

_HINT = (
    "`--weights none` starts from random weights, `--weights FILE` reads a .weights.h5 or .keras file "
    "of the same network, and for musicnn its published package, .whl"
)


def fill(backbone: Any, weights: str, donors: Mapping[str, Donor], hint: str = _HINT) -> None:
    """Give a backbone its weights.

    Args:
        backbone: A network of pretrained layers, and of layers named `head_…`, which are left as they are.
        weights: "none"; a key of `donors`; a file, .weights.h5 or .keras, of the same layers in the same order;
            a file that `torchvision.read` takes, .pth; or a preset of keras-hub: its name, or an address that
            begins with kaggle:// or hf://.
        donors: What the libraries offer for this backbone, by name.
        hint: What may be given as weights.

    Raises:
        SettingsError: The weights are unknown, cannot be fetched, or belong to another network.
    """
    if weights == NONE:
        return
    if weights in donors:
        _give(_weights(_fetched(weights, donors[weights], hint)), backbone, weights, hint)
    elif weights in ("imagenet", "coco"):
        offered = ", ".join(sorted(donors)) or "none"
        raise SettingsError(
            f"{weights}: no maintained library offers these weights for {backbone.name}; it offers {offered}",
            hint=hint,
        )
    elif weights.endswith((".keras", ".h5", ".pth")):
        _read(Path(weights), backbone, hint)
    else:
        _give(_weights(_fetched(weights, lambda: preset(weights), hint)), backbone, weights, hint)


def hub() -> Any:
    """The library keras-hub.

    Raises:
        SettingsError: It is not installed.
    """
    try:
        import keras_hub
    except ImportError as error:
        raise SettingsError(
            "this network needs the package keras-hub", hint="pip install 'audio-genre-tagger[train]'"
        ) from error
    return keras_hub


def preset(name: str) -> Any:
    """A backbone of keras-hub with its weights."""
    return hub().models.Backbone.from_preset(name)


def published(network: Any, handle: str) -> Any:
    """A network with the weights that a model on Kaggle holds for it, in Keras' format.

    Args:
        network: Of the same layers in the same order.
        handle: Owner, model, framework, variation and version.
    """
    hub()
    import kagglehub  # keras-hub brings it

    network.load_weights(kagglehub.model_download(handle, path="model.weights.h5"))
    return network


def _fetched(weights: str, donor: Donor, hint: str) -> Any:
    try:
        with contextlib.redirect_stdout(sys.stderr):  # Keras draws its progress on stdout
            return donor()
    except SettingsError:
        raise
    except Exception as error:  # keras, keras-hub, kagglehub and huggingface-hub share no base class
        raise SettingsError(f"{weights}: the weights could not be fetched: {why(error)}", hint=hint) from error


def why(error: Exception) -> str:
    """What went wrong, for people: the texts of errors of the system are for programmers."""
    # Keras raises Exception itself where an OSError says that it has no connection.
    for one in (error, error.__context__):
        if isinstance(one, OSError):
            return os.strerror(one.errno) if one.errno in _LOCAL else "no connection, or no such weights"
    return next(iter(str(error).split(". ")[0].splitlines()), "") or type(error).__name__


def _read(file: Path, backbone: Any, hint: str) -> None:
    if not file.is_file():
        raise SettingsError(f"{file}: no such file", hint=hint)
    try:
        if file.suffix == ".keras":
            _give(
                _weights(keras.saving.load_model(file, compile=False, safe_mode=True)),
                backbone,
                str(file),
                hint,
            )
        elif file.suffix == ".pth":
            _give(torchvision.read(file), backbone, str(file), hint)
        else:
            backbone.load_weights(file)
    except SettingsError:
        raise
    except Exception as error:  # h5py, zipfile, torch and Keras share no base class
        raise SettingsError(f"{file}: not weights of {backbone.name}", hint=hint) from error


def _weights(network: Any) -> list[list[Any]]:
    return [layer.get_weights() for layer in network.layers if layer.weights]


def _give(offered: list[list[Any]], backbone: Any, weights: str, hint: str) -> None:
    """Give each layer the weights that stand in the same place; what is offered beyond is left out."""
    wanted = [layer for layer in backbone.layers if layer.weights and not layer.name.startswith("head_")]
    if len(offered) < len(wanted) or any(
        [weight.shape for weight in layer.weights] != [array.shape for array in arrays]
        for layer, arrays in zip(wanted, offered, strict=False)
    ):
        raise SettingsError(f"{weights}: weights of another network than {backbone.name}", hint=hint)
    for layer, arrays in zip(wanted, offered, strict=False):
        layer.set_weights(arrays)
