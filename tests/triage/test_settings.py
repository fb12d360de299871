"""What an operator may set, and the instance's secret."""

import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import pytest

from triage.settings import ROOT, SETTINGS, Config, read_secret, read_settings


def test_every_setting_has_a_name_of_ours_and_says_what_it_is_for():
    assert all(setting.name.startswith("TRIAGE_") and setting.help.endswith(".") for setting in SETTINGS)
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS) == len(fields(Config))


def test_without_an_environment_the_defaults_hold():
    config = read_settings({})
    assert config == Config(ROOT / "instance", f"sqlite:///{ROOT / 'instance' / 'triage.db'}", 8, True, "", 1000)


def test_an_empty_variable_is_as_none():
    assert read_settings({setting.name: "" for setting in SETTINGS}) == read_settings({})


def test_what_is_set_holds(tmp_path):
    environment = {
        "TRIAGE_INSTANCE": str(tmp_path),
        "TRIAGE_DATABASE_URL": "postgresql+psycopg://triage@/triage",
        "TRIAGE_POOL_SIZE": "3",
        "TRIAGE_INSECURE_COOKIE": "0",
        "TRIAGE_LIVE_URL": "/live/events",
        "TRIAGE_LIVE_MOST": "20",
    }
    assert read_settings(environment) == Config(tmp_path.resolve(), "postgresql+psycopg://triage@/triage", 3, False, "/live/events", 20)


def test_the_database_stands_in_the_instance_unless_said(tmp_path):
    assert read_settings({"TRIAGE_INSTANCE": str(tmp_path)}).database_url == f"sqlite:///{tmp_path.resolve() / 'triage.db'}"


@pytest.mark.parametrize("size", ["many", "1.5"])
def test_a_pool_size_that_is_no_number_is_refused(size: str):
    with pytest.raises(ValueError, match="invalid literal"):
        read_settings({"TRIAGE_POOL_SIZE": size})


@pytest.mark.parametrize(
    "url", ["https://elsewhere.example/live", "//elsewhere.example/live", "live/events", ":port/", "/live events", "/live;script-src"]
)
def test_live_updates_from_another_host_are_refused(url: str):
    with pytest.raises(ValueError, match="TRIAGE_LIVE_URL"):
        read_settings({"TRIAGE_LIVE_URL": url})


@pytest.mark.parametrize("url", ["/live/events", ":8001/live/events"])
def test_live_updates_come_from_the_pages_own_host(url: str):
    assert read_settings({"TRIAGE_LIVE_URL": url}).live_url == url


def test_the_secret_is_made_once_and_is_its_owners_only(tmp_path):
    secret = read_secret(tmp_path / "instance")
    assert len(secret) == 64
    assert read_secret(tmp_path / "instance") == secret
    assert stat.S_IMODE((tmp_path / "instance" / "secret").stat().st_mode) == 0o600
    assert read_secret(tmp_path / "another") != secret


def test_eight_that_ask_first_get_the_same_secret(tmp_path):
    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(read_secret, [tmp_path / "instance"] * 8))) == 1
