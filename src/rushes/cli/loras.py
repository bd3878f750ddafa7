"""LoRAs and presets as they are asked for on the command line."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rushes.core.errors import UsageError
from rushes.core.lora_use import LoraUse, Noise, parse_lora
from rushes.core.model_facts import ModelFacts

if TYPE_CHECKING:
    from rushes.engine.presets import Preset


def asked_loras(both: Sequence[str], high: Sequence[str], low: Sequence[str]) -> tuple[LoraUse, ...]:
    """``FILE`` or ``FILE:STRENGTH`` for all experts and for each. Raises UsageError for a missing file."""
    asked = ((None, both), (Noise.HIGH, high), (Noise.LOW, low))
    uses = tuple(parse_lora(text, noise) for noise, texts in asked for text in texts)
    for use in uses:
        if not use.path.is_file():
            raise UsageError(f"LoRA {str(use.path)!r} is no file: give FILE or FILE:STRENGTH")
    return uses


def with_preset(
    name: str | None, facts: ModelFacts, steps: int | None, loras: tuple[LoraUse, ...]
) -> tuple[ModelFacts, tuple[LoraUse, ...]]:
    """Facts and LoRAs as the preset called ``name`` has them; unchanged without one."""
    if name is None:
        return facts, loras
    from rushes.engine.presets import find_preset

    preset: Preset = find_preset(name)
    return preset.drive(facts, steps), preset.add_pair(facts, loras)
