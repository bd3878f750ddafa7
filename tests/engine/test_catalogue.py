import subprocess
import sys

import pytest

from rushes.core.errors import UsageError, WeightsError
from rushes.engine.catalogue import PACKAGED, model_folder


def test_an_unknown_name_lists_the_choices():
    with pytest.raises(UsageError, match=r"'wann' is unknown: choose mini"):
        model_folder("wann")


def test_a_folder_is_a_model_when_it_says_so(tmp_path):
    with pytest.raises(WeightsError, match=r"no model\.json"):
        model_folder(str(tmp_path))
    (tmp_path / "model.json").write_text("{}")
    assert model_folder(str(tmp_path)) == tmp_path


def test_mini_lies_in_the_package():
    assert PACKAGED["mini"].parts[-3:] == ("rushes", "weights", "mini")


def test_names_are_looked_up_without_torch():
    code = "import sys, rushes.engine.catalogue, rushes.engine.plan; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
