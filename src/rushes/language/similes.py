"""What something is only compared with is not there: "like a wolf", 狼のように, 늑대처럼."""

from rushes.language.passage import ATTRIBUTE_SLOTS, THING_SLOTS, Mention
from rushes.language.reading import Reading

_NEAR = 10
_COMPARED = THING_SLOTS | {"weather"}


def without_similes(reading: Reading) -> dict[int, Mention]:
    """Return the mentions less what something is only compared with: "like a wolf", 狼のように, 늑대처럼."""
    kept = dict(reading.mentions)
    for index, token in enumerate(reading.tokens):
        roles = reading.roles(index)
        if "simile" in roles and "not_simile" not in roles:
            for other in _compared(reading, index):
                if reading.mentions[other].slot in _COMPARED | {"action"}:
                    kept.pop(other, None)
                if reading.mentions[other].slot not in ATTRIBUTE_SLOTS:
                    break
        is_after = "simile_after" in roles
        own_tail = index in kept and token.tail.startswith(("처럼", "마냥"))
        target = index if own_tail else index - 1
        if (is_after or own_tail) and target in kept and kept[target].slot in _COMPARED:
            del kept[target]
    return kept


def _compared(reading: Reading, index: int) -> list[int]:
    """Return the mentions right after a word of comparison, within its clause."""
    near = range(index + 1, min(index + _NEAR, len(reading.tokens)))
    clause = reading.clauses[index]
    return [other for other in near if other in reading.mentions and reading.clauses[other] == clause]
