"""Kinds of verbs (from `data/verb_classes.tsv`) and of things that the grammar of beats asks for."""

from collections.abc import Mapping
from functools import cache
from importlib import resources

from rushes.language.concepts import Lexicon

# What can do something without being a subject of the spec: wind blows, light falls in.
ELEMENTS = frozenset(("weather", "light", "sky"))
# What may stand between a verb and the noun or the conjunction before it.
SAYING_HOW = frozenset(("speed", "direction", "mood", "count"))
# Places that do something themselves; any other place only burns, shakes and so on.
# fmt: off
MOVING = frozenset((
    "bunker", "car_door", "curtain", "door", "elevator", "fountain", "gate", "ground", "hatch", "meteor",
    "river", "sea_wave", "stream", "swing", "tree", "volcano", "waterfall", "window",
))
# fmt: on
# Particles of what acts, in Japanese and Korean.
SUBJECT_TAILS = ("が", "は", "も", "이", "가", "은", "는", "도", "께서", "들이", "들은")
# Tokens on each side that may matter for one beat; bounded, so that time stays linear in the text.
NEAR = 60


@cache
def _classes() -> Mapping[str, frozenset[str]]:
    path = resources.files("rushes.language").joinpath("data/verb_classes.tsv")
    lines = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return {name: frozenset(concepts.split()) for name, concepts in lines}


def is_kind(concept_id: str, *names: str) -> bool:
    """Whether a verb (by its concept) is of one of the classes of `data/verb_classes.tsv`."""
    return any(concept_id in _classes()[name] for name in names)


def acts_on_places(concept_id: str) -> bool:
    """Whether a place can be what a verb is done to: 扉を開ける, burns the village; motion only passes it."""
    if is_kind(concept_id, "motion", "staying"):
        return False
    return not any(is_kind(each, "motion") for each in Lexicon.load().ancestors(concept_id))
