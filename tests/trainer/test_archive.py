"""The images of a recipe in one HDF5 file are those that its network sees."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from tagger.errors import OutputError, SettingsError
from tests.trainer import material
from trainer import corpora, recipes
from trainer.data import archive, inputs
from trainer.data import material as materials
from trainer.data.material import Material
from trainer.network import image
from trainer.progress import Quiet
from trainer.recipe import Recipe


def prepared(recipe: Recipe, root: Path) -> Material:
    """Three genres of five artists each, as a recipe hears them."""
    folder = material.folder(root / "music", np.random.default_rng(5), n_clips=10)
    corpus = corpora.load(f"folder:{folder}", data=None, cache=root)
    return materials.prepare(corpus, recipe.smoke(), root / "cache", Quiet(), jobs=1)[0]


def test_the_archive_holds_every_window_as_it_is_seen(tmp_path: Path) -> None:
    """Images, genres, tracks and sides are those of the windows, in order."""
    data = prepared(recipes.find("arrigo2025-yolov8-4"), tmp_path)
    n_images = archive.write(data, tmp_path / "images.h5", Quiet())
    heard = inputs.cut(data.clips, data.recipe)
    paint = image.painter(data.recipe.front_end, data.recipe.window_frames, size=64)
    with h5py.File(tmp_path / "images.h5") as found:
        assert n_images == len(found["images"]) == len(heard.frames)
        assert list(found.attrs["genres"]) == list(data.genres)
        np.testing.assert_array_equal(found["tracks"], heard.clips)
        np.testing.assert_array_equal(found["targets"], [data.clips[index].target for index in heard.clips])
        np.testing.assert_allclose(found["images"][()] / 255, paint(heard.frames), atol=0.51 / 255)
        sides = np.asarray(found["sides"])
    for number, side in enumerate((data.split.train, data.split.validation, data.split.test)):
        assert set(heard.clips[sides == number]) == set(side)
    assert [file.name for file in tmp_path.glob("*images*")] == ["images.h5"]
    assert archive.write(data, tmp_path / "images.h5", Quiet()) == n_images  # our own are replaced


def test_a_foreign_archive_is_not_replaced(tmp_path: Path) -> None:
    """Nor is another HDF5 file, nor a damaged one; an empty file is nobody's loss."""
    recipe = recipes.find("arrigo2025-yolov8-4")
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other.create_dataset("images", (1,))
    whole = (tmp_path / "other.h5").read_bytes()
    (tmp_path / "torn.h5").write_bytes(whole[:100])
    (tmp_path / "song.mp3").write_bytes(b"ID3")
    for name in ("other.h5", "torn.h5", "song.mp3"):
        with pytest.raises(OutputError, match="exists, and is no file of images of tagger") as caught:
            archive.check(recipe, tmp_path / name)
        assert "name another file" in caught.value.hint
    (tmp_path / "empty.h5").touch()
    archive.check(recipe, tmp_path / "empty.h5")


def test_recipes_without_images_have_no_archive(tmp_path: Path) -> None:
    """One sentence, and no file."""
    with pytest.raises(SettingsError, match="does not learn from images"):
        archive.write(prepared(recipes.find("li2025-knn"), tmp_path), tmp_path / "images.h5", Quiet())
    assert not list(tmp_path.glob("*.h5*"))
