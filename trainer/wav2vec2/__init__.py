"""Wav2Vec2 on waveforms: an encoder that learned from unlabelled speech, and dense layers that learn genres.

Li, Karimli, Maddhuri & Randev 2025, Experiment 3, with the encoder of Baevski et al., wav2vec 2.0, NeurIPS
2020, as transformers has it. The only folder that imports torch and transformers, which are an extra; so it is
imported where it is asked for.
"""

from __future__ import annotations

import os

from tagger.errors import SettingsError

# Else transformers asks a server on the internet to convert the weights that it has just loaded.
os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "1")

try:
    from trainer.wav2vec2.model import SpeechModel
    from trainer.wav2vec2.network import NETWORKS, Architecture
except SettingsError:
    raise
except Exception as error:  # a package that misses a library of its own raises all sorts
    raise SettingsError(
        f"a package that Wav2Vec2 needs cannot be loaded: {error}",
        hint="`pip install 'audio-genre-tagger[wav2vec2]'`",
    ) from error

__all__ = ["NETWORKS", "Architecture", "SpeechModel"]
