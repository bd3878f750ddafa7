"""Kinds of verbs, from `data/verb_classes.tsv`."""

from collections.abc import Mapping
from functools import cache

from rushes.language.tables import rows


@cache
def _classes() -> Mapping[str, frozenset[str]]:
    return {name: frozenset(concepts.split()) for name, concepts in rows("verb_classes")}


def is_kind(concept_id: str, *names: str) -> bool:
    """Whether a verb (by its concept) is of one of the classes of `data/verb_classes.tsv`."""
    return any(concept_id in _classes()[name] for name in names)
