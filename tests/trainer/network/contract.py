"""Every network of the papers in its smallest size, for the contract that all of them keep."""

from __future__ import annotations

from tagger.inference.frontend import FrontEnd
from trainer.network import (
    alexnet,
    arrigo,
    hybrid,
    li,
    musicnn,
    sanjeev,
    spectral,
    transfer,
    vector,
    vgg16,
    vukotic,
    yolov4,
    yolov8,
)

MEL = FrontEnd(n_mels=16, n_fft=512, hop_length=256)
LINEAR = FrontEnd(kind="log_spectrogram", n_fft=512, hop_length=256)
DESCRIPTORS = FrontEnd(kind="descriptors", hop_length=22050)
FINE_MEL = FrontEnd(sample_rate=16000, n_fft=512, hop_length=256, n_mels=96, fmax=8000.0)

CUT = {"size": 32, "weights": "none"}
TINY = {"size": 32, "channels": (4, 6)}

# Name: builder, front-end, frames of a window, parameters.
SMOKE = {
    "vukotic sequential": (
        vukotic.sequential,
        MEL,
        20,
        {**TINY, "n_convolutions": (1, 2)},
    ),
    "vukotic residual": (vukotic.residual, MEL, 20, {**TINY}),
    "sanjeev": (sanjeev.build, MEL, 20, {"size": 64, "channels": (4, 4, 6), "units": 8}),
    "sanjeev fusion": (
        sanjeev.build,
        LINEAR,
        20,
        {"size": 64, "channels": (4, 4, 6), "units": 8, "features": "fusion", "batch_norm": True},
    ),
    "hybrid": (
        hybrid.build,
        MEL,
        20,
        {**TINY, "width": 16, "n_heads": 2, "n_layers": 1},
    ),
    "li cnn": (li.cnn, MEL, 20, {**TINY, "units": 8}),
    "li crnn": (li.crnn, MEL, 20, {**TINY, "units": 8, "bidirectional": True}),
    "musicnn": (musicnn.build, FINE_MEL, 20, {"weights": "none"}),
    "dense": (vector.dense, DESCRIPTORS, 1, {"units": (8, 4)}),
    "lstm": (vector.lstm, DESCRIPTORS, 1, {"lstm_units": 8, "units": (4,)}),
    "spectral": (spectral.build, LINEAR, 20, {**TINY, "units": (8,)}),
    "spectral mfcc": (
        spectral.build,
        MEL,
        20,
        {**TINY, "units": (8,), "features": "mfcc", "n_mfcc": 8},
    ),
    "arrigo": (arrigo.build, MEL, 20, {**TINY, "units": 8}),
    "alexnet": (alexnet.build, MEL, 20, {"size": 64, "width": 0.05, "n_units": 8}),
    "alexnet fc6": (alexnet.build, MEL, 20, {"size": 64, "width": 0.05, "last_layer": "fc6"}),
    "vgg16": (vgg16.build, MEL, 20, {"size": 32, "weights": "none", "n_units": 8, "until": "block2_pool"}),
    "resnet50v2": (transfer.build, MEL, 20, {**CUT, "until": "conv2_block3_out"}),
    "efficientnetb0": (transfer.build, MEL, 20, {**CUT, "backbone": "efficientnetb0", "until": "block2b_add"}),
    "efficientnetv2s": (
        transfer.build,
        LINEAR,
        20,
        {**CUT, "backbone": "efficientnetv2s", "until": "block1b_add"},
    ),
    "resnet18": (
        transfer.build,
        MEL,
        20,
        {**CUT, "backbone": "resnet18", "units": (), "features": "mfcc", "until": "stack0_block1_out"},
    ),
    "yolov4": (yolov4.build, MEL, 20, {"size": 64, "width": 0.0625, "depth": (1, 1, 1, 1, 1), "units": (8, 4)}),
    "yolov8": (
        yolov8.build,
        MEL,
        20,
        {"size": 64, "weights": "none", "channels": (8, 8, 8, 8), "depth": (1, 1, 1, 1), "units": (8, 4)},
    ),
    "yolov8 flatten": (
        yolov8.build,
        MEL,
        20,
        {
            "size": 64,
            "weights": "none",
            "channels": (8, 8, 8, 8),
            "depth": (1, 1, 1, 1),
            "pooling": "flatten",
            "norm": "batch",
            "units": (8,),
        },
    ),
}


def build(name, n_genres=3):
    """A small network."""
    builder, front_end, frames, parameters = SMOKE[name]
    return builder(front_end, frames, n_genres, **parameters)


def windows(name, rng, n=2):
    """Windows that a network of this name accepts: noise about 40 dB below full power."""
    _, front_end, frames, _ = SMOKE[name]
    return rng.normal(-40, 15, (n, frames, front_end.n_bands)).astype("float32")
