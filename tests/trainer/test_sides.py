"""What a model met is known again by its encoded audio."""

from __future__ import annotations

import dataclasses

import mutagen.flac
import numpy as np
import pytest
import soundfile

from tagger.errors import ModelError
from trainer import sides


@pytest.fixture
def songs(tmp_path, rng):
    """Three recordings."""
    paths = [tmp_path / f"{number}.flac" for number in range(3)]
    for path in paths:
        soundfile.write(path, rng.normal(0, 0.1, 4000), 22050)
    return paths


@pytest.fixture
def artefact(bundled, songs, tmp_path):
    """The bundled model, as if it had learned from the first and been tested on the second."""
    side_of = {songs[0]: "train", songs[1]: "test", tmp_path / "gone.flac": "validation"}
    name = sides.write(side_of, tmp_path)
    card = dataclasses.replace(bundled.card, checksums={**bundled.card.checksums, name: "sha256:0"})
    return dataclasses.replace(bundled, card=card, folder=tmp_path)


def test_a_recording_is_known_by_its_audio(artefact, songs):
    """Under another name and with other tags as well; what was never heard, or is gone, is not among them."""
    tags = mutagen.flac.FLAC(songs[0])
    tags["genre"] = ["Polka"] * 50
    tags.save()
    moved = songs[1].rename(songs[1].with_name("moved.flac"))
    assert sides.of(artefact, [songs[0], songs[1], moved, songs[2]]) == {songs[0]: "train", moved: "test"}


def test_the_list_tells_no_names(artefact):
    """An identity of 16 bytes and a side a line, sorted."""
    lines = (artefact.folder / sides.FILE).read_text("ascii").split("\n")
    assert lines[-1] == ""
    assert sorted(line[32:] for line in lines[:-1]) == [" test", " train"]
    assert lines[:-1] == sorted(lines[:-1])


def test_a_model_that_does_not_tell_is_not_asked(bundled, songs, artefact):
    """None is another answer than none of these; a list that is no text is an error."""
    assert sides.of(bundled, songs) is None
    (artefact.folder / sides.FILE).write_bytes(np.arange(256, dtype=np.uint8).tobytes())
    with pytest.raises(ModelError, match="cannot be read") as caught:
        sides.of(artefact, songs)
    assert caught.value.hint


@pytest.mark.parametrize("text", ["one\n", "00 train test\n", "00 kitchen\n", "\n"])
def test_a_damaged_list_is_refused(artefact, songs, text):
    """A line that is not an identity and a side is one sentence, with a hint."""
    (artefact.folder / sides.FILE).write_text(text)
    with pytest.raises(ModelError, match="damaged: not an identity and a side in each line") as caught:
        sides.of(artefact, songs)
    assert caught.value.hint
