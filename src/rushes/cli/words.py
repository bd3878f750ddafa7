"""What a model reads for a prompt."""

from rushes.core.model_facts import ModelFacts


def read_words(facts: ModelFacts, prompt: str) -> tuple[str, list[str]]:
    """What the model reads for ``prompt``, and lines for a person on how that came about."""
    from rushes.language.mini_prompt import read_prompt

    if not facts.conventions.reads_captions:
        return prompt, []
    reading = read_prompt(prompt, facts.conventions.vocabulary)
    return reading.context_text, list(reading.explain())
