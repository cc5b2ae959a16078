"""What may be written: laws of `decide` and `pick`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger import errors
from tagger.records import Score
from tagger.sinks.tags import policy, spelling

every_policy = pytest.mark.parametrize("name", policy.POLICIES)
genre = st.text(min_size=1, max_size=4) | st.sampled_from(
    ["Rock", "rock", "Hip Hop", "Hip-Hop", "House", "Music", "Other", "(12)", "Pop/Rock", "R&B; Soul", "soul"]
)
tags_before = st.lists(genre, max_size=3).map(tuple)
heard = st.lists(genre, min_size=1, max_size=3).map(tuple)
shares = st.floats(0, 1)


def broader(one: str, other: str) -> bool:
    """A tree in which House is below Electronic."""
    return (one, other) == ("Electronic", "House")


def decide(before: tuple[str, ...] | None, genres: tuple[str, ...], name: str) -> policy.Decision:
    """Decide with confidence to spare."""
    return policy.decide(before, genres, 0.9, policy=name, threshold=0.5, broader=broader)


@every_policy
@given(before=st.none() | tags_before, confidence=shares, threshold=shares)
def test_not_knowing_never_writes(
    name: str, before: tuple[str, ...] | None, confidence: float, threshold: float
) -> None:
    """Without a genre no file changes, whatever the policy."""
    decision = policy.decide(before, (), confidence, policy=name, threshold=threshold)
    assert decision == policy.Decision(None, "don't know")


@every_policy
@given(before=st.none() | tags_before, genres=heard, confidence=shares, threshold=shares)
def test_every_decision_gives_its_reason(
    name: str, before: tuple[str, ...] | None, genres: tuple[str, ...], confidence: float, threshold: float
) -> None:
    """A decision says why, and never writes below the threshold, what was not heard, or what says nothing."""
    decision = policy.decide(before, genres, confidence, policy=name, threshold=threshold)
    assert decision.reason
    if decision.genres is not None:
        assert confidence >= threshold
        assert before is not None
        assert decision.genres not in {(), before}
        assert set(decision.genres) <= {*before, *genres}
        assert not any(map(spelling.says_nothing, decision.genres))


@every_policy
@given(before=tags_before, genres=heard)
def test_a_second_run_changes_nothing(name: str, before: tuple[str, ...], genres: tuple[str, ...]) -> None:
    """What was written once is not written again."""
    first = decide(before, genres, name)
    if first.genres is not None:
        assert decide(first.genres, genres, name).genres is None


@pytest.mark.parametrize("name", ["append", "prepend"])
@given(before=tags_before, genres=heard)
def test_adding_keeps_what_the_user_has(name: str, before: tuple[str, ...], genres: tuple[str, ...]) -> None:
    """The user's own genres keep their order and spelling, in one row; only placeholders go."""
    written = decide(before, genres, name).genres
    if written is not None:
        own = tuple(genre for genre in before if not spelling.says_nothing(genre))
        n_new = len(written) - len(own)
        assert own == (written[:-n_new] if name == "append" else written[n_new:])
        new = written[-n_new:] if name == "append" else written[:n_new]
        assert len({*map(spelling.key, new)} - {*map(spelling.key, own)}) == n_new


@every_policy
@pytest.mark.parametrize("before", [("rock",), ("ROCK",), ("Rock", ""), ("Rock",)])
def test_the_users_spelling_stays(name: str, before: tuple[str, ...]) -> None:
    """A genre that is there under another spelling is there already, before confidence is asked."""
    decided = policy.decide(before, ("Rock",), 0.1, policy=name, threshold=0.5)
    assert decided == policy.Decision(None, "already has this genre")


@pytest.mark.parametrize(
    ("before", "only_missing", "only_generic", "replace"),
    [
        ((), "had no genre", "had no genre", "had no genre"),
        (("Other",), 'had only "Other"', 'had only "Other"', 'replaces "Other"'),
        (("unknown", ""), 'had only "unknown", ""', 'had only "unknown", ""', 'replaces "unknown", ""'),
        (("(12)(255)",), 'had only "(12)(255)"', 'had only "(12)(255)"', 'replaces "(12)(255)"'),
        (("Music",), None, 'had only "Music"', 'replaces "Music"'),
        (("Electronic",), None, 'had only "Electronic"', 'replaces "Electronic"'),
        (("Electronic", "Other"), None, 'had only "Electronic", "Other"', 'replaces "Electronic", "Other"'),
        (("Pop",), None, None, 'replaces "Pop"'),
        (("Other", "Pop"), None, None, 'replaces "Other", "Pop"'),
        (("House", "Pop"), None, None, 'replaces "House", "Pop"'),
    ],
)
def test_policies_differ_in_files_that_say_something(
    before: tuple[str, ...], only_missing: str | None, only_generic: str | None, replace: str
) -> None:
    """By default only files without a telling genre are written; "only-generic" refines what is broader too."""
    for name, reason in {
        "only-missing": only_missing,
        "only-generic": only_generic,
        "replace": replace,
    }.items():
        wanted = policy.Decision(("House",), reason) if reason else policy.Decision(None, "already has a genre")
        assert decide(before, ("House",), name) == wanted


@pytest.mark.parametrize(
    ("before", "append", "prepend", "reasons"),
    [
        ((), ("Rock", "Pop"), ("Rock", "Pop"), ("had no genre", "had no genre")),
        (("Other",), ("Rock", "Pop"), ("Rock", "Pop"), ('had only "Other"', 'had only "Other"')),
        (
            ("Live", "pop"),
            ("Live", "pop", "Rock"),
            ("Rock", "Live", "pop"),
            ('adds "Rock" to "Live", "pop"', 'puts "Rock" before "Live", "pop"'),
        ),
        (("Pop; ROCK", "Live"), None, None, ("already has this genre", "already has this genre")),
    ],
)
def test_genres_can_be_added(
    before: tuple[str, ...], append: tuple[str, ...], prepend: tuple[str, ...], reasons: tuple[str, str]
) -> None:
    """New genres come after or before the user's own, also where several stand in one text."""
    decided = [decide(before, ("Rock", "Pop"), name) for name in ("append", "prepend")]
    wanted = zip((append, prepend), reasons, strict=True)
    assert decided == [policy.Decision(genres, reason) for genres, reason in wanted]


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
    decided = policy.decide((), ("Rock",), confidence, policy="only-missing", threshold=threshold)
    assert decided == policy.Decision(None, reason)


def test_the_threshold_itself_is_enough() -> None:
    """Confidence equal to the threshold is written."""
    assert policy.decide((), ("Rock",), 0.5, policy="only-missing", threshold=0.5).genres == ("Rock",)


def test_tags_that_cannot_be_read_are_not_written() -> None:
    """Nobody knows what a write would destroy."""
    assert decide(None, ("Rock",), "replace") == policy.Decision(None, "its tags cannot be read")


def test_a_placeholder_is_no_verdict() -> None:
    """A model that only heard "Other" has nothing to write."""
    assert decide((), ("Other",), "replace").reason == 'heard only "Other", which says nothing'


def test_an_unknown_policy_names_the_known() -> None:
    """A misspelled policy is a settings error whose hint lists what there is."""
    with pytest.raises(errors.SettingsError, match="unknown policy: replcae") as caught:
        decide((), ("Rock",), "replcae")
    assert "only-missing, only-generic, replace, append, prepend" in caught.value.hint


SCORES = tuple(Score(*pair) for pair in [("A", 0.4), ("B", 0.2), ("C", 0.2), ("D", 0.1), ("E", 0.1)])


@pytest.mark.parametrize(
    ("multi", "ratio", "picked"),
    [
        (None, None, "A"),
        (1, None, "A"),
        (2, None, "AB"),
        (5, None, "ABC"),
        (None, 0.25, "ABCDE"),
        (None, 1.0, "A"),
        (2, 0.0, "AB"),
        (4, 0.25, "ABCD"),
    ],
)
def test_genres_are_picked_by_number_and_share(multi: int | None, ratio: float | None, picked: str) -> None:
    """The strongest first, as many as wanted, none far below the strongest, equals in their order."""
    assert policy.pick(SCORES, multi=multi, ratio=ratio) == tuple(picked)


@given(shares=st.lists(shares), multi=st.none() | st.integers(1, 9), ratio=st.none() | shares)
def test_the_strongest_is_always_picked(shares: list[float], multi: int | None, ratio: float | None) -> None:
    """What is picked begins with the strongest and leaves none out in between."""
    scores = [Score(str(place), share) for place, share in enumerate(sorted(shares, reverse=True))]
    picked = policy.pick(scores, multi=multi, ratio=ratio)
    assert picked == tuple(score.genre for score in scores[: len(picked)])
    assert min(1, len(scores)) <= len(picked) <= (multi or len(scores))
