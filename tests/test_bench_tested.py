"""What the tracks that tested a training tell of albums and of wrong tags."""

from pathlib import Path

import numpy as np
import pytest

from tagger.inference.artefact import Artefact
from tests.bench import albums, exchanged, joins, tested


@pytest.fixture
def table(tmp_path: Path, bundled: Artefact) -> Path:
    """Sixty artists with four tracks of one genre each, of which the model hears three clearly, and one not."""
    genres, rng = bundled.card.genres, np.random.default_rng(0)
    lines = [",".join(["file", "corpus", "group", "genre", "said", *genres])]
    for artist in range(60):
        genre = artist % len(genres)
        for track in range(4):
            heard = genre if track else (genre + 1) % len(genres)
            y_prob = rng.uniform(0, 0.01, len(genres))
            y_prob[heard] += 0.8 if track else 0.2
            y_prob[genre] += 0.0 if track else 0.15
            numbers = [f"{one:.6f}" for one in y_prob / y_prob.sum()]
            names = [f"{artist}-{track}.ogg", "own", f"artist:{artist}", genres[genre], genres[heard]]
            lines.append(",".join(names + numbers))
    path = tmp_path / "tracks-corpora.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_a_table_is_read_as_it_was_written(table: Path, bundled: Artefact) -> None:
    """Genres in their order, and verdicts with the strongest first."""
    read = tested.Tested.read(table)
    assert read.genres == bundled.card.genres
    assert read.y_prob.shape == (240, len(read.genres))
    first, second, *_ = read.scores(0)
    assert (first.genre, second.genre) == (read.genres[1], read.genres[0])


def test_the_vote_of_artists_is_told(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One track of four takes the genre of the others; among strangers of all genres none has a say."""
    albums.main(table)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "artists: 60 albums, 240 tracks; 0% have no say"
    assert "75.00 → 100.00  +25.00 (+25.00 to +25.00)" in lines[1]
    (strangers,) = (number for number, line in enumerate(lines) if line.startswith("8 artists: "))
    assert lines[strangers].endswith("100% have no say")
    assert "+0.00 (+0.00 to +0.00)" in lines[strangers + 1]
    assert lines[-1] == "8 artists of one genre: there are too few"


def test_exchanged_tags_are_found(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of clear tracks come first by far; where nothing was exchanged, none is said to be wrong."""
    monkeypatch.setattr(exchanged, "N_ROUNDS", 3)
    exchanged.main(table)
    head, both, *_, said = capsys.readouterr().out.splitlines()
    n_wrong = int(head.split(", ")[1].split()[0])
    assert 10 <= n_wrong <= 20
    assert float(both.split(": ")[1].split()[0]) >= 0.6 * n_wrong
    assert abs(int(said.split(": ")[1].split(",")[0]) - n_wrong) <= 0.5 * n_wrong
    monkeypatch.setattr(exchanged, "SHARE", 0.0)
    exchanged.main(table)
    assert "said to be wrong: 0, " in capsys.readouterr().out


def test_each_change_serves_one_join() -> None:
    """The first in the time after it; what comes before a join, or too late, is not found."""
    assert joins.delays([12.0, 13.0, 29.0, 55.0], [10.0, 11.0, 30.0, 50.0], 8.0) == [2.0, 2.0, 5.0]
