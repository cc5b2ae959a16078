"""What in a spectrogram speaks for a genre, by gradients through the Keras network.

Each cell of the spectrogram is weighed by its own gradient of the genre's log odds, averaged on the way from a
window in which nothing moves to the window that was heard. These are integrated gradients: Sundararajan, Taly &
Yan, Axiomatic Attribution for Deep Networks, ICML 2017. The cells add up to what the genre's log odds gain on
this way.

Grad-CAM (Selvaraju et al., ICCV 2017) would weigh what a layer answers by the mean gradient of each channel.
But behind the first layer of the bundled model, whose filters are up to 67 of 96 bands high or 128 of 187
frames long, there are no bands any more; `python -m tests.bench.explaining` measures what each map marks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tagger.errors import ModelError
from tagger.inference import device
from tagger.inference.artefact import Artefact
from tagger.inference.frontend import Array
from tagger.inference.network import LOGITS

N_STEPS = 5
"""More were measured to mark hardly better."""


class Gradients:
    """Maps of what speaks for genres, through a model's Keras network.

    Args:
        artefact: The model folder; it has a Keras network, and a spectral front-end.

    Raises:
        ModelError: TensorFlow or Keras cannot be loaded, or Keras does not accept the file.
    """

    def __init__(self, artefact: Artefact) -> None:
        self.network, backend = device.keras_model(artefact)
        if backend != "tensorflow":
            raise ModelError(
                f"gradients are taken by TensorFlow, and KERAS_BACKEND is {backend}",
                hint="unset it, or give --runtime onnx, which explains without gradients",
            )
        import tensorflow

        self._tensorflow = tensorflow
        self._temperature = artefact.card.calibration.temperature

    def maps(self, windows: Array, neutral: Array, targets: Sequence[int], *, n_steps: int = N_STEPS) -> Array:
        """How much each cell speaks for genres, in log odds.

        Args:
            windows: Shape (n_windows, n_frames, n_bands).
            neutral: The same with nothing moving in them.
            targets: Indices of the genres.
            n_steps: Number of gradients on the way, > 0; with more of them the cells add up more exactly.

        Returns:
            Shape (n_windows, n_targets, n_frames, n_bands); less than 0 where a cell speaks against the genre.
        """
        way = (windows - neutral).astype(np.float32)
        total = np.zeros((len(targets), *windows.shape), np.float32)
        for share in (np.arange(n_steps) + 0.5) / n_steps:
            total += self._gradients((neutral + way * share).astype(np.float32), targets)
        found: Array = np.moveaxis(total, 0, 1) * way[:, None] / np.float32(n_steps)
        return found

    def _gradients(self, windows: Array, targets: Sequence[int]) -> Array:
        """Of the log odds of each target, shape (n_targets, n_windows, n_frames, n_bands)."""
        tf = self._tensorflow
        heard = tf.constant(windows)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(heard)
            logits = self.network(heard, training=False)[LOGITS] / self._temperature
            rest = [tf.concat([logits[:, :n], logits[:, n + 1 :]], axis=1) for n in targets]
            # not by way of probabilities: at 0 and 1 they have no gradient
            scores = [
                logits[:, n] - tf.reduce_logsumexp(others, axis=1)
                for n, others in zip(targets, rest, strict=True)
            ]
        return np.stack([tape.gradient(score, heard).numpy() for score in scores])
