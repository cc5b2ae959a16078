"""What the vote of an album changes, where artists with several tracks stand for albums.

python -m tests.bench.albums TRACKS.csv

TRACKS.csv is the table of a run folder that tells what was said of each tested track, such as
`tracks-corpora.csv`. Every artist with two tracks and more is taken for an album.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagger import albums
from tagger.sinks.audit.findings import SURE
from tests.bench.tested import Tested
from trainer.intervals import Draws, interval

_LEAST = 1e-9
_SIZES = (4, 8)
Albums = list[NDArray[np.intp]]


def of_artists(tested: Tested) -> Albums:
    """The tracks of each artist with two and more."""
    names, counts = np.unique(tested.groups, return_counts=True)
    several = [name for name, n in zip(names, counts, strict=True) if n > 1 and name.startswith("artist:")]
    return [np.flatnonzero(tested.groups == name) for name in several]


def of_strangers(tested: Tested, size: int, *, of_one_genre: bool) -> Albums:
    """As many albums as can be made of one track each of different artists, always the same ones."""
    rng = np.random.default_rng(1)
    names = [name for name in np.unique(tested.groups) if name.startswith("artist:")]
    one_each = rng.permutation([rng.choice(np.flatnonzero(tested.groups == name)) for name in names])
    kinds = tested.y_true[one_each] if of_one_genre else np.zeros(len(one_each), np.intp)
    found: Albums = []
    for kind in np.unique(kinds):
        alike = one_each[kinds == kind]
        found += [alike[first : first + size] for first in range(0, len(alike) - size + 1, size)]
    return found


def voted(tested: Tested, tracks: NDArray[np.intp]) -> tuple[NDArray[np.float64], bool]:
    """Probabilities of the tracks of an album after its vote, shape (n_tracks, n_genres), and if it had one."""
    own = [tested.scores(index) for index in tracks]
    if albums.judge("", own).reason:
        return tested.y_prob[tracks], False
    helped = [{score.genre: score.probability for score in scores} for scores in albums.helped(own)]
    return np.array([[one[genre] for genre in tested.genres] for one in helped]), True


def told(tested: Tested, found: Albums, name: str) -> list[str]:
    """What the vote changes, as lines."""
    if not found:
        return [f"{name}: there are too few"]
    tracks, album = np.concatenate(found), np.repeat(np.arange(len(found)), [len(one) for one in found])
    answers = [voted(tested, one) for one in found]
    y_true, before, after = (
        tested.y_true[tracks],
        tested.y_prob[tracks],
        np.concatenate([y for y, _ in answers]),
    )
    draws, rows = Draws(album), np.arange(len(tracks))
    right, written, loss = [], [], []
    for y_prob in (before, after):
        is_right, is_sure = y_prob.argmax(axis=1) == y_true, y_prob.max(axis=1) >= SURE
        right.append(draws.means(is_right))
        written.append(draws.sums(is_right & is_sure) / np.maximum(draws.sums(is_sure), 1))
        loss.append(draws.means(-np.log(np.maximum(y_prob[rows, y_true], _LEAST))))
    n_alone = sum(not has_say for _, has_say in answers)
    lines = [f"{name}: {len(found)} albums, {len(tracks)} tracks; {n_alone / len(found):.0%} have no say"]
    for what, (own, vote), scale in (
        ("right, %", right, 100),
        ("right of those at 0.5, %", written, 100),
        ("cross-entropy", loss, 1),
    ):
        gain = interval(scale * (vote - own))
        change = f"{gain.value:+.2f} ({gain.low:+.2f} to {gain.high:+.2f})"
        lines.append(f"  {what:<26}{scale * own[0]:6.2f} → {scale * vote[0]:6.2f}  {change}")
    return lines


def main(table: Path) -> None:
    """Print what the vote changes for albums by one artist, of strangers, and of strangers of one genre."""
    tested = Tested.read(table)
    print(*told(tested, of_artists(tested), "artists"), sep="\n")
    for size in _SIZES:
        for of_one_genre in (False, True):
            name = f"{size} artists{' of one genre' if of_one_genre else ''}"
            print(*told(tested, of_strangers(tested, size, of_one_genre=of_one_genre), name), sep="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1])) if len(sys.argv) == 2 else sys.exit(__doc__)
