"""What mini shows of any concept: the concept itself, its stand-in, or what stands in for something wider.

`data/mini.tsv` says what mini draws in the place of a concept (`-`: nothing, for nothing it has is near) and
what it draws with one of its own concepts anyway, as a warrior's cloak. `play<child` is what a child does.
"""

from collections.abc import Collection, Mapping
from functools import cache

from rushes.language.concepts import Lexicon
from rushes.language.tables import rows

# Mark of a concept that nothing of mini's can stand in for, nor for its kinds.
_NOTHING = ("-",)


def shown_as(concept: str, slot_of: Mapping[str, str], doers: Collection[str] = ()) -> tuple[str, ...]:
    """Return the ids among `slot_of` that stand for `concept`, the most telling first; empty for none.

    doers: of an action, the concepts that do it: a child that plays runs about, a pianist does not.
    """
    lexicon = Lexicon.load()
    kinds = [kind for doer in doers for kind in (doer, *lexicon.ancestors(doer))]
    for each in (concept, *lexicon.ancestors(concept)):
        if each in slot_of:
            return (each,)
        done_by = [f"{each}<{kind}" for kind in kinds if f"{each}<{kind}" in _stand_ins()]
        stand_in = _stand_ins().get((*done_by, each)[0], ((), ()))[0]
        if stand_in == _NOTHING:
            return ()
        if known := tuple(shown for shown in stand_in if shown in slot_of):
            return known
    return ()


def drawn_with(concept: str) -> tuple[str, ...]:
    """Return what mini draws along with one of its own concepts."""
    return _stand_ins().get(concept, ((), ()))[1]


@cache
def _stand_ins() -> Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return concept -> what mini shows in its place, and what it shows with it."""
    found = {}
    for concept, shown, parts in rows("mini", has_header=True):
        found[concept] = (tuple(filter(None, shown.split(","))), tuple(filter(None, parts.split(","))))
    return found
