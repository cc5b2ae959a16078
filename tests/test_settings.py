"""Settings are resolved once, and every value says where it came from."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger import settings
from tagger.errors import SettingsError
from tagger.inference import vote
from tagger.inference.runtime import RUNTIMES
from tagger.sinks.tags import policy


def config_file(folder: Path, text: str) -> Path:
    """A config file with this text."""
    path = folder / "my config.toml"
    path.write_text(text, "utf-8")
    return path


def test_defaults_need_nothing() -> None:
    """Without file, environment and options there are defaults, and they say so."""
    resolved = settings.resolve({}, environ={})
    assert resolved.settings == settings.Settings()
    assert set(resolved.origins.values()) == {"default"}
    assert set(resolved.origins) == set(settings.names())


def test_later_sources_win(tmp_path: Path) -> None:
    """Options win over the environment, the environment over the file, the file over defaults."""
    config = config_file(tmp_path, 'jobs = 3\nbatch_size = 8\nvote = "median"\n')
    environ = {"TAGGER_BATCH_SIZE": "16", "TAGGER_VOTE": "majority"}
    resolved = settings.resolve({"vote": "weighted", "top_k": None}, config=config, environ=environ)
    assert (resolved.settings.jobs, resolved.settings.batch_size) == (3, 16)
    assert (resolved.settings.vote, resolved.settings.top_k) == ("weighted", 3)
    assert {name: resolved.origins[name] for name in ("jobs", "batch_size", "vote", "top_k")} == {
        "jobs": str(config),
        "batch_size": "TAGGER_BATCH_SIZE",
        "vote": "--vote",
        "top_k": "default",
    }


def test_home_holds_the_config_file(tmp_path: Path) -> None:
    """`TAGGER_HOME` moves the config file, the data and the cache."""
    (tmp_path / "config.toml").write_text("top_k = 5\n")
    environ = {"TAGGER_HOME": str(tmp_path)}
    assert settings.resolve({}, environ=environ).settings.top_k == 5
    assert settings.home_folder("data", environ) == tmp_path / "data"
    assert settings.home_folder("cache", environ) == tmp_path / "cache"


def test_the_environment_names_a_config_file(tmp_path: Path) -> None:
    """`TAGGER_CONFIG` works like `--config`."""
    environ = {"TAGGER_CONFIG": str(config_file(tmp_path, "hop = 1.5\n"))}
    assert settings.resolve({}, environ=environ).settings.hop == 1.5


def test_without_a_home_the_platform_decides() -> None:
    """The user's folders are the platform's, and differ by kind."""
    folders = {kind: settings.home_folder(kind, {}) for kind in ("config", "data", "cache")}
    assert all("tagger" in folder.parts for folder in folders.values())
    assert len(set(folders.values())) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("jbos = 2\n", "there is no setting `jbos`"),
        ("jobs = -1\n", "jobs must be a whole number from 0 to 1024; received -1"),
        ("jobs = 1.5\n", "jobs must be a whole number"),
        ("jobs = true\n", "jobs must be a whole number"),
        ('vote = "loudest"\n', "vote must be one of soft, weighted, majority, median; received 'loudest'"),
        ("model = 3\n", "model must be the name of a model"),
        ("min_confidence = 1.01\n", "min_confidence must be a number from 0 to 1"),
        ('max_error = "100%"\n', "max_error must be a share above 0 and below 1, such as 5% or 0.05"),
        ("max_error = 5\n", "max_error must be a share"),
        ("window = nan\n", "window must be a number from 0.1 to 600 seconds"),
        ("[jobs]\n", "jobs must be a whole number"),
        ("write_tags = true\n", "there is no setting `write_tags`"),
        ("jobs = \n", "not valid TOML"),
    ],
)
def test_a_wrong_file_is_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    """A wrong key or value in the file is named together with the file."""
    config = config_file(tmp_path, text)
    with pytest.raises(SettingsError, match=r"^.*$") as caught:
        settings.resolve({}, config=config, environ={})
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(config))
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_a_wrong_variable_is_one_sentence() -> None:
    """A wrong name in the environment is an error with a suggestion, a wrong value likewise."""
    with pytest.raises(SettingsError, match="TAGGER_MODLE: there is no setting `modle`") as caught:
        settings.resolve({}, environ={"TAGGER_MODLE": "x"})
    assert "`model`" in caught.value.hint
    with pytest.raises(SettingsError, match="TAGGER_JOBS: jobs must be") as caught:
        settings.resolve({}, environ={"TAGGER_JOBS": "many"})
    assert caught.value.hint == "leave jobs out if the usual one will do: it is 0 then"


@pytest.mark.parametrize("raw", ["5%", "5 %", " 5.0% ", "0.05", "5e-2", 0.05])
def test_a_share_is_a_number_or_per_cent(raw: str | float) -> None:
    """Five per cent may be written as people do, or as a number."""
    assert settings.resolve({"max_error": raw}, environ={}).settings.max_error == 0.05


def test_a_missing_config_file_is_an_error(tmp_path: Path) -> None:
    """A file that was asked for must be there; the user's own file need not."""
    with pytest.raises(SettingsError, match="no such config file"):
        settings.resolve({}, config=tmp_path / "none.toml", environ={})
    settings.resolve({}, environ={"TAGGER_HOME": str(tmp_path)})


def test_a_folder_is_no_config_file(tmp_path: Path) -> None:
    """A folder given as config file is refused in one sentence."""
    with pytest.raises(SettingsError, match="cannot be read"):
        settings.resolve({}, config=tmp_path, environ={})


def test_hop_and_window_must_fit() -> None:
    """A hop longer than the window would lose music."""
    with pytest.raises(SettingsError, match="hop: 5 s is longer than the window of 3 s"):
        settings.resolve({"window": 3.0, "hop": 5.0}, environ={})


@given(
    name=st.sampled_from(settings.names()),
    raw=st.one_of(st.text(max_size=8), st.integers(), st.floats(), st.booleans(), st.lists(st.integers())),
)
def test_any_value_is_taken_or_refused_in_a_sentence(name: str, raw: object) -> None:
    """No value of any setting ends in anything but settings or a sentence."""
    try:
        value = getattr(settings.resolve({name: raw}, environ={"TAGGER_HOME": "/nonexistent"}).settings, name)
    except SettingsError as error:
        value = error.message
    assert value is not None
    assert value != ""


def test_choices_are_what_the_program_has() -> None:
    """The words of settings are the keys of the registries they choose from."""
    assert set(settings.RUNTIMES) == {"auto", *RUNTIMES}
    assert set(settings.VOTES) == set(vote.METHODS)
    assert set(settings.POLICIES) == set(policy.POLICIES)


@pytest.mark.parametrize("variable", ["TAGGER_HOME", "TAGGER_CONFIG"])
def test_a_home_of_nobody_is_told(variable: str) -> None:
    """`~name` of a user that does not exist is a wrong setting, not a crash."""
    with pytest.raises(SettingsError, match="~nosuchuser") as told:
        settings.resolve({}, environ={"TAGGER_HOME": "/nowhere", variable: "~nosuchuser/x"})
    assert told.value.hint


@pytest.mark.parametrize("name", ["genres", "tree", "map", "model", "separator"])
def test_a_null_character_is_no_value(tmp_path: Path, name: str) -> None:
    """No text in the configuration file may hold a null, which no path and no tag can."""
    config = tmp_path / "config.toml"
    config.write_text(name + ' = "a\\u0000b"')
    with pytest.raises(SettingsError, match=f"{name} must be"):
        settings.resolve({}, config=config, environ={})


def test_a_config_file_may_begin_with_a_mark_of_utf_8(tmp_path: Path) -> None:
    """The three bytes that some editors put in front of UTF-8 do not make it invalid."""
    config = tmp_path / "config.toml"
    config.write_bytes(b"\xef\xbb\xbftop_k = 5\n")
    assert settings.resolve({}, config=config, environ={}).settings.top_k == 5
