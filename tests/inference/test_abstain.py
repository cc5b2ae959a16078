"""Promises on errors: they hold, ask no more than they must, and are not made where they cannot be kept."""

import dataclasses
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from tagger.errors import ModelError, SettingsError
from tagger.inference import abstain, card
from tagger.inference.artefact import Artefact
from tagger.inference.card import Card, HeldOut
from tagger.settings import Settings

GENRES = ("Blues", "Jazz", "Rock")
OFFSETS = np.array([0.8, 0.0, -1.2])


def curve(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Genres, confidences, and chances of being right that differ by genre, of tracks drawn at random."""
    place, logit = rng.integers(0, len(GENRES), n), rng.normal(1.5, 1.7, n)
    return place, 1 / (1 + np.exp(-logit)), 1 / (1 + np.exp(-0.9 * logit - 0.5 - 0.9 * OFFSETS[place]))


def evidence(place: object, confidence: object, right: object, offsets: object = (0.0, 0.0, 0.0)) -> HeldOut:
    """What a card would hold."""
    lists = [np.asarray(one).tolist() for one in (place, np.round(confidence, 6), np.asarray(right, int))]
    return HeldOut("made up", *map(tuple, lists), dict(zip(GENRES, map(float, offsets), strict=True)))


def alike(*parts: tuple[float, int, int]) -> HeldOut:
    """Tracks of equal genre: for each confidence how many are right and how many wrong."""
    confidence = np.concatenate([np.full(right + wrong, sure) for sure, right, wrong in parts])
    is_right = np.concatenate([np.arange(right + wrong) < right for _, right, wrong in parts])
    return evidence(np.zeros(len(confidence), int), confidence, is_right)


@pytest.fixture
def promising(bundled: Artefact) -> Card:
    """The bundled model's card with answers that are right above 90 %, and wrong half the time below."""
    genres = bundled.card.genres
    held_out = dataclasses.replace(alike((0.95, 200, 0), (0.6, 100, 100)), scale=dict.fromkeys(genres, 0.0))
    return dataclasses.replace(bundled.card, held_out=held_out)


@pytest.mark.parametrize(("max_error", "least"), [(0.05, 0.0), (0.1, 0.0), (0.25, 0.0), (0.1, 0.8)])
@pytest.mark.parametrize("n", [300, 1200])
def test_promises_are_kept(rng: np.random.Generator, max_error: float, least: float, n: int) -> None:
    """Of promises made from so many draws at most a tenth is broken on the music that the draws are from."""
    place, sure, chance = curve(rng, 100_000)
    made, broken, n_draws = 0, 0, 150
    for _ in range(n_draws):
        drawn_place, drawn_sure, drawn_chance = curve(rng, n)
        held_out = evidence(drawn_place, drawn_sure, rng.random(n) < drawn_chance, OFFSETS)
        found = abstain.thresholds(held_out, GENRES, max_error, least=least)
        if found is not None:
            named = sure >= np.maximum(least, np.array(list(found.values())))[place]
            made += 1
            broken += 1 - chance[named].mean() > max_error
    assert made > n_draws / 20
    assert broken <= scipy.stats.binom.ppf(0.999, n_draws, 0.1)


def test_much_is_named(rng: np.random.Generator) -> None:
    """With a thousand tracks nearly all is named that the true curve would let through."""
    place, sure, chance = curve(rng, 100_000)
    order = np.argsort(-(np.log(sure / (1 - sure)) + OFFSETS[place]))
    possible = np.flatnonzero(np.cumsum(1 - chance[order]) / np.arange(1, len(order) + 1) <= 0.1)[-1] / len(
        order
    )
    shares = []
    for _ in range(20):
        drawn = curve(rng, 1000)
        found = abstain.thresholds(
            evidence(*drawn[:2], rng.random(1000) < drawn[2], OFFSETS), GENRES, 0.1
        ) or dict.fromkeys(GENRES, 2.0)
        shares.append(np.mean(sure >= np.array(list(found.values()))[place]))
    assert np.mean(shares) > 0.75 * possible


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0, 1), st.booleans()), max_size=300), st.data())
def test_more_may_be_wrong_more_is_named(tracks: list[tuple[int, float, bool]], data: st.DataObject) -> None:
    """No genre's threshold rises with the share that may be wrong, and what can be promised stays so."""
    offsets = data.draw(st.lists(st.floats(-3, 3), min_size=3, max_size=3))
    held_out = evidence(*zip(*tracks, strict=True), offsets) if tracks else evidence([], [], [])
    before = None
    for max_error in (0.01, 0.05, 0.1, 0.2, 0.35, 0.5, 0.9, 0.999):
        found = abstain.thresholds(held_out, GENRES, max_error)
        if before is not None:
            assert found is not None
            assert all(found[genre] <= before[genre] for genre in GENRES)
        before = found


@given(st.integers(0, 40), st.integers(0, 400), st.floats(0.001, 0.999))
def test_the_tail_is_the_binomial_one(n_wrong: int, more: int, share: float) -> None:
    """The tail of the distribution is SciPy's to ten digits."""
    n = n_wrong + more
    assert abstain._tail(n_wrong, n, share) == pytest.approx(
        scipy.stats.binom.cdf(n_wrong, n, share), rel=1e-10
    )


def test_few_tracks_prove_nothing() -> None:
    """A promise takes as many verdicts as would prove it with one wrong among them, and eighty at least."""
    assert abstain.thresholds(evidence([], [], []), GENRES, 0.5) is None
    for n, max_error, is_enough in ((79, 0.5, False), (80, 0.05, True), (128, 0.03, False), (129, 0.03, True)):
        found = abstain.thresholds(alike((0.9, n, 0)), GENRES, max_error)
        assert found == (dict.fromkeys(GENRES, 0.0) if is_enough else None)


def test_equal_confidences_stand_or_fall_together() -> None:
    """A threshold lies between confidences that occur, and what is not sure enough is left out whole."""
    found = abstain.thresholds(alike((0.9, 200, 0), (0.6, 100, 100)), GENRES, 0.05)
    assert found is not None
    assert 0.6 < found["Blues"] < 0.9
    assert abstain.thresholds(alike((0.9, 70, 30), (0.6, 200, 0)), GENRES, 0.05) is None


def test_doubtful_genres_must_be_surer(rng: np.random.Generator) -> None:
    """Thresholds differ, as logits, by what the scale says of the genres, and by nothing else."""
    drawn = curve(rng, 2000)
    found = abstain.thresholds(evidence(*drawn[:2], rng.random(2000) < drawn[2], OFFSETS), GENRES, 0.1)
    assert found is not None
    logits = [math.log(found[genre] / (1 - found[genre])) for genre in GENRES]
    np.testing.assert_allclose(np.array(logits) + OFFSETS, logits[1], atol=1e-9)


def test_a_rule_says_why() -> None:
    """The reason names the promise and the genre that asks for most, unless the user's own limit is higher."""
    rule = abstain.Rule(0.6, 0.05, {"Rock": 0.86712, "Jazz": 0.5})
    assert rule.refusal(["Rock"], 0.8672) == ""
    reason = "confidence 86 % is below 86.8 %, which --max-error 5% asks for Rock"
    assert rule.refusal(["Rock"], 0.867) == rule.refusal(["Jazz", "Rock"], 0.867) == reason
    assert rule.refusal(["Jazz"], 0.55) == "confidence 55 % is below 60 %"
    assert abstain.Rule().refusal(["Anything"], 0.0) == ""


def test_the_stricter_limit_holds(promising: Card) -> None:
    """Beside a promise the least confidence still counts, and nothing is named that misses either."""
    genre = promising.genres[0]
    alone = abstain.rule(Settings(max_error=0.05), promising)
    assert 0.6 < alone.threshold(genre) < 0.95
    assert abstain.rule(Settings(max_error=0.05, min_confidence=0.94), promising).threshold(genre) == 0.94
    assert abstain.rule(Settings(max_error=0.6, min_confidence=0.3), promising).threshold(genre) == 0.3


def test_what_cannot_be_promised_is_told(promising: Card, bundled: Artefact) -> None:
    """The hint names the lowest share that can be promised, which then can, or says that there is none."""
    with pytest.raises(SettingsError, match=r"--max-error 0\.5% cannot be promised$") as caught:
        abstain.rule(Settings(max_error=0.005), promising)
    assert caught.value.hint == "the lowest that can be promised is 2%"
    assert abstain.rule(Settings(max_error=0.02), promising).thresholds
    doubtful = dataclasses.replace(promising.held_out, right=(0,) * 400)
    with pytest.raises(SettingsError) as caught:
        abstain.rule(Settings(max_error=0.4), dataclasses.replace(promising, held_out=doubtful))
    assert caught.value.hint == "leave out --max-error"
    with pytest.raises(SettingsError, match=r"cannot be promised beside --min-confidence 0\.99$"):
        abstain.rule(Settings(max_error=0.05, min_confidence=0.99), promising)
    with pytest.raises(SettingsError, match="no answers to held-out tracks") as caught:
        abstain.rule(Settings(max_error=0.4), dataclasses.replace(bundled.card, held_out=None))
    assert caught.value.hint


def test_people_are_told_what_can_be_promised(promising: Card) -> None:
    """Each level says how much is named, or that it cannot be promised; cards without answers say nothing."""
    few = dataclasses.replace(
        promising, held_out=dataclasses.replace(alike((0.9, 90, 3)), scale=promising.held_out.scale)
    )
    assert abstain.promises(promising)["--max-error 5%"] == "names 50 % of these tracks"
    assert abstain.promises(few)["--max-error 5%"] == "cannot be promised"
    assert abstain.promises(few)["--max-error 10%"] == "names 100 % of these tracks"
    assert abstain.promises(dataclasses.replace(promising, held_out=None)) == {}


def test_cards_keep_their_evidence(promising: Card) -> None:
    """Answers are read back equal, in one line; a card without them has none, and is read too."""
    text = card.dumps(promising)
    assert card.loads(text, "here") == promising
    assert [line.count(",") > 1000 for line in text.splitlines()].count(True) == 1
    bare = card.dumps(dataclasses.replace(promising, held_out=None))
    assert "held_out" not in json.loads(bare)
    assert card.loads(bare, "here").held_out is None


@pytest.mark.parametrize(
    "change",
    [
        lambda held: held.clear(),
        lambda held: held.update(source=7),
        lambda held: held.update(genre=held["genre"][1:]),
        lambda held: held["right"].append(1),
        lambda held: held["genre"].__setitem__(0, 99),
        lambda held: held["genre"].__setitem__(0, -1),
        lambda held: held["genre"].__setitem__(0, 0.0),
        lambda held: held["genre"].__setitem__(0, True),
        lambda held: held["confidence"].__setitem__(0, 1.2),
        lambda held: held["confidence"].__setitem__(0, math.nan),
        lambda held: held["confidence"].__setitem__(0, None),
        lambda held: held["confidence"].__setitem__(0, 10**400),
        lambda held: held["right"].__setitem__(0, 2),
        lambda held: held["right"].__setitem__(0, "1"),
        lambda held: held["right"].__setitem__(0, [1]),
        lambda held: held.update(scale={}),
        lambda held: held.update(scale=3),
        lambda held: held["scale"].update(dict.fromkeys(held["scale"], math.inf)),
        lambda held: held["scale"].update(dict.fromkeys(held["scale"], 1e300)),
        lambda held: held.update(confidence=5),
    ],
)
def test_nonsensical_evidence_is_one_sentence(
    promising: Card, change: Callable[[dict[str, Any]], object]
) -> None:
    """Whatever is wrong in the answers of a card, the card is refused in a sentence."""
    content = json.loads(card.dumps(promising))
    change(content["held_out"])
    with pytest.raises(ModelError, match=r"^here: (damaged card|not valid JSON): [^\n]+$"):
        card.loads(json.dumps(content), "here")
