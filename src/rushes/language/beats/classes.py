"""Kinds of verbs, from `data/verb_classes.tsv`."""

from collections.abc import Mapping
from functools import cache
from importlib import resources


@cache
def _classes() -> Mapping[str, frozenset[str]]:
    path = resources.files("rushes.language").joinpath("data/verb_classes.tsv")
    lines = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return {name: frozenset(concepts.split()) for name, concepts in lines}


def is_kind(concept_id: str, *names: str) -> bool:
    """Whether a verb (by its concept) is of one of the classes of `data/verb_classes.tsv`."""
    return any(concept_id in _classes()[name] for name in names)
