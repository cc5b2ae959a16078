"""The encoder of transformers: random, from the hub or from a folder, and never in part."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from transformers import Wav2Vec2Config, Wav2Vec2Model
from transformers.utils import logging as transformers_logging

from tagger.errors import SettingsError
from trainer.wav2vec2.network import Architecture

NONE = "none"

_HINT = (
    "the first use of a model of the hub needs the internet; a folder holds config.json and model.safetensors; "
    "`--weights none` starts from random weights"
)

# Stands in for masked input, which only pre-training and SpecAugment have; some checkpoints lack it.
_UNUSED = {"masked_spec_embed"}


def load(architecture: Architecture) -> Any:
    """A `transformers.Wav2Vec2Model`.

    Raises:
        SettingsError: The weights cannot be had, or are not those of such an encoder.
    """
    weights = architecture.weights
    try:
        with quietly():
            if weights == NONE:
                encoder, missing = Wav2Vec2Model(Wav2Vec2Config(**architecture.encoder)), set[str]()
            else:
                encoder, missing = _pretrained(weights)
    except (
        Exception
    ) as error:  # transformers, huggingface-hub, safetensors and their clients share no base class
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")
        raise SettingsError(f"{weights}: the weights could not be had: {reason}", hint=_HINT) from error
    if missing:
        raise SettingsError(
            f"{weights}: lacks {len(missing)} of the weights of a Wav2Vec2 encoder, `{min(missing)}` for one",
            hint=_HINT,
        )
    encoder.config.apply_spec_augment = False
    encoder.freeze_feature_encoder()
    return encoder


def _pretrained(weights: str) -> tuple[Any, set[str]]:
    """An encoder, and the names of those of its weights that were not there and so are random."""
    try:
        # Without asking the hub for news: a model that is at hand needs no internet.
        encoder, report = Wav2Vec2Model.from_pretrained(
            weights, local_files_only=True, output_loading_info=True
        )
    except OSError:
        if Path(weights).exists():
            raise
        encoder, report = Wav2Vec2Model.from_pretrained(weights, output_loading_info=True)
    return encoder, set(report["missing_keys"]) - _UNUSED


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Without the progress bars, reports and warnings that libraries have for those who program with them."""
    level, had_bars = logging.root.manager.disable, transformers_logging.is_progress_bar_enabled()
    logging.disable(logging.CRITICAL)
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
        if had_bars:
            transformers_logging.enable_progress_bar()
