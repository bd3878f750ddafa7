"""A LoRA as it is typed: file, strength, expert."""

from pathlib import Path

import pytest

from rushes.core.errors import UsageError
from rushes.core.lora_use import LoraUse, Noise, parse_lora


@pytest.mark.parametrize(
    ("text", "path", "strength"),
    [
        ("a.safetensors", "a.safetensors", 1.0),
        ("a.safetensors:0.8", "a.safetensors", 0.8),
        ("folder/a b.pt:-1", "folder/a b.pt", -1.0),
        ("C:\\loras\\a.safetensors", "C:\\loras\\a.safetensors", 1.0),
        ("a:b:2e-1", "a:b", 0.2),
    ],
)
def test_a_file_and_its_strength(text, path, strength):
    assert parse_lora(text, Noise.LOW) == LoraUse(Path(path), strength, Noise.LOW)


@pytest.mark.parametrize("strength", ["0", "nan", "inf", "-11", "80"])
def test_strengths_that_can_only_be_a_slip(strength):
    with pytest.raises(UsageError, match=r"of a.safetensors cannot work: use -10 to 10, not 0"):
        parse_lora(f"a.safetensors:{strength}", None)
