"""Settings come from the environment and touch nothing."""

from pathlib import Path

import pytest

from rushes.core.errors import UsageError
from rushes.core.settings import Settings


def test_rushes_home_is_used_and_not_created(monkeypatch, tmp_path):
    monkeypatch.setenv("RUSHES_HOME", str(tmp_path / "state"))
    settings = Settings.from_environment()
    assert settings.home == tmp_path / "state"
    assert settings.training == tmp_path / "state" / "training"
    assert settings.cache == tmp_path / "state" / "cache"
    assert settings.runs == tmp_path / "state" / "runs"
    assert not settings.home.exists()


def test_without_it_the_home_folder_is_used(monkeypatch):
    for unset in (lambda: monkeypatch.delenv("RUSHES_HOME"), lambda: monkeypatch.setenv("RUSHES_HOME", "")):
        unset()
        assert Settings.from_environment().home == Path.home() / ".rushes"


@pytest.mark.parametrize(("name", "wrong"), [("RUSHES_CACHE", "1KB"), ("RUSHES_PRICE", "cheap")])
def test_what_cannot_be_read_is_named(monkeypatch, name, wrong):
    monkeypatch.setenv(name, wrong)
    with pytest.raises(UsageError, match=f"^{name}: .*{wrong}"):
        Settings.from_environment()
