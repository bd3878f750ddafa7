import subprocess
import sys

import pytest

from rushes.core.errors import UsageError
from rushes.engine.catalogue import PACKAGED, PUBLISHED, model_folder, published_name
from rushes.models.published import PUBLISHED as ARCHITECTURES


def test_an_unknown_name_lists_the_choices():
    with pytest.raises(UsageError, match=r"'wann' is unknown: choose mini, wan2\.2-t2v-a14b"):
        model_folder("wann")


def test_a_folder_and_a_file_are_themselves(tmp_path):
    assert model_folder(str(tmp_path)) == tmp_path
    (tmp_path / "m.gguf").touch()
    assert model_folder(str(tmp_path / "m.gguf")) == tmp_path / "m.gguf"


def test_a_published_model_is_found_where_it_was_put(tmp_path, monkeypatch):
    monkeypatch.setenv("RUSHES_HOME", str(tmp_path))
    remedy = r"this machine: rushes models pull wan2\.2-t2v-a14b fetches it; mini needs no pull"
    with pytest.raises(UsageError, match=f"is not on {remedy}"):
        model_folder("Wan-AI/Wan2.2-T2V-A14B")
    (tmp_path / "models" / "wan2.2-t2v-a14b.pulling").mkdir(parents=True)
    with pytest.raises(UsageError, match=f"is only partly on {remedy}"):
        model_folder("Wan-AI/Wan2.2-T2V-A14B")
    (tmp_path / "models" / "wan2.2-t2v-a14b").mkdir(parents=True)
    assert model_folder("damo/Wan2.2-T2V-A14B") == tmp_path / "models" / "wan2.2-t2v-a14b"


def test_any_folder_beside_the_pulled_models_is_a_name(tmp_path, monkeypatch):
    monkeypatch.setenv("RUSHES_HOME", str(tmp_path))
    (tmp_path / "models" / "mine").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    assert model_folder("mine") == tmp_path / "models" / "mine"
    with pytest.raises(UsageError, match=r"'\.\./other' is unknown"):
        model_folder("../other")


def test_every_published_name_has_an_architecture():
    assert set(PUBLISHED) == set(ARCHITECTURES)
    assert all(published_name(other) == name for name, others in PUBLISHED.items() for other in others)
    assert published_name("Wan-AI/Wan3") is None


def test_mini_lies_in_the_package():
    assert PACKAGED["mini"].parts[-3:] == ("rushes", "weights", "mini")


def test_names_are_looked_up_without_torch():
    code = "import sys, rushes.engine.catalogue, rushes.engine.plan; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
