"""A screenplay broken down: scenes, people, things, shots. By rules, the same every time."""

from dataclasses import dataclass, replace

from rushes.language.screenplay.duration import action_seconds, speech_seconds
from rushes.language.screenplay.element import SPOKEN, Element, ElementKind, Screenplay
from rushes.language.screenplay.form import language_of
from rushes.language.screenplay.numbering import shot_code
from rushes.language.screenplay.people import Character, find_people, speaker_names
from rushes.language.screenplay.props import find_props
from rushes.language.screenplay.scene import Scene, ScenePart, digest, scene_ids, scene_numbers, scene_parts
from rushes.language.screenplay.shot import Shot, Span
from rushes.language.screenplay.shot_rules import Cast, ShotPlan, plan_shots


@dataclass(frozen=True)
class Prop:
    """A thing, the words it is called by, and where."""

    id: str
    words: tuple[str, ...]
    scenes: tuple[str, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Breakdown:
    """`source` is the script all spans point into; `elements` tile it."""

    source: str
    elements: tuple[Element, ...]
    language: str
    scenes: tuple[Scene, ...]
    characters: tuple[Character, ...]
    props: tuple[Prop, ...]
    shots: tuple[Shot, ...]


def break_down(play: Screenplay) -> Breakdown:
    """Break a script into scenes, people, things and a first shot list."""
    parts = scene_parts(play)
    ids = scene_ids(parts)
    numbers = scene_numbers(parts)
    language = language_of(play.source[:200_000])
    people = find_people(parts, play.elements[: _front_length(play)], language)
    cast = Cast(people)
    scenes, shots, props = [], [], _PropList()
    for part, scene_id, number in zip(parts, ids, numbers, strict=True):
        plans = plan_shots(play, part, cast, language)
        props.add(part, scene_id, language)
        scene = _scene(part, scene_id, number, plans, props.of_scene(scene_id))
        scenes.append(replace(scene, characters=cast.known(scene.characters)))
        shots += number_shots(plans, scene_id, number)
    people = _with_scenes(people, scenes)
    return Breakdown(play.source, play.elements, language, tuple(scenes), people, props.props(), tuple(shots))


def number_shots(plans: tuple[ShotPlan, ...], scene_id: str, scene_number: str) -> list[Shot]:
    """Plans with ids from their words and codes in tens."""
    shots: list[Shot] = []
    seen: dict[str, int] = {}
    for index, plan in enumerate(plans):
        words = f"{scene_id}|{plan.coverage}|{plan.text}"
        seen[words] = seen.get(words, 0) + 1
        shots.append(
            Shot(
                id="sh-" + digest(f"{words}|{seen[words]}"),
                code=shot_code(scene_number, 10 * (index + 1)),
                scene_id=scene_id,
                coverage=plan.coverage,
                size=plan.size,
                text=plan.text,
                characters=plan.characters,
                duration_s=plan.duration_s,
                spans=plan.spans,
                script_text=plan.text,
            )
        )
    return shots


def _front_length(play: Screenplay) -> int:
    kinds = [element.kind for element in play.elements]
    return kinds.index(ElementKind.SCENE_HEADING) if ElementKind.SCENE_HEADING in kinds else len(kinds)


def _with_scenes(people: tuple[Character, ...], scenes: list[Scene]) -> tuple[Character, ...]:
    """Everybody with the scenes they speak, stand or are named in."""
    found: dict[str, list[str]] = {person.name: [] for person in people}
    for scene in scenes:
        for name in scene.characters:
            if name in found:
                found[name].append(scene.id)
    return tuple(replace(person, scenes=tuple(found[person.name])) for person in people)


def _scene(
    part: ScenePart, scene_id: str, number: str, plans: tuple[ShotPlan, ...], props: tuple[str, ...]
) -> Scene:
    heading = part.heading
    speakers = (
        name
        for element in part.elements
        if element.kind is ElementKind.CHARACTER
        for name in speaker_names(element.words)
    )
    people = (*heading.cast, *(name for plan in plans for name in plan.characters), *speakers)
    return Scene(
        id=scene_id,
        number=number,
        heading=next((e.words for e in part.elements if e.kind is ElementKind.SCENE_HEADING), ""),
        setting=heading.setting,
        location=heading.location,
        time=heading.time,
        start=part.elements[0].start,
        end=part.elements[-1].end,
        characters=tuple(dict.fromkeys(people)),
        props=props,
        duration_s=round(sum(_seconds(element) for element in part.elements), 1),
    )


def _seconds(element: Element) -> float:
    if element.kind in SPOKEN:
        return speech_seconds(element.words)
    return action_seconds(element.words) if element.kind is ElementKind.ACTION else 0.0


class _PropList:
    """Props in the order they are first seen, with every place."""

    def __init__(self) -> None:
        self._words: dict[str, dict[str, None]] = {}
        self._scenes: dict[str, dict[str, None]] = {}
        self._spans: dict[str, list[Span]] = {}

    def add(self, part: ScenePart, scene_id: str, language: str) -> None:
        for name in part.heading.props:
            self._note(name, name, scene_id, Span(part.elements[0].start, part.elements[0].end))
        for element in part.elements:
            if element.kind not in (ElementKind.ACTION, ElementKind.SHOT):
                continue
            for mention in find_props(element.words, language):
                self._note(mention.prop_id, mention.word.lower(), scene_id, Span(element.start, element.end))

    def of_scene(self, scene_id: str) -> tuple[str, ...]:
        return tuple(prop_id for prop_id, scenes in self._scenes.items() if scene_id in scenes)

    def props(self) -> tuple[Prop, ...]:
        return tuple(
            Prop(
                prop_id,
                tuple(words),
                tuple(self._scenes[prop_id]),
                tuple(dict.fromkeys(self._spans[prop_id])),
            )
            for prop_id, words in self._words.items()
        )

    def _note(self, prop_id: str, word: str, scene_id: str, span: Span) -> None:
        self._words.setdefault(prop_id, {})[word] = None
        self._scenes.setdefault(prop_id, {})[scene_id] = None
        self._spans.setdefault(prop_id, []).append(span)
