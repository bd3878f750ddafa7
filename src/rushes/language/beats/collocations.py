"""What a verb means with its object or its subject: draws a sword, 拉小提琴, 傘を差す, a train pulls out.

`data/collocations.tsv` lists verb, objects and meaning. A name with `<` before it is that of who does it, to
nothing.
"""

from collections.abc import Mapping
from functools import cache

from rushes.language.concepts import Concept, Lexicon
from rushes.language.tables import rows


@cache
def _meanings() -> Mapping[tuple[str, str], str]:
    return {
        (verb, each): meaning for verb, things, meaning in rows("collocations") for each in things.split(",")
    }


def meant_with(action: Concept, doer: Concept | None, thing: Concept | None) -> Concept:
    """Return what `action` means when `doer` does it to `thing` or its kinds, or does it to nothing."""
    lexicon = Lexicon.load()
    if thing is not None:
        kinds = (thing.id, *lexicon.ancestors(thing.id))
    else:
        doers = () if doer is None else (doer.id, *lexicon.ancestors(doer.id), doer.slot)
        kinds = tuple(f"<{each}" for each in doers)
    for kind in kinds:
        meaning = _meanings().get((action.id, kind))
        if meaning is not None:
            return lexicon.concepts[meaning]
    return action


def meanings_of(action_id: str) -> set[str]:
    """Return everything a verb may mean with one object or another."""
    return {meaning for (verb, _), meaning in _meanings().items() if verb == action_id}
