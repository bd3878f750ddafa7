"""What a model reads for a prompt."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rushes.core.model_facts import ModelFacts


@dataclass(frozen=True)
class Words:
    """What a model reads: ``text``, the numbers ``told`` by it, and ``lines`` for a person on how."""

    text: str
    told: Mapping[str, float] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


def read_words(facts: ModelFacts, prompt: str) -> Words:
    """What the model reads for ``prompt``."""
    from rushes.language.mini_prompt import read_prompt

    if not facts.conventions.reads_captions:
        return Words(prompt)
    reading = read_prompt(prompt, facts.conventions.vocabulary)
    return Words(reading.context_text, reading.sliders, tuple(reading.explain()))
