"""The map: near is alike, the same library gives the same map, and odd libraries give one or say why not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tagger.audit import landscape


def groups(rng: np.random.Generator, n_each: int, n_groups: int = 3, size: int = 20) -> list[bytes]:
    """Embeddings in groups far apart, group after group."""
    centres = 10 * rng.standard_normal((n_groups, size))
    near = np.repeat(centres, n_each, axis=0) + rng.standard_normal((n_groups * n_each, size))
    return [row.tobytes() for row in near.astype(np.float32)]


def places(found: landscape.Landscape) -> NDArray[np.float64]:
    """The points, all of which are there."""
    return np.array([point for point in found.points if point])


@pytest.mark.parametrize("landmarks", [30, 1200])
def test_what_sounds_alike_is_near(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, landmarks: int
) -> None:
    """The nearest track on the map is of the same group, with landmarks or without; all is in a unit square."""
    monkeypatch.setattr(landscape, "LANDMARKS", landmarks)
    found = landscape.layout(groups(rng, 40))
    assert found.method.startswith("t-SNE of 30 tracks" if landmarks == 30 else "t-SNE")
    points = places(found)
    assert points.shape == (120, 2)
    assert points.min() >= 0
    assert points.max() <= 1
    names = [name for name in "abc" for _ in range(40)]
    beside = landscape.beside(found, names)
    assert list(beside) == ["a", "b", "c"]
    assert all(shares[name] > 0.9 for name, shares in beside.items())
    assert all(sum(shares.values()) == pytest.approx(1) for shares in beside.values())


def test_the_same_library_has_the_same_map(rng: np.random.Generator) -> None:
    """Nothing is drawn by lot that is not drawn the same the next time."""
    embeddings = groups(rng, 10)
    assert landscape.layout(embeddings) == landscape.layout(embeddings)


def test_tracks_of_which_nothing_is_remembered_have_no_place(rng: np.random.Generator) -> None:
    """A track without an embedding, or with a foreign one, is left out; "don't know" is beside nothing."""
    embeddings = groups(rng, 10)
    embeddings[3], embeddings[7] = b"", b"\0" * 8
    found = landscape.layout(embeddings)
    assert [number for number, point in enumerate(found.points) if point is None] == [3, 7]
    assert "" not in landscape.beside(found, ["", *["x"] * 29])


def test_no_track_is_beside_itself() -> None:
    """Where every track's nearest one is of another genre, no genre is beside its own."""
    found = landscape.Landscape("by hand", points=((0.0, 0.5), (0.1, 0.5), (0.9, 0.5), (1.0, 0.5)))
    assert landscape.beside(found, ["a", "b", "b", "a"]) == {"a": {"b": 1.0}, "b": {"a": 1.0}}


def test_the_nearest_landmark_counts_most() -> None:
    """A track that sounds almost like one landmark, and little like the others, lies beside that one."""
    landmarks = np.vstack([np.zeros(6), 10 * np.eye(6)])
    places = np.vstack([[1.0, 0.0], np.zeros((6, 2))])
    (place,) = landscape._between(np.full((1, 6), 0.01), landmarks, places)
    assert place == pytest.approx([1, 0], abs=0.05)


@pytest.mark.parametrize("n_tracks", [2, 3, 9, 12])
def test_small_libraries_have_a_map(rng: np.random.Generator, n_tracks: int) -> None:
    """A few tracks are laid out by their principal components."""
    found = landscape.layout(groups(rng, 1, n_tracks))
    assert found.method == ("principal components" if n_tracks < 10 else "t-SNE")
    assert np.isfinite(places(found)).all()


@pytest.mark.parametrize("embeddings", [[], [b""], [b"\0\0\x80?"], [b"", b"", b""]])
def test_too_few_tracks_have_none(embeddings: list[bytes]) -> None:
    """What cannot be laid out is said."""
    found = landscape.layout(embeddings)
    assert (found.method, found.points, landscape.beside(found, [])) == ("", (), {})
    assert "fewer than two" in found.reason


def test_tracks_that_all_sound_the_same_have_none() -> None:
    """Copies of one track lie in no direction."""
    same = np.ones(20, np.float32).tobytes()
    assert "sound the same" in landscape.layout([same] * 15).reason


def test_copies_and_broken_numbers_do_no_harm(rng: np.random.Generator) -> None:
    """Many copies of a few tracks, and numbers that are none, still give places."""
    few = groups(rng, 1)
    broken = np.full(20, np.nan, np.float32).tobytes()
    assert np.isfinite(places(landscape.layout([*few * 8, broken]))).all()
