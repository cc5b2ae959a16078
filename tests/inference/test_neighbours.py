"""Recordings that sound alike have embeddings that point the same way."""

import numpy as np
import pytest

from tagger.inference import neighbours


def test_similarity_is_the_cosine() -> None:
    """Length does not matter, the opposite is -1, and what has no direction is like nothing."""
    others = np.array([[2, 0], [0, 3], [-1, 0], [1, 1], [0, 0]], np.float32)
    found = neighbours.similarities(np.array([5, 0], np.float32), others)
    assert found == pytest.approx([1, 0, -1, np.sqrt(0.5), 0])
    assert neighbours.similarities(np.zeros(2, np.float32), others) == pytest.approx(np.zeros(5))
