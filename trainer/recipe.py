"""The frozen recipe: every number that shapes a model, with its unit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tagger.inference.frontend import FrontEnd


@dataclass(frozen=True)
class Augmentation:
    """How far a training window may be changed; the default changes nothing.

    Attributes:
        repeat_share: Share of windows, 0 to 1, that repeat a shorter piece of their clip, as short clips do.
        repeat_seconds: Shortest and longest such piece, in seconds.
        stretch: Greatest change of tempo, as a factor minus 1.
        pitch_bands: Greatest shift along the mel axis, in bands.
        equaliser_db: Greatest gain of a smooth random equaliser, in dB.
        equaliser_knots: Number of bands in which its gain is drawn.
        low_pass_share: Share of windows, 0 to 1, that lose their high bands, as low bit rates do.
        low_pass_least: Lowest share of the bands that is kept.
        low_pass_slope_db: Steepness of the cut, in dB a band.
        gain_db: Greatest change of level, in dB.
        floor_share: Share of windows, 0 to 1, that get a noise floor, as noisy recordings have.
        floor_db: Lowest and highest such floor, in dB relative to the window's peak.
        noise_db: Standard deviation of noise on every point, in dB.
        time_masks: Number of masked stretches of time (SpecAugment).
        time_mask_frames: Longest of them, in frames.
        band_masks: Number of masked stretches of bands.
        band_mask_bands: Widest of them, in bands.
        mixup: Alpha of the Beta distribution that windows are mixed with; 0 mixes nothing.
    """

    repeat_share: float = 0.0
    repeat_seconds: tuple[float, float] = (2.0, 3.0)
    stretch: float = 0.0
    pitch_bands: float = 0.0
    equaliser_db: float = 0.0
    equaliser_knots: int = 6
    low_pass_share: float = 0.0
    low_pass_least: float = 0.5
    low_pass_slope_db: float = 12.0
    gain_db: float = 0.0
    floor_share: float = 0.0
    floor_db: tuple[float, float] = (-80.0, -50.0)
    noise_db: float = 0.0
    time_masks: int = 0
    time_mask_frames: int = 0
    band_masks: int = 0
    band_mask_bands: int = 0
    mixup: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """Every number that shapes a model.

    Attributes:
        name: Name of the model.
        description: One sentence for people.
        front_end: How audio becomes spectrogram frames.
        window_frames: Length of a window, in frames.
        hop_frames: Distance of windows, in frames.
        network: A key of `trainer.network.NETWORKS`.
        network_parameters: Keyword arguments of its builder.
        genres: The genres to learn; None takes all that the corpus supports.
        min_examples: Examples below which a genre is left out.
        min_groups: Artists (or source tracks) below which a genre is left out.
        augmentation: How training windows are changed.
        corpus_balance: Weight of a corpus within a genre grows as its number of clips to this power: 0 treats
            corpora alike, 1 treats clips alike.
        crops_per_epoch: Windows in an epoch.
        batch_size: Windows in a step.
        epochs: Most epochs.
        learning_rate: Highest learning rate of AdamW; it rises during the warm-up, then falls as a cosine.
        warmup_epochs: Length of the warm-up.
        weight_decay: Of AdamW.
        label_smoothing: Share of the target that is spread over all genres, 0 to 1.
        ema_momentum: Of the running mean of the weights that is kept as the model; 0 for none.
        patience: Epochs without a better validation score after which training stops.
        validation_windows: Most windows of a track that the score after each epoch is taken from.
        threshold: Confidence from which a genre is written into files, 0 to 1.
        baseline_coefficients: MFCCs that the yardstick model sees.
        seed: Of everything random.
    """

    name: str = "default"
    description: str = "Genre of a piece of music from its sound, by a compact CNN on log-mel spectrograms"
    front_end: FrontEnd = field(default_factory=FrontEnd)
    window_frames: int = 128
    hop_frames: int = 64
    network: str = "cnn"
    network_parameters: Mapping[str, Any] = field(default_factory=dict)
    genres: tuple[str, ...] | None = None
    min_examples: int = 25
    min_groups: int = 10
    augmentation: Augmentation = field(default_factory=Augmentation)
    corpus_balance: float = 0.5
    crops_per_epoch: int = 3072
    batch_size: int = 64
    epochs: int = 60
    learning_rate: float = 2e-3
    warmup_epochs: int = 2
    weight_decay: float = 1e-3
    label_smoothing: float = 0.05
    ema_momentum: float = 0.99
    patience: int = 15
    validation_windows: int = 8
    threshold: float = 0.5
    baseline_coefficients: int = 20
    seed: int = 0

    def smoke(self) -> Recipe:
        """The same recipe made small: it trains in seconds and shows that every part works."""
        return dataclasses.replace(
            self,
            name=f"{self.name}-smoke",
            network_parameters={"stem_channels": 8, "channels": (8, 16), "embedding": 16},
            min_examples=3,
            min_groups=3,
            crops_per_epoch=128,
            batch_size=16,
            epochs=2,
            warmup_epochs=0,
            ema_momentum=0.0,
            validation_windows=2,
        )

    def as_dict(self) -> dict[str, Any]:
        """All numbers as plain data, for the card."""
        return dataclasses.asdict(self)
