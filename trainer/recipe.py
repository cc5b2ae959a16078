"""The frozen recipe: every number that shapes a model, with its unit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tagger.inference.frontend import FrontEnd
from trainer.data.variants import Variant
from trainer.sampling import Augmentation, Sampling, Selection

Monitor = Literal["track_cross_entropy", "cross_entropy", "accuracy", "macro_precision"]


@dataclass(frozen=True)
class Phase:
    """A part of the training with its own trainable layers.

    Attributes:
        epochs: Most epochs.
        learning_rate: Highest learning rate.
        trainable: Regular expression that the names of the trained layers begin with; empty trains all.
        freeze_norms: Whether the statistics and scales of batch normalisation stay as they are.
        settle_norms: Whether the statistics of its batch normalisation are set once, when the phase begins, to
            those of the windows with a genre that its first epoch draws; they, scales and offsets then stay as
            long as the phase lasts. Otherwise every batch has its own statistics, and what is no music is part
            of it. Only where the phase learns `above` a layer.
        output: Name of the layer whose logits the loss sees: those of the network, or of a part of it, which
            then alone is computed.
        above: Name of a layer that does not learn: what it says of the windows that inference cuts is computed
            once, and the phase learns from that. If empty, the windows of each step are cut anew, as
            `Sampling.mode` says, and heard by the whole network.
        mixup: Alpha of the Beta distribution that what the layer `above` says of two windows is mixed with; 0
            mixes nothing. Verma et al., Manifold Mixup, ICML 2019.
        changed: Whether windows are changed, as the recipe's augmentation says; never where a phase learns
            `above` a layer.
        judged_every: Number of epochs from one judgement to the next; the last one is always judged.
        prune: Share of the weights of convolutions and dense layers, 0 to 1, that are set to zero when the
            phase begins, the smallest of the whole network, and stay so.
    """

    epochs: int
    learning_rate: float
    trainable: str = ""
    freeze_norms: bool = False
    settle_norms: bool = False
    output: str = "logits"
    above: str = ""
    mixup: float = 0.0
    changed: bool = True
    judged_every: int = 1
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
            `plateau_factor` when the score has not risen for `plateau_patience` judged epochs; "constant".
        warmup_epochs: Length of the warm-up.
        plateau_factor: See `schedule`.
        plateau_patience: See `schedule`.
        weight_decay: Of AdamW.
        label_smoothing: Share of the target that is spread over all genres, 0 to 1.
        loss: Of networks of Keras: "cross_entropy" with the target; or "partial", in which a clip without a
            first genre only asks that the genres of its label set together are probable, and what is no music
            only teaches logits of one class more than there are genres.
        ema_momentum: Of the running mean of the weights that is kept as the model; 0 for none.
        patience: Judged epochs without a better score after which training stops.
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
class Ablation:
    """What an ingredient of a recipe is worth: its scores less those of one made otherwise, or of another.

    Attributes:
        ingredient: What it is, a phrase.
        instead: What took its place: options of `tagger train`.
        protocol: How both were judged, on the same tracks.
        accuracy: What was gained per track, -1 to 1, and the ends of its 95 % interval, as `tagger runs` tells.
        macro_f1: The same of macro F1.
    """

    ingredient: str
    instead: str
    protocol: str
    accuracy: tuple[float, float, float]
    macro_f1: tuple[float, float, float]


@dataclass(frozen=True)
class Recipe:
    """Every number that shapes a model.

    Attributes:
        name: Name of the model.
        description: One phrase for people.
        notes: What a published system leaves open, or what differs from it, each a sentence.
        reported: What its authors say; None for systems of our own.
        ablations: What its ingredients are worth, as far as that was measured.
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

    name: str = "cnn"
    description: str = "Genre of a piece of music from its sound, by a compact CNN on log-mel spectrograms"
    notes: tuple[str, ...] = ()
    reported: Reported | None = None
    ablations: tuple[Ablation, ...] = ()
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
            sampling=dataclasses.replace(
                self.sampling, windows_per_epoch=8, made_sounds=min(self.sampling.made_sounds, 1)
            ),
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
