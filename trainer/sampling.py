"""What a model is shown, as numbers: which examples, which windows of them, and how far they are changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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
        zoom: Greatest change of size along time and bands, as a factor minus 1.
        roll: Whether windows are turned round in time, by any amount; their end comes round to the front.
        dynamic_range: Greatest change of the distances from the peak, as a factor minus 1.
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
    zoom: float = 0.0
    roll: bool = False
    dynamic_range: float = 0.0


@dataclass(frozen=True)
class Selection:
    """Which genres and examples of a corpus are used; the default uses all.

    Attributes:
        most: Most examples of a genre, drawn at random; None for all.
        least: A genre with fewer examples is left out.
        n_genres: Number of genres that are kept, those with most examples; None for all.
        without: Names of genres that are left out.
    """

    most: int | None = None
    least: int = 0
    n_genres: int | None = None
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sampling:
    """Which windows an epoch is made of.

    Attributes:
        mode: "crops": at random places, of each genre alike; "windows": those that inference cuts, each once.
        windows_per_epoch: Windows in an epoch; 0 for all that inference cuts.
        corpus_balance: Of crops: the weight of a corpus within a genre grows as its number of clips to this
            power; 0 treats corpora alike, 1 treats clips alike.
        class_weights: Whether windows of rare genres count more, so that all genres count alike.
        quiet_db: Windows whose peak is this much below their clip's are left out; 0 keeps all.
        keep_short: Whether clips shorter than a window are used, repeated until they fill it.
        partial: Whether labels are sets: a label that may mean several genres says that one of them is right.
            Clips whose first label is such a one are learned from too, though never judged by; and a clip with
            several labels teaches all genres that these may mean. If not, the first genre alone is taught.
        first_share: Where labels are sets: share of its first genre, above 0 to 1, in what a clip teaches; its
            other genres share the rest alike. A clip without a first genre teaches all of its set alike.
        partial_share: Where labels are sets, of crops: share of the windows, 0 to below 1, that come from
            clips without a first genre, their corpora balanced like those of a genre.
        background_share: Of crops: share of the windows, 0 to below 1, of what is no music: made sounds, and
            clips that their corpus calls speech. They teach a class of their own to a network that
            has one, and need the loss "partial".
        made_sounds: Number of sounds that are made of each kind.
    """

    mode: Literal["crops", "windows"] = "crops"
    windows_per_epoch: int = 3072
    corpus_balance: float = 0.5
    class_weights: bool = False
    quiet_db: float = 0.0
    keep_short: bool = True
    partial: bool = False
    first_share: float = 0.6
    partial_share: float = 0.1
    background_share: float = 0.0
    made_sounds: int = 24
