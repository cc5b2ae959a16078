"""What may be written: laws of `decide`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger import errors
from tagger.sinks.tags import policy

every_policy = pytest.mark.parametrize("name", policy.POLICIES)
genres = st.text(min_size=1, max_size=8)
tags_before = st.lists(genres, max_size=3).map(tuple)
shares = st.floats(0, 1)


@every_policy
@given(before=st.none() | tags_before, confidence=shares, threshold=shares)
def test_not_knowing_never_writes(
    name: str, before: tuple[str, ...] | None, confidence: float, threshold: float
) -> None:
    """Without a genre no file changes, whatever the policy."""
    decision = policy.decide(before, None, confidence, policy=name, threshold=threshold)
    assert decision == policy.Decision(None, "don't know")


@every_policy
@given(before=st.none() | tags_before, genre=genres, confidence=shares, threshold=shares)
def test_every_decision_gives_its_reason(
    name: str, before: tuple[str, ...] | None, genre: str, confidence: float, threshold: float
) -> None:
    """A decision says why, and never writes another genre, below the threshold, or what is there already."""
    decision = policy.decide(before, genre, confidence, policy=name, threshold=threshold)
    assert decision.reason
    assert decision.genres in {None, (genre,)}
    if decision.genres:
        assert confidence >= threshold
        assert before not in {None, (genre,)}


@every_policy
@given(before=tags_before, genre=genres)
def test_a_second_run_changes_nothing(name: str, before: tuple[str, ...], genre: str) -> None:
    """What was written once is not written again."""
    decision = policy.decide(before, genre, 0.9, policy=name, threshold=0.5)
    after = decision.genres or before
    assert policy.decide(after, genre, 0.9, policy=name, threshold=0.5).genres is None or not decision.genres


@pytest.mark.parametrize(
    ("before", "only_missing", "replace"),
    [
        ((), "had no genre", "had no genre"),
        (("Other",), 'had only "Other"', 'replaces "Other"'),
        (("unknown", ""), 'had only "unknown", ""', 'replaces "unknown", ""'),
        (("(12)",), 'had only "(12)"', 'replaces "(12)"'),
        (("(12)(255)",), 'had only "(12)(255)"', 'replaces "(12)(255)"'),
        (("255",), 'had only "255"', 'replaces "255"'),
        (("Pop",), None, 'replaces "Pop"'),
        (("Other", "Pop"), None, 'replaces "Other", "Pop"'),
        (("rock",), None, 'replaces "rock"'),
        (("Rock", "Pop"), None, 'replaces "Rock", "Pop"'),
    ],
)
def test_policies_differ_in_files_that_say_something(
    before: tuple[str, ...], only_missing: str | None, replace: str
) -> None:
    """By default only files without a telling genre are written; equality is exact."""
    decided = policy.decide(before, "Rock", 0.9, policy="only-missing", threshold=0.5)
    wanted = (None, "already has a genre") if only_missing is None else (("Rock",), only_missing)
    assert (decided.genres, decided.reason) == wanted
    assert policy.decide(before, "Rock", 0.9, policy="replace", threshold=0.5).reason == replace


@pytest.mark.parametrize(
    ("confidence", "threshold", "reason"),
    [
        (0.31, 0.5, "confidence 31 % is below 50 %"),
        (0.4999, 0.5, "confidence 49 % is below 50 %"),
        (0.29, 0.3, "confidence 29 % is below 30 %"),
        (0.5, 0.505, "confidence 50 % is below 50.5 %"),
    ],
)
def test_a_low_confidence_is_told_in_numbers(confidence: float, threshold: float, reason: str) -> None:
    """The reason names both shares, and never says that a number is below itself."""
    decided = policy.decide((), "Rock", confidence, policy="only-missing", threshold=threshold)
    assert decided == policy.Decision(None, reason)


def test_the_threshold_itself_is_enough() -> None:
    """Confidence equal to the threshold is written."""
    assert policy.decide((), "Rock", 0.5, policy="only-missing", threshold=0.5).genres == ("Rock",)


def test_a_genre_that_is_there_counts_as_unchanged() -> None:
    """Equality is found before confidence and policy are asked."""
    decided = policy.decide(("Rock",), "Rock", 0.1, policy="replace", threshold=0.5)
    assert decided == policy.Decision(None, "already has this genre")


def test_tags_that_cannot_be_read_are_not_written() -> None:
    """Nobody knows what a write would destroy."""
    decided = policy.decide(None, "Rock", 0.9, policy="replace", threshold=0.5)
    assert decided == policy.Decision(None, "its tags cannot be read")


def test_an_unknown_policy_names_the_known() -> None:
    """A misspelled policy is a settings error whose hint lists what there is."""
    with pytest.raises(errors.SettingsError, match="unknown policy: replcae") as caught:
        policy.decide((), "Rock", 0.9, policy="replcae", threshold=0.5)
    assert "only-missing, replace" in caught.value.hint
