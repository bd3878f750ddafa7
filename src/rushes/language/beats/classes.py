"""Kinds of verbs, from `data/verb_classes.tsv`."""

from collections.abc import Mapping
from functools import cache

from rushes.language.tables import rows


@cache
def _classes() -> Mapping[str, frozenset[str]]:
    return {name: frozenset(concepts.split()) for name, concepts in rows("verb_classes")}


def is_kind(concept_id: str, name: str) -> bool:
    """Whether a verb (by its concept) is of a class of `data/verb_classes.tsv`."""
    return concept_id in _classes()[name]
