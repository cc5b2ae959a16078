"""What the recipes of published systems have in common, unless their authors say otherwise."""

from __future__ import annotations

from tagger.inference.frontend import FrontEnd
from trainer.recipe import Fitting
from trainer.sampling import Sampling

RATE = 22050  # that of GTZAN, and what librosa gives unless told otherwise
HOP = 512

# librosa's defaults.
MEL_128 = FrontEnd(sample_rate=RATE, n_fft=2048, hop_length=HOP, n_mels=128, fmax=RATE / 2)

# Every window once in an epoch, none of them changed.
WINDOWS = Sampling(mode="windows", windows_per_epoch=0)

# Plain training: no warm-up, no running mean of weights, no smoothing of labels.
PLAIN = Fitting(
    optimizer="adam",
    schedule="constant",
    learning_rate=1e-3,
    warmup_epochs=0,
    weight_decay=0.0,
    label_smoothing=0.0,
    ema_momentum=0.0,
    monitor="cross_entropy",
)


def frames(seconds: float, front_end: FrontEnd = MEL_128) -> int:
    """Number of frames in so many seconds of audio."""
    return round(seconds * front_end.frames_per_second)
