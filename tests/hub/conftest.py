"""Connections to this machine only, and a hub on it."""

import _socket
import os
import random
import socket

import pytest
from tests.hub.stand_in import StandIn

from rushes.hub.published import PULLABLE

NAME = "wan2.2-t2v-a14b"
_WEIGHTS = "diffusion_pytorch_model.safetensors"
NEEDED = {"LICENSE.txt", "google/umt5-xxl/spiece.model", "models_t5_umt5-xxl-enc-bf16.pth", "Wan2.1_VAE.pth"}
NEEDED |= {
    f"{side}_noise_model/{name}"
    for side in ("high", "low")
    for name in ("config.json", _WEIGHTS, f"{_WEIGHTS}.index.json")
}
_WEIGHTS = "diffusion_pytorch_model.safetensors"
NEEDED = {"LICENSE.txt", "google/umt5-xxl/spiece.model", "models_t5_umt5-xxl-enc-bf16.pth", "Wan2.1_VAE.pth"}
NEEDED |= {
    f"{side}_noise_model/{name}"
    for side in ("high", "low")
    for name in ("config.json", _WEIGHTS, f"{_WEIGHTS}.index.json")
}


@pytest.fixture
def line(monkeypatch):
    """What a test may reach: its own hub."""

    def connect(self, address):
        assert address[0] == "127.0.0.1", f"a test tried to reach {address!r}"
        return _socket.socket.connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


def repository_files(size):
    """Files of an official repository, needed and not, with random content of about ``size`` bytes."""
    chance = random.Random(0)
    names = [*sorted(NEEDED), "README.md", "assets/logo.png", "google/umt5-xxl/tokenizer.json"]
    return {name: chance.randbytes(size + chance.randrange(size)) for name in names}


@pytest.fixture
def hub(line):
    """Holds the T2V-A14B repository with files of 200 kB to 400 kB."""
    stand_in = StandIn(PULLABLE[NAME].repository, repository_files(200_000))
    yield stand_in
    stand_in.close()
