"""The loss of labels that leave several genres open, and of what is no music."""

from __future__ import annotations

from typing import Any

import keras

_LEAST = 1e-30  # stands for a share of 0, which has no logarithm


class PartialLabels(keras.losses.Loss):
    """Cross-entropy with genres, and with label sets the negative logarithm of their genres' total probability.

    Jin & Ghahramani, Learning with Multiple Labels, NIPS 2002; Cour, Sapp & Taskar, Learning from Partial
    Labels, JMLR 2011. Windows that were mixed ask for the mix of what each asks. Two sets that differ cannot be
    told apart once mixed: then a genre counts by its share, the greatest share of the two counting 1.

    Args:
        label_smoothing: Share of the target that is spread over all genres, 0 to 1; sets are not smoothed.
    """

    def __init__(self, label_smoothing: float) -> None:
        super().__init__(name="partial_labels")
        self._label_smoothing = label_smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each window.

        Args:
            y_true: As `trainer.data.drawing.targets` gives it, shape (n_windows, 2 n_genres).
            y_pred: Logits, shape (n_windows, n_genres), or with one column more: that it is no music.
        """
        shares, of_sets = keras.ops.split(y_true, 2, axis=1)
        of_genres = shares - of_sets
        smoothing = self._label_smoothing * keras.ops.mean(of_genres, axis=1, keepdims=True)
        log_prob, n_genres = keras.ops.log_softmax(y_pred), shares.shape[1]
        log_none, log_prob = log_prob[:, n_genres:], log_prob[:, :n_genres]
        cross_entropy = -keras.ops.sum(((1 - self._label_smoothing) * of_genres + smoothing) * log_prob, axis=1)
        weights = of_sets / keras.ops.maximum(keras.ops.max(of_sets, axis=1, keepdims=True), _LEAST)
        log_total = keras.ops.logsumexp(log_prob + keras.ops.log(keras.ops.maximum(weights, _LEAST)), axis=1)
        is_none = 1 - keras.ops.sum(shares, axis=1)
        of_none = is_none * keras.ops.sum(log_none, axis=1)
        return cross_entropy - keras.ops.sum(of_sets, axis=1) * log_total - of_none
