"""A new version of a script brought into a shot list that people have worked on: a three-way merge.

The base is the script the list was made from, ours is the list as it is now, theirs is the new script. Only
shots whose words, place or light changed turn stale; what lost its words stays as an orphan; no shot is
dropped.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from rushes.language.screenplay.breakdown import Breakdown, break_down
from rushes.language.screenplay.element import ElementKind, Screenplay
from rushes.language.screenplay.heading import parse_heading
from rushes.language.screenplay.hours import times
from rushes.language.screenplay.numbering import code_between, next_letter, shot_number
from rushes.language.screenplay.scene import Scene, digest
from rushes.language.screenplay.scene_links import SceneFate, SceneLinks, link_scenes
from rushes.language.screenplay.shot import Shot, ShotStatus
from rushes.language.screenplay.shot_merge import Place, ShotMerge, Version
from rushes.language.screenplay.unit import script_units
from rushes.language.screenplay.unit_links import link_units


@dataclass(frozen=True)
class SceneChange:
    """What became of a scene, by the numbers people know; `before` is empty for an added one."""

    fate: SceneFate
    before: str
    after: tuple[str, ...]


@dataclass(frozen=True)
class Reimport:
    """The merged list and what changed."""

    breakdown: Breakdown
    scenes: tuple[SceneChange, ...]
    renames: Mapping[str, str]  # who went by another name before -> the name now

    def count(self, status: ShotStatus) -> int:
        """How many shots have a status now."""
        return sum(shot.status is status for shot in self.breakdown.shots)


def reimport(before: Breakdown, play: Screenplay) -> Reimport:
    """Merge the new script ``play`` into ``before``."""
    fresh = break_down(play)
    made = break_down(Screenplay(before.source, before.elements))
    base_scenes = tuple(scene for scene in before.scenes if not scene.is_omitted)
    old = script_units(before.elements, [scene.start for scene in base_scenes])
    new = script_units(fresh.elements, [scene.start for scene in fresh.scenes])
    links = link_scenes(old, new, len(base_scenes), len(fresh.scenes))
    scenes = _merged_scenes(base_scenes, before, fresh, links)
    new_ids = {scene.id: merged.id for scene, merged in zip(fresh.scenes, scenes, strict=True)}
    proposals = [replace(shot, scene_id=new_ids[shot.scene_id]) for shot in fresh.shots]
    merge = ShotMerge(
        old=Version(before.source, old, _places(base_scenes, made), _names(before)),
        new=Version(fresh.source, new, _places(scenes, fresh), _names(fresh)),
        links=link_units(old, new, links),
        proposals=proposals,
        scene_at=[scene.id for scene in scenes],
        heirs=_heirs(base_scenes, scenes, links),
        declined=_declined(made, before),
    )
    shots = _with_codes(merge.shots(before.shots), scenes)
    kept = {scene.id for scene in scenes}
    in_use = {shot.scene_id for shot in shots} - kept
    omitted = tuple(
        replace(scene, start=0, end=0, is_omitted=True) for scene in before.scenes if scene.id in in_use
    )
    merged = replace(
        fresh,
        scenes=(*scenes, *omitted),
        characters=tuple(
            replace(each, scenes=tuple(new_ids[i] for i in each.scenes)) for each in fresh.characters
        ),
        props=tuple(replace(each, scenes=tuple(new_ids[i] for i in each.scenes)) for each in fresh.props),
        shots=shots,
    )
    return Reimport(merged, _changes(base_scenes, scenes, links), _renames(before, merged))


def _merged_scenes(
    base: tuple[Scene, ...], before: Breakdown, fresh: Breakdown, links: SceneLinks
) -> tuple[Scene, ...]:
    """New scenes with the ids, and where the script gives none the numbers, of those they came from."""
    used = {scene.id for scene in before.scenes}
    taken = {scene.number for scene in base}
    merged: list[Scene] = []
    stem, num_added = "", 0
    keys = {e.start: e.key for e in fresh.elements if e.kind is ElementKind.SCENE_HEADING}
    for index, scene in enumerate(fresh.scenes):
        ancestor = next((i for i in links.back[index] if links.forward[i][0] == index), None)
        written = parse_heading(scene.heading, keys.get(scene.start, "")).number
        if ancestor is not None:
            number = written or base[ancestor].number
            stem, num_added = number, 0
            merged.append(replace(scene, id=base[ancestor].id, number=number))
            continue
        scene_id = scene.id
        while scene_id in used:
            scene_id = "sc-" + digest(f"{scene_id}|{scene.heading}")
        used.add(scene_id)
        number = written
        if not number and stem:
            num_added += 1
            number = next_letter(stem, taken, first=num_added)
        elif not number:
            number = _before_first(base, taken)
        if written or not stem:
            stem, num_added = number, 0
        taken.add(number)
        merged.append(replace(scene, id=scene_id, number=number))
    return tuple(merged)


def _before_first(base: tuple[Scene, ...], taken: set[str]) -> str:
    """`A1` stands before scene 1."""
    number = "A" + (base[0].number if base else "1")
    return number if number not in taken else next_letter(number, taken)


def _names(breakdown: Breakdown) -> frozenset[str]:
    return frozenset(character.name for character in breakdown.characters)


def _declined(made: Breakdown, before: Breakdown) -> Counter[tuple[str, str]]:
    """What the rules make of the base and is not in the list: somebody did not want it."""
    counts: Counter[tuple[str, str]] = Counter((shot.coverage, shot.text) for shot in made.shots)
    counts.subtract((shot.coverage, shot.script_text) for shot in before.shots)
    return counts


def _places(scenes: tuple[Scene, ...], read: Breakdown) -> dict[str, Place]:
    """Scene id -> its place as headings are ``read`` today, since rules change too."""
    by_start = {scene.start: scene for scene in read.scenes}
    hours = times(read.scenes, read.language)
    today = ((scene.id, by_start.get(scene.start, scene)) for scene in scenes)
    return {
        scene_id: (scene.setting, scene.location, hours.get(scene.id, scene.time))
        for scene_id, scene in today
    }


def _renames(before: Breakdown, after: Breakdown) -> dict[str, str]:
    """Names that left the script -> the new one that stands in most of the same shots."""
    gone, came = _names(before) - _names(after), _names(after) - _names(before)
    base = {shot.id: shot.characters for shot in before.shots}
    pairs: Counter[tuple[str, str]] = Counter()
    for shot in after.shots:
        old = base.get(shot.id, ())
        if len(old) == len(shot.characters):
            pairs.update(pair for pair in zip(old, shot.characters, strict=True) if pair[0] != pair[1])
    most = Counter(name for names in base.values() for name in names)
    renames: dict[str, str] = {}
    for (name, now), count in pairs.most_common():
        if name in gone and now in came and 2 * count > most[name] and now not in renames.values():
            renames.setdefault(name, now)
    return renames


def _heirs(base: tuple[Scene, ...], scenes: tuple[Scene, ...], links: SceneLinks) -> dict[str, str]:
    """Old scene id -> id of the new scene most of it went to."""
    return {scene.id: scenes[links.forward[i][0]].id for i, scene in enumerate(base) if links.forward[i]}


def _with_codes(shots: list[Shot], scenes: tuple[Scene, ...]) -> tuple[Shot, ...]:
    """Codes for new shots, between those of their neighbours in the scene."""
    numbers = {scene.id: scene.number for scene in scenes}
    taken = {shot.code for shot in shots if shot.code}
    following: dict[int, int | None] = {}
    after: dict[str, int | None] = {}
    for index in range(len(shots) - 1, -1, -1):
        shot = shots[index]
        following[index] = after.get(shot.scene_id)
        if shot.code:
            after[shot.scene_id] = shot_number(shot.code)
    coded: list[Shot] = []
    before: dict[str, int] = {}
    for index, shot in enumerate(shots):
        code = shot.code
        if not code:
            number = numbers.get(shot.scene_id, "0")
            code = code_between(number, before.get(shot.scene_id, 0), following[index], taken)
            taken.add(code)
        before[shot.scene_id] = shot_number(code)
        coded.append(replace(shot, code=code))
    return tuple(coded)


def _changes(
    base: tuple[Scene, ...], scenes: tuple[Scene, ...], links: SceneLinks
) -> tuple[SceneChange, ...]:
    """The fate of every old scene in order, then the added ones."""
    moved = links.moved()
    changes = []
    for index, scene in enumerate(base):
        fate = links.fate(index, moved)
        after = tuple(scenes[heir].number for heir in sorted(links.forward[index]))
        changes.append(SceneChange(fate, scene.number, after))
    for index, scene in enumerate(scenes):
        if not links.back[index]:
            changes.append(SceneChange(SceneFate.ADDED, "", (scene.number,)))
    return tuple(changes)
