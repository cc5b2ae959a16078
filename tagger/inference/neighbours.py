"""Which recordings sound alike to a model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def similarities(embedding: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    """Cosine of the angle between an embedding and others, -1 to 1; 0 where one of them is all zeros.

    Args:
        embedding: Shape (n_values,).
        others: Shape (n_tracks, n_values).
    """
    dots = others.astype(np.float64) @ embedding.astype(np.float64)
    lengths = np.linalg.norm(others, axis=1).astype(np.float64) * float(np.linalg.norm(embedding))
    return np.clip(np.divide(dots, lengths, out=np.zeros_like(dots), where=lengths > 0), -1, 1)
