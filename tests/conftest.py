"""What holds for every test: no network, no state of the person running it, the same cases each time."""

import os
import signal
import socket
import sys

import hypothesis
import pytest

# A shell starts what runs in the background deaf to Ctrl-C, and so would be all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

hypothesis.settings.register_profile("suite", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("suite")


@pytest.fixture(autouse=True)
def isolated(monkeypatch, tmp_path_factory):
    """A home of its own, none of the caller's settings, and no connection to another machine."""
    for name in [name for name in os.environ if name.startswith("RUSHES_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RUSHES_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    def refuse(_socket, address):
        raise AssertionError(f"a test tried to reach {address!r}")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def rushes(monkeypatch, capsys, tmp_path):
    """Runs a command in this process and an empty folder: (exit code, stdout, stderr)."""
    from rushes import cli  # noqa: PLC0415  only for the tests that run commands

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    before = signal.getsignal(signal.SIGTERM)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["rushes", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        printed = capsys.readouterr()
        return stop.value.code, printed.out, printed.err

    yield call
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """Folder of a complete tiny model with random weights."""
    from tests.tiny_model import tiny_bundle  # noqa: PLC0415

    from rushes.models.bundle import save_bundle  # noqa: PLC0415  torch only for the tests that film

    folder = tmp_path_factory.mktemp("models") / "tiny"
    save_bundle(tiny_bundle(), folder)
    return folder
