"""What a model learned from is known again by its audio."""

from __future__ import annotations

import dataclasses

import mutagen.flac
import numpy as np
import pytest
import soundfile

from tagger.errors import ModelError
from trainer import learned


@pytest.fixture
def songs(tmp_path, rng):
    """Three recordings."""
    paths = [tmp_path / f"{number}.flac" for number in range(3)]
    for path in paths:
        soundfile.write(path, rng.normal(0, 0.1, 4000), 22050)
    return paths


@pytest.fixture
def artefact(bundled, songs, tmp_path):
    """The bundled model, as if it had learned from the first two."""
    name = learned.write([*songs[:2], tmp_path / "gone.flac"], tmp_path)
    card = dataclasses.replace(bundled.card, checksums={**bundled.card.checksums, name: "sha256:0"})
    return dataclasses.replace(bundled, card=card, folder=tmp_path)


def test_a_recording_is_known_by_its_audio(artefact, songs):
    """Under another name and with other tags as well; what was never heard, or is gone, is not among them."""
    tags = mutagen.flac.FLAC(songs[0])
    tags["genre"] = ["Polka"] * 50
    tags.save()
    moved = songs[1].rename(songs[1].with_name("moved.flac"))
    assert learned.among(artefact, [songs[0], songs[1], moved, songs[2]]) == {songs[0], moved}


def test_the_list_tells_no_names(artefact):
    """An identity of 16 bytes a line, sorted."""
    lines = (artefact.folder / learned.FILE).read_text("ascii").split("\n")
    assert lines[-1] == ""
    assert [len(line) for line in lines[:-1]] == [32, 32]
    assert lines[:-1] == sorted(lines[:-1])


def test_a_model_that_does_not_tell_is_not_asked(bundled, songs, artefact):
    """None is another answer than none of these; a list that is no text is an error."""
    assert learned.among(bundled, songs) is None
    (artefact.folder / learned.FILE).write_bytes(np.arange(256, dtype=np.uint8).tobytes())
    with pytest.raises(ModelError, match="cannot be read"):
        learned.among(artefact, songs)
