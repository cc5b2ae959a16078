"""Recipes are whole, plain data, and only their own numbers can be changed, into others of the kind."""

from __future__ import annotations

import dataclasses
import json
import typing

import pytest

from tagger.errors import SettingsError
from trainer import changes, classical, network, recipes
from trainer.recipe import Phase

BUILDERS = {"network": network.NETWORKS, "classical": classical.KINDS}


def changed(*assignments, name="cnn"):
    """A recipe with other numbers."""
    return changes.changed(recipes.find(name), assignments)


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_every_recipe_is_sound(name):
    """Its network exists, its windows lie in a row without gaps, and its numbers survive JSON."""
    for recipe in (recipes.find(name), recipes.find(name).smoke()):
        assert recipe.learner == "wav2vec2" or recipe.network in BUILDERS[recipe.learner]
        assert 1 <= recipe.hop_frames <= recipe.window_frames
        assert sum(recipe.shares) == pytest.approx(1)
        for phase in recipe.fitting.all_phases:
            assert recipe.fitting.warmup_epochs < phase.epochs
        assert json.loads(json.dumps(recipe.as_dict()))["window_frames"] == recipe.window_frames
        assert set(recipe.smoke_parameters) <= set(recipe.smoke().network_parameters)


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_a_small_recipe_trains_for_two_steps(name):
    """Two batches of the same kind of windows, once for every phase; it is named as what it is."""
    recipe, small = recipes.find(name), recipes.find(name).smoke()
    assert small.name == f"{name}-smoke"
    assert (small.sampling.windows_per_epoch, small.fitting.batch_size) == (8, 4)
    assert len(small.fitting.all_phases) == len(recipe.fitting.all_phases)
    assert {phase.epochs for phase in small.fitting.all_phases} == {1}
    for part in ("front_end", "window_frames", "hop_frames", "learner", "network", "augmentation", "quantise"):
        assert getattr(small, part) == getattr(recipe, part)


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_what_a_paper_reports_is_told(name):
    """A recipe of a published system names its study; what it reports are shares, and each note a sentence."""
    recipe = recipes.find(name)
    assert recipe.reported is None or recipe.reported.study.replace("ć", "c").lower().split()[0] in name
    assert recipe.reported is None or all(0 < score <= 1 for score in recipe.reported.scores.values())
    assert all(note[0].isupper() and not note.endswith(".") for note in recipe.notes)


@pytest.mark.parametrize("name", [one.name for one in recipes.RECIPES.values() if one.ablations])
def test_what_ingredients_are_worth_was_measured_by_changes_that_can_be_made(name):
    """Each takes one thing away, by options that train, and has a place in its interval."""
    recipe = recipes.find(name)
    for one in recipe.ablations:
        option, word = one.instead.split()
        if option == "--set":
            other = changes.changed(recipe, [word])
            changes.check(other)
            assert other != recipe
        elif option == "--recipe":
            assert recipes.find(word) != recipe
        else:
            assert (option, word) == ("--weights", "none")
        assert one.protocol in ("corpora", "kfold:5")
        for value, low, high in (one.accuracy, one.macro_f1):
            assert -1 < low <= value <= high < 1


def test_names_of_models_differ():
    """No recipe overwrites the model of another."""
    assert {recipe.name: recipe for recipe in recipes.RECIPES.values()} == recipes.RECIPES
    assert sum(len(file.RECIPES) for file in recipes._FILES) == len(recipes.RECIPES)


def test_a_recipe_cannot_be_changed():
    """A run cannot alter its recipe by accident."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipes.find("default").seed = 1


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("nonesuch", "--list"),
        ("defualt", "default"),
        ("vukotic2025", "vukotic2025-cnn"),
        ("li2025-net", "li2025-knn"),
        ("2025-vgg", "sanjeev2025-vgg"),
    ],
)
def test_an_unknown_recipe_is_refused_with_those_that_are_near(name, hint):
    """The hint names the recipes that are spelled alike, else how to see all."""
    with pytest.raises(SettingsError, match=f"^{name}: no such recipe") as caught:
        recipes.find(name)
    assert hint in caught.value.hint


def test_numbers_can_be_changed():
    """Of the recipe, of its groups, and of its network, new ones too; the others stay as they are."""
    numbers = ("fitting.epochs=5", "seed=3", "fitting.learning_rate=1", "shares=[0.8,0.1,0.1]")
    recipe = changed(*numbers)
    assert (recipe.fitting.epochs, recipe.seed, recipe.shares) == (5, 3, (0.8, 0.1, 0.1))
    assert isinstance(recipe.fitting.learning_rate, float)
    usual = ("fitting.epochs=60", "seed=0", "fitting.learning_rate=3e-3", "shares=[0.6,0.2,0.2]")
    assert changed(*numbers, *usual) == recipes.find("cnn")
    other = changed("network_parameters.channels=[8, 16]").network_parameters
    assert other == {"channels": (8, 16)}
    green = changed("network_parameters.colour=green", name="vukotic2025-cnn").network_parameters
    assert green == recipes.find("vukotic2025-cnn").network_parameters | {"colour": "green"}
    assert changed("front_end.n_mels=64").front_end.n_mels == 64
    assert changed('genres=["Jazz", "Folk"]').genres == ("Jazz", "Folk")
    assert changed("fitting.least_score=0.9", "fitting.least_score=null").fitting.least_score is None


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("fitting.epochs", "no value"),
        ("nonesuch=1", "has no nonesuch"),
        ("fitting.nonesuch=1", "has no nonesuch"),
        ("fitting=1", "fitting is a group"),
        ("network_parameters=1", "network_parameters is a group"),
        ("seed.part=1", "seed has no parts"),
        ("fitting.epochs=many", "is of another kind than 60"),
        ("fitting.epochs=2.5", "is of another kind than 60"),
        ("seed=true", "is of another kind than 0"),
        ("fitting.learning_rate=true", "is of another kind than 0.003"),
        ("front_end.n_mels=0", "out of range"),
        ("front_end.sample_rate=null", "None is of another kind than 22050"),
        ("fitting.learning_rate=NaN", "is of another kind than 0.003"),
        ("fitting.learning_rate=1e999", "is of another kind than 0.003"),
        (f"fitting.learning_rate=1{'0' * 400}", "too large"),
        ("shares=[1,2]", "(1, 2) is of another kind than (0.6, 0.2, 0.2)"),
        ('shares=[0.6,0.2,"0.2"]', "is of another kind"),
        ("genres=5", "5 is of another kind than None"),
        ("fitting.phases=[[5,0.1]]", "is of another kind than ()"),
        ("reported=good", "is of another kind than None"),
        ("fitting.optimizer=foo", "'foo' is not known"),
        ("fitting.monitor=foo", "'foo' is not known"),
        ("fitting.schedule=5", "5 is not known"),
        ("sampling.mode=foo", "'foo' is not known"),
        ("quantise=foo", "'foo' is not known"),
        ("learner=foo", "'foo' is not known"),
        ("front_end.kind=foo", "'foo' is not known"),
        ("front_end.norm=foo", "'foo' is not known"),
        ("=1", "has no "),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(assignment, message):
    """The sentence begins with the words of the user."""
    with pytest.raises(SettingsError) as caught:
        changed(assignment)
    assert caught.value.message.startswith(f"{assignment}: ")
    assert message in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("assignment", "hint"),
    [
        ("quantise=foo", "none, float16, int8"),
        ("shares=[1,2]", "[0.6, 0.2, 0.2]"),
        ("selection.most=all", "a whole number or null"),
        ("genres=Jazz", "a list or null"),
    ],
)
def test_a_value_of_another_kind_is_answered_with_what_helps(assignment, hint):
    """The words there are, or a value as it is written on the command line."""
    with pytest.raises(SettingsError) as caught:
        changed(assignment)
    assert hint in caught.value.hint


def test_scores_of_a_paper_stay_numbers():
    """The parts of a table are of its kind."""
    with pytest.raises(SettingsError, match="is of another kind"):
        changed("reported.scores.accuracy=good", name="li2025-knn")


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_every_recipe_can_be_trained_by(name):
    """It passes the check, small or not, and each of its numbers is of the kind its field promises."""
    for recipe in (recipes.find(name), recipes.find(name).smoke()):
        changes.check(recipe)
        parts = (recipe, recipe.front_end, recipe.selection, recipe.sampling, recipe.augmentation)
        for part in (*parts, recipe.fitting, *recipe.fitting.phases, *recipe.variants):
            for field, kind in typing.get_type_hints(type(part)).items():
                assert changes.fits(getattr(part, field), kind), field


@pytest.mark.parametrize("learner", BUILDERS)
def test_every_network_has_a_recipe(learner):
    """So that the networks of recipes are those that are known, without a library being loaded."""
    used = {recipe.network for recipe in recipes.RECIPES.values() if recipe.learner == learner}
    assert used == set(BUILDERS[learner])


@pytest.mark.parametrize(
    "wrong",
    [
        "name=../other",
        "name=",
        "name=..",
        "window_frames=0",
        "hop_frames=0",
        "min_examples=0",
        "seed=-1",
        "seed=4294967296",
        "threshold=1.5",
        "shares=[0.5,0.5,0.5]",
        "shares=[1.2,-0.1,-0.1]",
        "selection.n_genres=1",
        "sampling.windows_per_epoch=-1",
        "augmentation.time_masks=-1",
        "augmentation.stretch=1",
        "augmentation.floor_share=1.1",
        "augmentation.floor_db=[0,-20]",
        "augmentation.repeat_seconds=[0,2]",
        "fitting.batch_size=0",
        "fitting.batch_size=-3",
        "fitting.epochs=0",
        "fitting.learning_rate=0",
        "fitting.learning_rate=-1",
        "fitting.plateau_factor=1",
        "fitting.plateau_patience=0",
        "fitting.label_smoothing=-0.1",
        "fitting.inner_folds=1",
        "front_end.amin=1e-60",
        "front_end.win_length=1",
        "front_end.n_mels=2000",
        "front_end.n_mels=1000",
        "front_end.hop_length=1",
        "window_frames=1000000000",
        "hop_frames=129",
        "network=foo",
    ],
)
def test_a_number_out_of_range_is_refused(wrong):
    """By its full name, with what it must be."""
    with pytest.raises(SettingsError) as caught:
        changes.check(changed(wrong))
    assert caught.value.message.startswith(f"{wrong.partition('=')[0]}=")
    assert "\n" not in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    "right",
    [
        "name=my model",
        "shares=[0.34,0.33,0.33]",
        "hop_frames=128",
        "selection.n_genres=null",
        "fitting.inner_folds=0",
        "fitting.least_score=-1",
        "augmentation.floor_db=[-20,-20]",
        "augmentation.low_pass_least=1",
        "front_end.norm=null",
    ],
)
def test_numbers_at_their_bounds_are_taken(right):
    """The ranges hold what makes sense."""
    changes.check(changed(right))


@pytest.mark.parametrize("edges", [("fmin=11024",), ("fmax=1",), ("n_fft=512", "win_length=0")])
def test_bands_without_a_bin_are_refused(edges):
    """A mel band hears nothing where the spectrum is coarser than it."""
    with pytest.raises(SettingsError, match="too narrow to hear anything"):
        changes.check(changed(*(f"front_end.{edge}" for edge in edges), "front_end.n_mels=200"))


def test_networks_are_those_of_the_learner():
    """A learner with the network of another is refused, with its own as a hint."""
    changes.check(changed("learner=classical", "network=knn"))
    with pytest.raises(SettingsError, match=r"^network=cnn: there is none for the learner classical") as caught:
        changes.check(changed("learner=classical"))
    assert caught.value.hint == "it has knn, random_forest, xgboost"


@pytest.mark.parametrize("name", ["jitter.nonesuch.deep", "size.deep", "nonesuch.deep"])
def test_parameters_of_networks_have_the_parts_they_have(name):
    """A part of a number, and of what is not there, is refused; a part of a group is changed."""
    with pytest.raises(SettingsError, match="has no parts"):
        changed(f"network_parameters.{name}=1", name="vukotic2025-cnn")
    jitter = changed("network_parameters.jitter.noise=1", name="vukotic2025-cnn").network_parameters["jitter"]
    assert jitter == recipes.find("vukotic2025-cnn").network_parameters["jitter"] | {"noise": 1}


def test_a_recipe_without_phases_has_one():
    """It trains all layers, for the epochs and at the rate of the recipe."""
    fitting = recipes.find("cnn").fitting
    assert fitting.all_phases == (Phase(fitting.epochs, fitting.learning_rate),)
