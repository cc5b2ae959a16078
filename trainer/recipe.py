"""The frozen recipe: every number that shapes a model, with its unit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tagger.inference.frontend import FrontEnd
from trainer.data.variants import Variant

Monitor = Literal["track_cross_entropy", "cross_entropy", "accuracy", "macro_precision"]


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


@dataclass(frozen=True)
class Phase:
    """A part of the training with its own trainable layers.

    Attributes:
        epochs: Most epochs.
        learning_rate: Highest learning rate.
        trainable: Regular expression that the names of the trained layers begin with; empty trains all.
        freeze_norms: Whether the statistics and scales of batch normalisation stay as they are.
        prune: Share of the weights of convolutions and dense layers, 0 to 1, that are set to zero when the
            phase begins, the smallest of the whole network, and stay so.
    """

    epochs: int
    learning_rate: float
    trainable: str = ""
    freeze_norms: bool = False
    prune: float = 0.0


@dataclass(frozen=True)
class Fitting:
    """How weights are found.

    Attributes:
        batch_size: Windows in a step.
        epochs: Most epochs.
        optimizer: "adam" or "adamw".
        learning_rate: Highest learning rate.
        schedule: "cosine": it rises during the warm-up, then falls as a cosine; "plateau": it is multiplied by
            `plateau_factor` when the score has not risen for `plateau_patience` epochs; "constant".
        warmup_epochs: Length of the warm-up.
        plateau_factor: See `schedule`.
        plateau_patience: See `schedule`.
        weight_decay: Of AdamW.
        label_smoothing: Share of the target that is spread over all genres, 0 to 1.
        loss: Of networks of Keras: "cross_entropy" with the target; or "partial", in which a clip without a
            first genre only asks that the genres of its label set together are probable.
        ema_momentum: Of the running mean of the weights that is kept as the model; 0 for none.
        patience: Epochs without a better score after which training stops.
        monitor: The score that chooses weights: "track_cross_entropy" of the validation tracks, or of their
            windows "cross_entropy", "accuracy" or "macro_precision".
        least_score: Weights are chosen among epochs that reach this score; if none does, the last ones stay.
        mixed_precision: Whether layers compute in half precision.
        phases: Parts of the training, one after the other, each from the best weights of the last; they
            replace `epochs` and `learning_rate`. None for a single one that trains all layers.
        inner_folds: Number of folds of the training and validation sides that are trained in turn, to find how
            many epochs are best on average; the model is then trained on both for so many. 0 for none.
    """

    batch_size: int = 64
    epochs: int = 60
    optimizer: Literal["adam", "adamw"] = "adamw"
    learning_rate: float = 2e-3
    schedule: Literal["cosine", "plateau", "constant"] = "cosine"
    warmup_epochs: int = 2
    plateau_factor: float = 0.5
    plateau_patience: int = 5
    weight_decay: float = 1e-3
    label_smoothing: float = 0.05
    loss: Literal["cross_entropy", "partial"] = "cross_entropy"
    ema_momentum: float = 0.99
    patience: int = 15
    monitor: Monitor = "track_cross_entropy"
    least_score: float | None = None
    mixed_precision: bool = False
    phases: tuple[Phase, ...] = ()
    inner_folds: int = 0

    @property
    def all_phases(self) -> tuple[Phase, ...]:
        """The parts of the training, one at least."""
        return self.phases or (Phase(self.epochs, self.learning_rate),)


@dataclass(frozen=True)
class Reported:
    """What the authors of a published system say that it reaches.

    Attributes:
        study: Author and year.
        corpus: The corpus they used.
        protocol: How they split it, as far as they say.
        scores: Their scores by name, 0 to 1.
        like: The protocol of ours that splits so, see `splits.PROTOCOLS`.
    """

    study: str
    corpus: str
    protocol: str
    scores: Mapping[str, float]
    like: Literal["windows", "tracks", "official"]


@dataclass(frozen=True)
class Recipe:
    """Every number that shapes a model.

    Attributes:
        name: Name of the model.
        description: One phrase for people.
        notes: What a published system leaves open, or what differs from it, each a sentence.
        reported: What its authors say; None for systems of our own.
        front_end: How audio becomes frames.
        native_rate: Whether the rate most files of the corpus have takes the place of the front-end's.
        window_frames: Length of a window, in frames.
        hop_frames: Distance of windows, in frames.
        learner: "network" (Keras), "classical" (scikit-learn, XGBoost) or "wav2vec2" (PyTorch).
        network: The architecture: a key of the learner's own table.
        network_parameters: Keyword arguments of its builder.
        smoke_parameters: Those that make it small.
        standardise: Whether the builder is given the mean and the scale of each band of the training windows.
        genres: The genres to learn; None takes all that the corpus supports.
        min_examples: Examples below which a genre is left out.
        min_groups: Artists (or source tracks) below which a genre is left out.
        selection: Which of these are used.
        shares: Of training, validation and test tracks, where the split is drawn.
        variants: Changed copies of the training clips, learned beside them.
        sampling: Which windows an epoch is made of.
        augmentation: How training windows are changed.
        fitting: How weights are found.
        validation_windows: Most windows of a track that the score after each epoch is taken from.
        quantise: How weights are stored: "none" in single precision, "float16", or as whole numbers by "int8".
        threshold: Confidence from which a genre is written into files, 0 to 1.
        baseline_coefficients: MFCCs that the yardstick model sees.
        seed: Of everything random.
    """

    name: str = "default"
    description: str = "Genre of a piece of music from its sound, by a compact CNN on log-mel spectrograms"
    notes: tuple[str, ...] = ()
    reported: Reported | None = None
    front_end: FrontEnd = field(default_factory=FrontEnd)
    native_rate: bool = False
    window_frames: int = 128
    hop_frames: int = 64
    learner: Literal["network", "classical", "wav2vec2"] = "network"
    network: str = "cnn"
    network_parameters: Mapping[str, Any] = field(default_factory=dict)
    smoke_parameters: Mapping[str, Any] = field(default_factory=dict)
    standardise: bool = False
    genres: tuple[str, ...] | None = None
    min_examples: int = 25
    min_groups: int = 10
    selection: Selection = field(default_factory=Selection)
    shares: tuple[float, float, float] = (0.6, 0.2, 0.2)
    variants: tuple[Variant, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    augmentation: Augmentation = field(default_factory=Augmentation)
    fitting: Fitting = field(default_factory=Fitting)
    validation_windows: int = 8
    quantise: Literal["none", "float16", "int8"] = "none"
    threshold: float = 0.5
    baseline_coefficients: int = 20
    seed: int = 0

    def smoke(self) -> Recipe:
        """The same recipe made small: it trains for two steps and shows that every part works."""
        phases = tuple(dataclasses.replace(phase, epochs=1) for phase in self.fitting.phases)
        return dataclasses.replace(
            self,
            name=f"{self.name}-smoke",
            network_parameters={**self.network_parameters, **self.smoke_parameters},
            min_examples=3,
            min_groups=3,
            selection=Selection(),
            variants=self.variants[:1],
            sampling=dataclasses.replace(self.sampling, windows_per_epoch=8),
            fitting=dataclasses.replace(
                self.fitting,
                batch_size=4,
                epochs=1,
                phases=phases,
                warmup_epochs=0,
                ema_momentum=0.0,
                inner_folds=min(self.fitting.inner_folds, 2),
            ),
            validation_windows=1,
        )

    def as_dict(self) -> dict[str, Any]:
        """All numbers as plain data, for the card."""
        return dataclasses.asdict(self)
