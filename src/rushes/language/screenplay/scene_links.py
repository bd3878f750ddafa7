"""Which scene of a new script came from which of the old: moved, split, merged, omitted, added.

Scenes are linked by the words they share, so that numbers and headings may change; then by their headings.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rushes.language.screenplay.element import ElementKind
from rushes.language.screenplay.unit import Unit, shingles

# Words that many scenes share say nothing, and would make the comparison quadratic.
_MOST_SCENES_OF_A_SHINGLE = 4
_SHARED_PART = 0.4
_SAME_HEADING = 10**6


class SceneFate(StrEnum):
    SAME = "same"
    MOVED = "moved"
    SPLIT = "split"
    MERGED = "merged"
    OMITTED = "omitted"
    ADDED = "added"


@dataclass(frozen=True)
class SceneLinks:
    """`forward[i]`: new scenes with words of old scene i, the one with most first; `back` likewise."""

    forward: tuple[tuple[int, ...], ...]
    back: tuple[tuple[int, ...], ...]

    def fate(self, old: int, moved: frozenset[int]) -> SceneFate:
        """What became of an old scene; ``moved`` is what `moved` says."""
        heirs = self.forward[old]
        if not heirs:
            return SceneFate.OMITTED
        if len(heirs) > 1:
            return SceneFate.SPLIT
        if len(self.back[heirs[0]]) > 1:
            return SceneFate.MERGED
        return SceneFate.MOVED if old in moved else SceneFate.SAME

    def moved(self) -> frozenset[int]:
        """Old scenes whose place among the others changed: those outside the longest run in order."""
        pairs = [(old, heirs[0]) for old, heirs in enumerate(self.forward) if heirs]
        kept = _longest_rising([new for _, new in pairs])
        return frozenset(old for index, (old, _) in enumerate(pairs) if index not in kept)


def link_scenes(old: Sequence[Unit], new: Sequence[Unit], num_old: int, num_new: int) -> SceneLinks:
    """Link the scenes of two scripts by their units."""
    old_words, new_words = _words_of_scenes(old, num_old), _words_of_scenes(new, num_new)
    shared = _shared(old_words, new_words)
    links = {
        (i, j): count
        for (i, j), count in shared.items()
        if count >= _SHARED_PART * max(1, min(len(old_words[i]), len(new_words[j])))
    }
    _link_by_heading(old, new, links)
    old_headings, new_headings = _headings(old), _headings(new)
    for i, j in links:
        # Of two halves of a scene, the one under its heading is the scene.
        if i in old_headings and old_headings[i] == new_headings.get(j):
            links[i, j] += _SAME_HEADING
    forward: list[list[int]] = [[] for _ in range(num_old)]
    back: list[list[int]] = [[] for _ in range(num_new)]
    for i, j in sorted(links, key=lambda pair: (-links[pair], pair)):
        forward[i].append(j)
        back[j].append(i)
    return SceneLinks(tuple(map(tuple, forward)), tuple(map(tuple, back)))


def _headings(units: Sequence[Unit]) -> dict[int, str]:
    return {unit.scene: unit.words for unit in units if unit.kind is ElementKind.SCENE_HEADING}


def _words_of_scenes(units: Sequence[Unit], num_scenes: int) -> list[set[str]]:
    words: list[set[str]] = [set() for _ in range(num_scenes)]
    for unit in units:
        if unit.kind is not ElementKind.SCENE_HEADING and unit.scene >= 0:
            words[unit.scene] |= shingles(unit.words)
    return words


def _shared(old: list[set[str]], new: list[set[str]]) -> Counter[tuple[int, int]]:
    where: dict[str, list[int]] = defaultdict(list)
    for index, words in enumerate(old):
        for word in words:
            where[word].append(index)
    new_counts = Counter(word for words in new for word in words)
    shared: Counter[tuple[int, int]] = Counter()
    for j, words in enumerate(new):
        for word in words:
            scenes = where.get(word, ())
            if len(scenes) <= _MOST_SCENES_OF_A_SHINGLE and new_counts[word] <= _MOST_SCENES_OF_A_SHINGLE:
                shared.update((i, j) for i in scenes)
    return shared


def _link_by_heading(old: Sequence[Unit], new: Sequence[Unit], links: dict[tuple[int, int], int]) -> None:
    """Scenes that share no words but the heading's are still the same scene, in their order."""
    linked_old, linked_new = {i for i, _ in links}, {j for _, j in links}
    waiting: dict[str, list[int]] = defaultdict(list)
    for unit in old:
        if unit.kind is ElementKind.SCENE_HEADING and unit.scene not in linked_old:
            waiting[unit.words].append(unit.scene)
    for queue in waiting.values():
        queue.reverse()
    for unit in new:
        if (
            unit.kind is ElementKind.SCENE_HEADING
            and unit.scene not in linked_new
            and waiting.get(unit.words)
        ):
            links[waiting[unit.words].pop(), unit.scene] = 1


def _longest_rising(values: list[int]) -> frozenset[int]:
    """Indices of a longest strictly rising subsequence (patience sorting)."""
    tails: list[int] = []
    tail_indices: list[int] = []
    before: list[int] = []
    for index, value in enumerate(values):
        place = bisect_left(tails, value)
        before.append(tail_indices[place - 1] if place else -1)
        tails[place : place + 1] = [value]
        tail_indices[place : place + 1] = [index]
    kept = set()
    index = tail_indices[-1] if tail_indices else -1
    while index >= 0:
        kept.add(index)
        index = before[index]
    return frozenset(kept)
