"""What several annotators say of one text, and how another reading of it agrees with them.

Labels of two annotators mean one thing where one of the names that either holds for fair is the same. What is
meant that way by enough of them is wanted; what fewer of them mean counts neither way, found or not.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

# Slots whose labels name one concept; those of `att` and `who` name several that other labels introduced.
_INTRODUCING = ("sub", "env", "beat", "light", "weather")
_JOINED = ("att", "who")
_PARTS = re.compile(r"[.>]")

Alike = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Label:
    """One thing that somebody says; `names` are equally fair, the best first."""

    names: tuple[str, ...]

    def means(self, other: "Label", alike: Alike) -> bool:
        """Whether both may mean one thing; alike: name -> names of the same thing in this text."""
        return any(_same(one, two, alike) for one in self.names for two in other.names)


Labels = Mapping[str, tuple[Label, ...]]


@dataclass(frozen=True)
class Verdict:
    """How a reading of one slot of one text agrees: number right, names of what was missed and invented."""

    right: int
    missed: tuple[str, ...]
    invented: tuple[str, ...]


@dataclass
class _Item:
    """One thing that some of a panel mean; members: number of the annotator -> label."""

    members: dict[int, Label]

    def means(self, label: Label, alike: Alike) -> int:
        return sum(member.means(label, alike) for member in self.members.values())


class Panel:
    """The annotators who labelled one text. Someone who did not label a slot lacks its key."""

    def __init__(self, annotators: Sequence[Labels]) -> None:
        self._annotators = annotators

    def judge(self, found: Labels, need: int) -> dict[str, Verdict]:
        """Compare `found` with what at least `need` annotators mean, slot by slot.

        Slots that fewer than `need` annotators labelled, or that `found` lacks, are left out.
        """
        everybody = (*self._annotators, found)
        alike = alike_names(everybody)
        slots = [slot for slot in found if sum(slot in labels for labels in self._annotators) >= need]
        return {slot: self._judge_slot(slot, found[slot], need, alike) for slot in slots}

    def _judge_slot(self, slot: str, found: Sequence[Label], need: int, alike: Alike) -> Verdict:
        items = _items([labels.get(slot, ()) for labels in self._annotators], alike)
        items.sort(key=lambda item: -len(item.members))
        left = list(found)
        right, missed = 0, []
        for item in items:
            best = max(left, key=lambda label: item.means(label, alike), default=None)
            is_wanted = len(item.members) >= need
            if best is not None and item.means(best, alike):
                left.remove(best)
                right += is_wanted
            elif is_wanted:
                missed.append(item.members[min(item.members)].names[0])
        return Verdict(right, tuple(missed), tuple(label.names[0] for label in left))

    def order(self, need: int) -> list[tuple[Label, Label]]:
        """Return the pairs of beats that at least `need` annotators put into this order, and nobody turns."""
        items = _items([labels.get("beat", ()) for labels in self._annotators], {})
        beats = [item for item in items if len(item.members) >= need]
        pairs = [(one, two) for one in beats for two in beats if one is not two]
        return [
            (next(iter(one.members.values())), next(iter(two.members.values())))
            for one, two in pairs
            if self._votes(one, two) >= need and not self._votes(two, one)
        ]

    def _votes(self, one: _Item, two: _Item) -> int:
        both = one.members.keys() & two.members.keys()
        return sum(
            self._annotators[annotator]["beat"].index(one.members[annotator])
            < self._annotators[annotator]["beat"].index(two.members[annotator])
            for annotator in both
        )


def label_of(written: str) -> Label:
    """Return the label `a|b`; in `owner.a|b` and `who>a|b` a name without owner has that of the first."""
    names = written.split("|")
    head = names[0].rpartition(".")[0]
    if head and ">" not in names[0]:
        names = [name if "." in name else f"{head}.{name}" for name in names]
    return Label(tuple(names))


def _items(said: Sequence[Sequence[Label]], alike: Alike) -> list[_Item]:
    """Join the labels of all annotators into things; each holds at most one label of each annotator.

    Labels with several fair names come first, since they join what others call by one of them.
    """
    entries = [(annotator, label) for annotator, labels in enumerate(said) for label in labels]
    entries.sort(key=lambda entry: -len(entry[1].names))
    items: list[_Item] = []
    for annotator, label in entries:
        free = [item for item in items if annotator not in item.members and item.means(label, alike)]
        if free:
            max(free, key=lambda item: item.means(label, alike)).members[annotator] = label
        else:
            items.append(_Item({annotator: label}))
    return items


def alike_names(annotators: Sequence[Labels]) -> dict[str, frozenset[str]]:
    """Return for each name the names of the same subjects, places, garments and beats in this text.

    Who calls the rider a man and who calls him a knight say the same of what he does, where they (or one of
    them) hold both words for fair.
    """
    alike: dict[str, frozenset[str]] = {}
    for slot in _INTRODUCING:
        for item in _items([labels.get(slot, ()) for labels in annotators], {}):
            _add(alike, {name.lstrip("!") for label in item.members.values() for name in label.names})
    for labels in annotators:
        for label in (label for slot in _JOINED for label in labels.get(slot, ())):
            for names in _differing(label):
                _add(alike, names)
    return alike


def _add(alike: dict[str, frozenset[str]], names: set[str]) -> None:
    for name in names:
        alike[name] = alike.get(name, frozenset()) | names


def _differing(label: Label) -> Iterator[set[str]]:
    """Yield the names at each place of a joined label with several fair forms."""
    split = [_PARTS.split(name) for name in label.names]
    if len(split) > 1 and len({len(names) for names in split}) == 1:
        yield from (set(names) for names in zip(*split, strict=True))


def _same(one: str, two: str, alike: Alike) -> bool:
    if one == two:
        return True
    first, second = _PARTS.split(one), _PARTS.split(two)
    if len(first) < 2 or len(first) != len(second):
        return False
    return all(a == b or b in alike.get(a, ()) for a, b in zip(first, second, strict=True))
