"""The training loop trains what it is told to, keeps the best weights, and survives being stopped."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest

from tagger.errors import SettingsError
from tests.trainer import easy
from trainer.learner import Batch
from trainer.network import steps
from trainer.network.fitting import Network
from trainer.network.partial_labels import PartialLabels
from trainer.recipe import Phase

ROUGH = {"ema_momentum": 0.0, "schedule": "constant"}
"""Judged and kept are the weights of the last step."""


def weights(learner):
    """All weights by layer."""
    return {layer.name: layer.get_weights() for layer in learner.model.layers if layer.weights}


def changed(before, after):
    """Names of the layers of which any weight differs in any bit."""
    return {name for name in before if not all(map(np.array_equal, before[name], after[name]))}


def norms(learner):
    """Names of the layers of batch normalisation."""
    return {one.name for one in learner.model.layers if isinstance(one, keras.layers.BatchNormalization)}


class Judged:
    """A judge that gives these scores in turn, and remembers what it saw."""

    def __init__(self, learner, *scores):
        self.learner, self.scores = learner, scores
        self.ends, self.weights = [], []

    def __call__(self, end):
        """The score of this epoch, the last one again once there is no other."""
        self.ends.append(end)
        self.weights.append(weights(self.learner))
        return self.scores[min(end.number, len(self.scores)) - 1]


def judged(recipe, folder, *scores, supply=None):
    """A network that has learned under such a judge, and the judge."""
    learner = Network(recipe, 2)
    judge = Judged(learner, *scores)
    assert learner.fit(supply or easy.Supply(), judge, folder)
    return learner, judge


def test_the_best_weights_are_kept_and_patience_ends_training(tmp_path):
    """The network ends with the weights of the epoch that the judge liked best."""
    learner, judge = judged(easy.recipe(epochs=9, patience=2), tmp_path, 0.1, 0.9, 0.5)
    assert [end.number for end in judge.ends] == [1, 2, 3, 4]
    assert not changed(judge.weights[1], weights(learner))


def test_below_the_least_score_nothing_is_best(tmp_path):
    """Where no epoch reaches it the last weights stay; where one does its weights stay."""
    for least_score, kept in ((0.95, 3), (0.8, 1)):
        settings = easy.recipe(epochs=4, least_score=least_score)
        learner, judge = judged(settings, tmp_path / str(kept), 0.1, 0.9, 0.5, 0.4)
        assert not changed(judge.weights[kept], weights(learner))


class Watched(easy.Supply):
    """Remembers whether windows were to be changed."""

    def batch(self, epoch, number, *, changed=True):
        """The same either way."""
        self.asked = getattr(self, "asked", set()) | {(epoch, changed)}
        return super().batch(epoch, number, changed=changed)


def test_a_phase_may_ask_for_windows_as_they_are(tmp_path):
    """The supply is told in each phase what that phase asks for."""
    phases = (Phase(1, 1e-3, changed=False), Phase(1, 1e-3))
    supply = Watched()
    judged(easy.recipe(phases=phases), tmp_path, 0.1, 0.2, supply=supply)
    assert supply.asked == {(0, False), (1, True)}


def test_a_phase_may_teach_a_part_of_the_network(tmp_path):
    """The loss sees that part's logits alone: layers beyond it stay; a layer that is not there is refused."""
    learner = Network(easy.recipe(), 2)
    with pytest.raises(SettingsError, match="nonesuch: the network cnn has no such layer"):
        Network(easy.recipe(phases=(Phase(1, 1e-3, output="nonesuch"),)), 2).fit(
            easy.Supply(), easy.rising, tmp_path / "none"
        )
    n_units = int(learner.model.get_layer("embedding").output.shape[-1])
    recipe = easy.recipe(phases=(Phase(1, 1e-3, output="embedding"),), ema_momentum=0.0)
    part = Network(recipe, n_units)
    before = {layer.name: layer.get_weights() for layer in part.model.layers}
    supply = Wide(n_genres=n_units)
    assert part.fit(supply, easy.rising, tmp_path / "part")
    now = {
        layer.name: all(map(np.array_equal, layer.get_weights(), before[layer.name]))
        for layer in part.model.layers
        if layer.weights
    }
    assert now.pop("logits")
    assert not now["embedding"]
    assert not now["stem"]


@dataclasses.dataclass
class Wide(easy.Supply):
    """Targets of more genres than there are."""

    n_genres: int = 2

    def batch(self, epoch, number, *, changed=True):
        """None but the first two is ever right."""
        one = super().batch(epoch, number, changed=changed)
        beyond = np.zeros((len(one.targets), self.n_genres - 2), np.float32)
        return dataclasses.replace(one, targets=np.concatenate([one.targets, beyond], axis=1))


ABOVE = {"trainable": "logits", "above": "embedding", "changed": False}
"""A phase that learns from what the layer before the last says of windows."""


class Listed(easy.Supply):
    """Notes which windows were asked for."""

    def windows(self, numbers):
        """The same as ever."""
        self.asked = np.append(getattr(self, "asked", []), np.unique(numbers))
        return super().windows(numbers)


def test_above_a_layer_a_phase_learns_what_it_learns_from_windows(tmp_path):
    """The same steps change the weights in the same way, for the layers below stay as they are."""
    surely = {**easy.SMALL.network_parameters, "dropout": 0.0}
    phases = {"windows": Phase(3, 1e-2, "logits", changed=False), "above": Phase(3, 1e-2, **ABOVE)}
    learned = {}
    for name, phase in phases.items():
        recipe = dataclasses.replace(easy.recipe(phases=(phase,), **ROUGH), network_parameters=surely)
        learned[name] = weights(easy.fitted(recipe, tmp_path / name, supply=FromList()))
    start = weights(Network(recipe, 2))
    assert changed(start, learned["above"]) == {"logits"}
    for one, other in zip(learned["windows"]["logits"], learned["above"]["logits"], strict=True):
        assert one == pytest.approx(other, abs=1e-5)


class FromList(easy.Supply):
    """Its batches are those that it draws from its windows."""

    def batch(self, epoch, number, *, changed=True):
        """The windows whose numbers are drawn; there is nothing random in them."""
        drawn = self.drawn(epoch, number)
        return Batch(self.windows(drawn.numbers), drawn.targets, drawn.weights)

    def everything(self):
        """Those of a plain supply."""
        return easy.Supply().everything()


def test_phases_above_the_same_layer_hear_each_window_once(tmp_path):
    """However many epochs they have, and none that is not drawn; what was mixed still teaches the genres."""
    supply = Listed()
    phases = (Phase(2, 1e-2, **ABOVE), Phase(30, 3e-2, mixup=0.4, **ABOVE))
    learner = easy.fitted(easy.recipe(phases=phases, **ROUGH), tmp_path, supply=supply)
    assert sorted(supply.asked) == list(range(supply.n_windows))
    assert easy.accuracy(learner) == 1
    few = Listed(n_batches=1)
    easy.fitted(easy.recipe(phases=(Phase(1, 1e-2, **ABOVE),)), tmp_path / "few", supply=few)
    drawn = set(few.drawn(0, 0).numbers.tolist())
    assert sorted(few.asked) == sorted(drawn)
    assert len(drawn) < few.n_windows


@pytest.mark.parametrize(
    ("phase", "message"),
    [
        (Phase(1, 1e-2, above="nonesuch", changed=False), "nonesuch: the network cnn has no such layer"),
        (Phase(1, 1e-2, "logits", above="embedding"), "above=embedding: .* these cannot change"),
        (Phase(1, 1e-2, prune=0.5, **ABOVE), "above=embedding: .* nothing can be pruned"),
        (Phase(1, 1e-2, mixup=0.4), "mixup=0.4: a phase that learns from windows"),
        (Phase(1, 1e-2, settle_norms=True), "settle_norms: only what is computed once has statistics"),
        (Phase(1, 1e-2, settle_norms=True, freeze_norms=True, **ABOVE), "settle_norms: freeze_norms keeps"),
        (Phase(1, 1e-2, settle_norms=True, **ABOVE), "settle_norms: no layer that the phase trains"),
        (Phase(1, 1e-2, judged_every=0), "judged_every=0: out of range"),
        (Phase(1, 1e-2, above="embedding", changed=False), "above=embedding: .* lies below it and would learn"),
        (
            Phase(1, 1e-2, "nothing", above="logits", output="embedding", changed=False),
            "output=embedding: does not follow from logits",
        ),
    ],
)
def test_what_a_phase_cannot_do_is_refused_before_it_begins(tmp_path, phase, message):
    """What would be trained for nothing, or not as it says."""
    with pytest.raises(SettingsError, match=message):
        Network(easy.recipe(phases=(phase,)), 2).fit(easy.Supply(), easy.rising, tmp_path)


def test_what_a_layer_says_is_heard_anew_once_it_may_have_changed(tmp_path):
    """A phase between two others changes what both learn above."""
    above = Phase(2, 1e-2, **ABOVE)
    supply = Listed()
    easy.fitted(easy.recipe(phases=(above, above, Phase(1, 1e-2), above), **ROUGH), tmp_path, supply=supply)
    drawn = [
        {int(one) for epoch in epochs for number in range(6) for one in supply.drawn(epoch, number).numbers}
        for epochs in (range(4), range(5, 7))
    ]
    assert sorted(supply.asked) == sorted([*drawn[0], *drawn[1]])


def test_a_mix_of_what_was_heard_teaches_the_same_mix(tmp_path):
    """Each row is a mix of two, targets and weights alike, and the seed decides which."""
    network, phase = Network(easy.SMALL, 2), Phase(1, 1e-2, **ABOVE)
    supply = easy.Supply(swapped=0.5, weight_of_swapped=0.25)
    features = steps.Features(network.model, phase, supply)
    features.hear(0)
    plain, mixed = (steps.of_features(features, supply, 0, mixup, 0) for mixup in (0.0, 0.4))
    again = steps.of_features(features, supply, 0, 0.4, 0)
    assert all(map(np.array_equal, mixed, again))
    rows, others = (np.column_stack(one) for one in (plain, mixed))
    assert not np.allclose(rows, others)
    for row, other in zip(rows, others, strict=True):
        shares = [np.linalg.lstsq((row - one)[:, None], other - one, rcond=None) for one in rows]
        left = [
            np.abs(one + (row - one) * share[0] - other).max() for one, share in zip(rows, shares, strict=True)
        ]
        assert min(left) < 1e-5


def test_an_interrupt_keeps_what_no_judgement_has_seen(tmp_path):
    """Of a phase that was not judged yet, the last weights stay where no score is good enough."""
    phases = (Phase(1, 1e-2, "embedding|logits"), Phase(9, 1e-2, judged_every=9, **ABOVE))
    learner, seen = Network(easy.recipe(phases=phases, least_score=9.0, **ROUGH), 2), []
    assert not learner.fit(Stopped(), lambda end: seen.append(weights(learner)) or 0.0, tmp_path)
    assert len(seen) == 1
    assert changed(seen[0], weights(learner)) == {"logits"}


class Stopped(easy.Supply):
    """The user interrupts the fourth epoch."""

    def drawn(self, epoch, number):
        """Until then all is well."""
        if epoch == 3:
            raise KeyboardInterrupt
        return super().drawn(epoch, number)


def test_epochs_are_judged_as_often_as_a_phase_says(tmp_path):
    """The last one of a phase always is; the best of those that were judged is kept."""
    phases = (Phase(5, 1e-3, judged_every=2), Phase(3, 1e-3, judged_every=9))
    learner, judge = judged(easy.recipe(phases=phases), tmp_path, 0.1, 0.5, 0.1, 0.9, 0.2, 0.1, 0.1, 0.3)
    assert [end.number for end in judge.ends] == [2, 4, 5, 8]
    assert not changed(judge.weights[1], weights(learner))


def test_the_mean_of_weights_is_judged_and_kept(tmp_path):
    """It is neither the last weights nor their plain mean, and statistics of norms are averaged too."""
    (_, mean), (_, last) = (
        judged(easy.recipe(epochs=1, schedule="constant", ema_momentum=momentum), tmp_path / str(momentum), 1)
        for momentum in (0.9, 0.0)
    )
    assert changed(mean.weights[0], last.weights[0]) == set(last.weights[0])


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("constant", [1, 1, 1, 1, 1, 1]),
        ("plateau", [1, 1, 1, 0.5, 0.5, 0.25]),
        ("cosine", [1, 0.905, 0.658, 0.352, 0.105, 0.01]),
    ],
)
def test_the_rate_follows_its_schedule(tmp_path, schedule, expected):
    """Constant, halved after two epochs without a better score, or risen in one epoch and then a cosine."""
    settings = {"plateau_factor": 0.5, "plateau_patience": 2, "epochs": 6}
    _, judge = judged(easy.recipe(schedule=schedule, **settings), tmp_path, 0.5)
    rates = [end.learning_rate / easy.SMALL.fitting.learning_rate for end in judge.ends]
    assert rates == pytest.approx(expected, abs=1e-3)


def test_a_better_score_puts_the_plateau_off(tmp_path):
    """Epochs without a better score are counted anew."""
    settings = {"schedule": "plateau", "plateau_patience": 2, "epochs": 6}
    _, judge = judged(easy.recipe(**settings), tmp_path, 0.5, 0.4, 0.6, 0.6)
    rates = [end.learning_rate / easy.SMALL.fitting.learning_rate for end in judge.ends]
    assert rates == pytest.approx([1, 1, 1, 1, 1, 0.5])


def test_what_weighs_nothing_teaches_nothing(tmp_path):
    """Half of the windows with a wrong genre and no weight change no bit; with their weight they do."""
    right, silent, loud = (
        easy.fitted(easy.recipe(epochs=1), tmp_path / str(number), supply=supply)
        for number, supply in enumerate(
            [easy.Supply(swapped=0.5, weight_of_swapped=0), None, easy.Supply(swapped=0.5)]
        )
    )
    told_right = dataclasses.replace(easy.Supply(swapped=0.5, weight_of_swapped=0))
    assert changed(weights(silent), weights(loud))
    assert (
        easy.accuracy(right) == easy.accuracy(easy.fitted(easy.SMALL, tmp_path / "x", supply=told_right)) == 1
    )


GENRE, PAIR, TRIPLE = np.eye(4)[2], np.array([0.5, 0, 0.5, 0]), np.array([1, 1, 0, 1]) / 3


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_loss_of_mixed_windows_is_the_mix_of_their_losses(rng, share):
    """Of a genre the cross-entropy, of a set the logarithm of its total probability."""
    logits = rng.normal(size=(1, 4)).astype(np.float32)
    log_prob = (logits - np.log(np.exp(logits).sum()))[0]
    of_genre, of_set = -log_prob[2], -np.log(np.exp(log_prob)[TRIPLE > 0].sum())
    row = [*share * GENRE + (1 - share) * TRIPLE, *(1 - share) * TRIPLE]
    loss = PartialLabels(0.0)(np.array([row], np.float32), logits)
    assert float(loss) == pytest.approx(share * of_genre + (1 - share) * of_set, abs=1e-5)


def test_without_sets_the_loss_is_the_cross_entropy(rng):
    """Of soft targets too, and smoothed alike."""
    targets = np.stack([GENRE, PAIR]).astype(np.float32)
    logits = rng.normal(size=(2, 4)).astype(np.float32)
    cross_entropy = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    loss = PartialLabels(0.1)(np.concatenate([targets, 0 * targets], axis=1), logits)
    assert float(loss) == pytest.approx(float(cross_entropy(targets, logits)), abs=1e-6)


@pytest.mark.parametrize("sure", [-80.0, 80.0])
def test_the_loss_of_sets_is_finite(sure):
    """However sure the network is of a genre that the set excludes, or holds; sets that differ can be mixed."""
    rows = np.stack([[*TRIPLE, *TRIPLE], [*(PAIR + TRIPLE) / 2, *(PAIR + TRIPLE) / 2]]).astype(np.float32)
    losses = PartialLabels(0.0).call(rows, np.array([[0, 0, sure, 0]] * 2, np.float32))
    losses = keras.ops.convert_to_numpy(losses)
    assert np.isfinite(losses).all()
    assert (losses > -1e-5).all()


def test_no_music_teaches_its_own_class_alone():
    """Beyond the genres, by its probability; logits of the genres alone learn nothing from it, mixed or not."""
    logits = np.array([[1.0, -1.0, 0.5]] * 3, np.float32)
    rows = np.array(
        [[0, 0, 0, 0], [1, 0, 0, 0], [0.25, 0, 0, 0]], np.float32
    )  # no music, the first genre, mixed
    believed = np.exp(logits[0]) / np.exp(logits[0]).sum()
    losses = keras.ops.convert_to_numpy(PartialLabels(0.0).call(rows, logits))
    expected = [
        -np.log(believed[2]),
        -np.log(believed[0]),
        -0.25 * np.log(believed[0]) - 0.75 * np.log(believed[2]),
    ]
    assert losses == pytest.approx(expected, abs=1e-5)
    of_genres = np.exp(logits[0, :2]) / np.exp(logits[0, :2]).sum()
    alone = keras.ops.convert_to_numpy(PartialLabels(0.0).call(rows, logits[:, :2]))
    assert alone == pytest.approx([0, -np.log(of_genres[0]), -0.25 * np.log(of_genres[0])], abs=1e-5)


@dataclasses.dataclass
class Sets(easy.Supply):
    """Windows of two genres, of which half are told to be any of the two."""

    def batch(self, epoch, number, *, changed=True):
        """Rows of four: shares, and those that came from sets."""
        found = super().batch(epoch, number)
        is_set = (np.arange(8) % 2 == 0)[:, None]
        shares = np.where(is_set, 0.5, found.targets)
        targets = np.concatenate([shares, np.where(is_set, shares, 0)], axis=1).astype(np.float32)
        return dataclasses.replace(found, targets=targets)


def test_a_network_learns_from_genres_beside_sets(tmp_path):
    """Sets of all genres ask for nothing: the other half of the windows teaches both genres."""
    assert easy.accuracy(easy.fitted(easy.recipe(loss="partial"), tmp_path, supply=Sets())) == 1


def test_a_phase_trains_its_layers_only(tmp_path):
    """No bit of any other changes, neither weights nor statistics."""
    phases = (Phase(1, 1e-2, "embedding|logits"),)
    start = weights(Network(easy.SMALL, 2))
    learner = easy.fitted(easy.recipe(phases=phases, **ROUGH), tmp_path)
    assert changed(start, weights(learner)) == {"embedding", "logits"}


@pytest.mark.parametrize("freeze", [False, True])
def test_norms_are_frozen_if_the_phase_says_so(tmp_path, freeze):
    """Their scales, offsets and statistics keep every bit; all other layers learn."""
    start = weights(Network(easy.SMALL, 2))
    learner = easy.fitted(easy.recipe(phases=(Phase(1, 1e-2, freeze_norms=freeze),), **ROUGH), tmp_path)
    assert norms(learner)
    assert changed(start, weights(learner)) == set(start) - (norms(learner) if freeze else set())


def test_layers_that_an_architecture_holds_fixed_never_learn(tmp_path):
    """What puts descriptors on a common scale keeps every bit in a phase that trains all."""
    recipe = dataclasses.replace(
        easy.recipe(phases=(Phase(1, 1e-2),), **ROUGH), network="spectral", network_parameters=SPECTRAL
    )
    network = Network(recipe, 2)
    fixed = {layer.name for layer in network.model.layers if not layer.trainable and layer.weights}
    start = weights(network)
    assert network.fit(easy.Supply(), easy.rising, tmp_path)
    assert fixed
    assert fixed == set(start) - changed(start, weights(network))


SPECTRAL = {"size": 32, "channels": (4, 6), "units": (8,), "features": "mfcc", "n_mfcc": 8}


def test_a_phase_begins_with_the_best_weights_of_the_last(tmp_path):
    """A second phase that cannot change anything ends with them, whatever came after them in the first."""
    phases = (Phase(3, 1e-2), Phase(1, 0.0, freeze_norms=True))
    _, judge = judged(easy.recipe(phases=phases, **ROUGH), tmp_path, 0.1, 0.9, 0.5)
    assert not changed(judge.weights[1], judge.weights[3])
    assert changed(judge.weights[2], judge.weights[3])
    assert [end.number for end in judge.ends] == [1, 2, 3, 4]


def test_patience_ends_a_phase_and_not_the_training(tmp_path):
    """The next phase has its own epochs and its own patience."""
    phases = (Phase(9, 1e-2, "stem"), Phase(2, 1e-3))
    _, judge = judged(easy.recipe(phases=phases, patience=1, **ROUGH), tmp_path, 0.9, 0.8, 0.95, 0.9)
    assert [end.learning_rate for end in judge.ends] == pytest.approx([1e-2, 1e-2, 1e-3, 1e-3])


def test_ctrl_c_keeps_the_best_weights_so_far(tmp_path):
    """An interrupt after the first epoch leaves its weights; one before it is passed on."""
    learner = Network(easy.SMALL, 2)
    heard = []

    def judge(end):
        if end.number == 2:
            raise KeyboardInterrupt
        heard.append(weights(learner))
        return 0.5

    assert not learner.fit(easy.Supply(), judge, tmp_path / "one")
    assert not changed(heard[0], weights(learner))

    def impatient(end):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learner.fit(easy.Supply(), impatient, tmp_path / "two")


RESUMED = {
    "cosine, mean of weights": {},
    "plateau, Adam": {
        "schedule": "plateau",
        "plateau_patience": 1,
        "optimizer": "adam",
        "ema_momentum": 0.0,
    },
    "phases": {"phases": (Phase(2, 1e-2, "embedding|logits"), Phase(2, 1e-3, freeze_norms=True))},
    "above a layer": {
        "phases": (
            Phase(1, 1e-2),
            Phase(2, 1e-2, mixup=0.4, **ABOVE),
            Phase(1, 1e-2, **ABOVE),
        )
    },
    "pruned": {"phases": (Phase(1, 1e-2), Phase(3, 1e-2, prune=0.5)), **ROUGH},
    "half precision": {"mixed_precision": True},
}


@pytest.mark.parametrize("settings", RESUMED.values(), ids=RESUMED)
@pytest.mark.parametrize("crash", [1, 2, 3, 4])
def test_training_that_goes_on_ends_as_if_it_had_never_stopped(tmp_path, settings, crash, whole):
    """Stopped while any epoch is judged, and run again from its folder, it gives the same weights."""
    recipe = easy.recipe(**settings)

    def stops(end):
        if end.number == crash:
            raise OSError("no power")
        return -abs(end.number - 2.5)

    with pytest.raises(OSError, match="no power"):
        Network(recipe, 2).fit(easy.Supply(), stops, tmp_path)
    resumed, numbers = Network(recipe, 2), []
    assert resumed.fit(
        easy.Supply(), lambda end: numbers.append(end.number) or -abs(end.number - 2.5), tmp_path
    )
    assert numbers == [1, 2, 3, 4][crash - 1 :]
    assert not changed(whole(recipe), weights(resumed))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Gives the weights of a training that never stopped."""
    known = {}

    def trained(recipe):
        if repr(recipe) not in known:
            folder = tmp_path_factory.mktemp("whole")
            known[repr(recipe)] = weights(easy.fitted(recipe, folder, lambda end: -abs(end.number - 2.5)))
        return known[repr(recipe)]

    return trained


def test_a_training_that_is_done_is_not_done_again(tmp_path):
    """Run again from its folder, it has its weights at once."""
    first = easy.fitted(easy.SMALL, tmp_path)
    again = easy.fitted(easy.SMALL, tmp_path, lambda end: pytest.fail("no epoch is left"))
    assert not changed(weights(first), weights(again))
