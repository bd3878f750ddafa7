"""Where the units of an old script stand in a new one: the same, changed, or gone."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from rushes.language.screenplay.element import ElementKind
from rushes.language.screenplay.scene_links import SceneLinks
from rushes.language.screenplay.unit import Unit, shingles

_ALIKE = 0.3
_MOST_CANDIDATES = 16
_LONG_ENOUGH = 12  # characters of a line that is recognised anywhere in the script


@dataclass(frozen=True, slots=True)
class UnitLink:
    """The new unit's index and whether it says the same."""

    new: int
    is_same: bool


def link_units(old: Sequence[Unit], new: Sequence[Unit], scenes: SceneLinks) -> dict[int, UnitLink]:
    """Old unit's index -> its link; units that are gone are missing.

    First what says the same in linked scenes, then lines that stand once in both scripts, then what is alike,
    then what fills the same gap.
    """
    links: dict[int, UnitLink] = {}
    free = set(range(len(new)))
    _link_headings(old, new, scenes, links, free)
    _link_equal(old, new, scenes, links, free)
    _link_unique(old, new, links, free)
    _link_alike(old, new, scenes, links, free)
    _link_gaps(old, new, links, free)
    return links


def _take(links: dict[int, UnitLink], free: set[int], index: int, target: int, is_same: bool) -> None:
    links[index] = UnitLink(target, is_same)
    free.discard(target)


def _link_headings(
    old: Sequence[Unit], new: Sequence[Unit], scenes: SceneLinks, links: dict[int, UnitLink], free: set[int]
) -> None:
    """A heading follows its scene, whatever it says now."""
    headings = {unit.scene: at for at, unit in enumerate(new) if unit.kind is ElementKind.SCENE_HEADING}
    for index, unit in enumerate(old):
        if unit.kind is ElementKind.SCENE_HEADING and scenes.forward[unit.scene]:
            target = headings.get(scenes.forward[unit.scene][0])
            if target is not None:
                _take(links, free, index, target, new[target].words == unit.words)


def _link_equal(
    old: Sequence[Unit], new: Sequence[Unit], scenes: SceneLinks, links: dict[int, UnitLink], free: set[int]
) -> None:
    places: dict[tuple[int, ElementKind, str], list[int]] = defaultdict(list)
    for at in range(len(new) - 1, -1, -1):
        if at in free:
            places[(new[at].scene, *new[at].key)].append(at)
    for index, unit in enumerate(old):
        if index in links or unit.kind is ElementKind.SCENE_HEADING:
            continue
        for scene in scenes.forward[unit.scene] if unit.scene >= 0 else (-1,):
            queue = places.get((scene, *unit.key))
            if queue:
                _take(links, free, index, queue.pop(), is_same=True)
                break


def _link_unique(
    old: Sequence[Unit], new: Sequence[Unit], links: dict[int, UnitLink], free: set[int]
) -> None:
    counts = Counter(unit.key for unit in old)
    places: dict[tuple[ElementKind, str], list[int]] = defaultdict(list)
    for at in free:
        places[new[at].key].append(at)
    for index, unit in enumerate(old):
        targets = places.get(unit.key, [])
        is_known = counts[unit.key] == 1 and len(targets) == 1 and len(unit.words) >= _LONG_ENOUGH
        if index not in links and is_known and unit.kind is not ElementKind.SCENE_HEADING:
            _take(links, free, index, targets[0], is_same=True)


def _link_alike(
    old: Sequence[Unit], new: Sequence[Unit], scenes: SceneLinks, links: dict[int, UnitLink], free: set[int]
) -> None:
    where: dict[tuple[int, str], list[int]] = defaultdict(list)
    for at in sorted(free):
        for shingle in shingles(new[at].words):
            where[new[at].scene, shingle].append(at)
    for index, unit in enumerate(old):
        if index in links or unit.kind is ElementKind.SCENE_HEADING or unit.scene < 0:
            continue
        mine = shingles(unit.words)
        votes: Counter[int] = Counter()
        for scene in scenes.forward[unit.scene]:
            for shingle in mine:
                votes.update(where.get((scene, shingle), ())[:_MOST_CANDIDATES])
        best = [
            (count / max(1, min(len(mine), len(shingles(new[at].words)))), -at)
            for at, count in votes.most_common(_MOST_CANDIDATES)
            if at in free and new[at].kind is unit.kind
        ]
        if best and max(best)[0] >= _ALIKE:
            _take(links, free, index, -max(best)[1], is_same=False)


def _link_gaps(old: Sequence[Unit], new: Sequence[Unit], links: dict[int, UnitLink], free: set[int]) -> None:
    """A line written anew between lines that stayed: one unit missing here, one of its kind found there."""
    for index in range(1, len(old)):
        before = links.get(index - 1)
        if index in links or before is None or old[index].kind is ElementKind.SCENE_HEADING:
            continue
        target = before.new + 1
        is_free = target in free and new[target].kind is old[index].kind
        after = links.get(index + 1)
        ends = after is None and (target + 1 >= len(new) or new[target + 1].scene != new[target].scene)
        is_last = ends and (index + 1 >= len(old) or old[index + 1].scene != old[index].scene)
        if is_free and ((after is not None and after.new == target + 1) or is_last):
            _take(links, free, index, target, is_same=False)
