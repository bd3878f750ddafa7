"""From a shot spec to what mini can show, with an account of everything that was replaced or left out.

`data/mini.tsv` says what mini draws in the place of a concept where that is not simply its nearest hypernym,
and what it draws with one of its own concepts anyway, as a warrior's cloak.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from rushes.core.errors import UsageError
from rushes.core.vocabulary import SKIES, SLOTS, TOLD, VALID_ACTIONS, camera_sliders
from rushes.language.captions import LANGUAGES, canonical_caption, caption, phrases
from rushes.language.concepts import Lexicon
from rushes.language.parse import parse
from rushes.language.spec import PARTS, Found, ShotSpec

# When a subject cannot do an action, the first of these that it can do takes its place.
_NEAREST_ACTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "stand": (),
        "walk": ("run", "spin"),
        "run": ("walk", "fly"),
        "leap": ("fly", "run"),
        "spin": ("leap", "run"),
        "fly": ("leap", "run"),
        "carry": ("walk", "run"),
    }
)
# What a caption says where the prompt is silent: mini draws far better what is described in full.
_PLAIN: Mapping[str, str] = MappingProxyType(
    {"direction": "right", "weather": "clear", "time": "day", "style": "realistic", "camera": "static"}
)
# What the words for degrees are as sliders: the middle of what a scene so described has.
_DEGREES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {"strength": {"slight": -0.72, "fierce": 0.72}, "speed": {"slow": -0.8, "fast": 0.8}}
)
# How far a camera moves where nothing says how far.
_USUAL_MOVE = 0.95
_SUGGESTIONS = 6
# Mark of a concept whose kinds mini cannot stand in for.
_NOTHING = ("-",)
# Words that name a subject only when nothing else does.
_GENERAL = frozenset(("person", "figure", "creature", "animal", "machine", "vehicle", "product"))
# A kind of thing that never calls for a remark: what it says is in the rest, or nothing mini could show.
_SILENT = frozenset(("count", "body", "mood", "speed", "age"))


@dataclass(frozen=True)
class Replacement:
    """`words` of the prompt, for which mini shows `shown` instead, and why, in one English clause."""

    words: str
    shown: str
    reason: str


@dataclass(frozen=True)
class PromptReading:
    """What mini understood of a prompt.

    attributes: slot -> vocabulary id, and degrees of the sliders; added: the same for what the prompt leaves
    open; spec: everything the prompt says; replaced: what stands for something else; left_out: words of known
    concepts that mini cannot show or has no room for; unknown: words that no concept covers, each once, in
    order.
    """

    text: str
    language: str
    attributes: Mapping[str, str]
    added: Mapping[str, str]
    spec: ShotSpec
    replaced: tuple[Replacement, ...]
    left_out: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def negated(self) -> tuple[Found, ...]:
        """What the prompt rules out."""
        return tuple(found for found in self.spec.everything() if found.negated)

    @property
    def shown(self) -> Mapping[str, str]:
        """All that the caption says: `attributes` and `added`."""
        return {**self.attributes, **self.added}

    @property
    def context_text(self) -> str:
        """The caption, in the language of the prompt, that mini's text encoder reads, with what was added.

        Raises UsageError when nothing of the prompt can be shown.
        """
        if not self.attributes:
            raise UsageError(
                f"mini understands nothing to show in {self.text[:60]!r}; name a subject, place or weather "
                f"it knows, such as {', '.join(_known_words(self.language))}."
            )
        return canonical_caption(self.shown, self.language)

    @property
    def sliders(self) -> Mapping[str, float]:
        """What the caption says in words, as numbers: camera moves, and the degrees it names."""
        shown = self.shown
        told = {slot: _DEGREES[slot][shown[slot]] for slot in _DEGREES if slot in shown}
        moves = camera_sliders(shown, _USUAL_MOVE, 2.0 ** told.get("speed", 0.0))
        return {**moves, **told}

    def explain(self) -> list[str]:
        """Return short English lines for the user: understood, replaced, left out, negated, unknown."""
        understood = ", ".join(f"{slot} {concept}" for slot, concept in self.attributes.items())
        lines = [f"understood: {understood or 'nothing'}"]
        if self.attributes and self.added:
            lines.append(f"added: {', '.join(f'{slot} {concept}' for slot, concept in self.added.items())}")
        lines += [f"replaced: {item.words} -> {item.shown} ({item.reason})" for item in self.replaced]
        if self.left_out:
            lines.append(f"left out, mini cannot show: {', '.join(self.left_out)}")
        if self.negated:
            ruled_out = dict.fromkeys(self.text[slice(*found.span)] for found in self.negated)
            lines.append(f"ruled out by the prompt: {', '.join(ruled_out)}")
        if self.unknown:
            lines.append(f"words mini does not know: {', '.join(self.unknown)}")
        return lines


def read_prompt(text: str, known: Mapping[str, tuple[str, ...]] = TOLD) -> PromptReading:
    """Read free text in Chinese, English, Japanese or Korean; deterministic, linear in its length.

    known: slot -> the ids that the weights were trained on (an empty mapping: all); another id is shown as a
    broader one or left out.

    Raises UsageError as `parse` does. A text without a known word gives a reading without attributes, whose
    `context_text` raises.
    """
    if not text.strip():
        raise UsageError("The prompt is empty; describe a subject, what it does and where.")
    return for_mini(parse(text), known)


def for_mini(spec: ShotSpec, known: Mapping[str, tuple[str, ...]] = TOLD) -> PromptReading:
    """Return what mini can show of a spec: as it is, as something wider or alike, or not at all."""
    choice = _Choice(spec, known or TOLD)
    choice.take()
    unknown = dict.fromkeys(spec.text[start:end] for start, end in spec.unknown)
    attributes = {slot: choice.attributes[slot] for slot in TOLD if slot in choice.attributes}
    return PromptReading(
        text=spec.text,
        language=spec.language,
        attributes=attributes,
        added=_added(attributes, spec, known or TOLD),
        spec=spec,
        replaced=tuple(dict.fromkeys(choice.replaced)),
        left_out=tuple(dict.fromkeys(choice.left_out)),
        unknown=tuple(unknown),
    )


def _added(
    attributes: Mapping[str, str], spec: ShotSpec, known: Mapping[str, tuple[str, ...]]
) -> dict[str, str]:
    """The plainest of what a spec leaves open and does not rule out; a sky brings its weather and time."""
    plain = dict(_PLAIN)
    if "sky" in attributes:
        weathers, times = SKIES[attributes["sky"]]
        plain |= {"weather": weathers[0], "time": times[0]}
    if "action" not in attributes:
        del plain["direction"]
    ruled_out = {found.concept for found in spec.everything() if found.negated}
    return {
        slot: concept
        for slot, concept in plain.items()
        if slot not in attributes and concept in known.get(slot, ()) and concept not in ruled_out
    }


def corpus(size: int, seed: int) -> Iterator[str]:
    """Yield every phrase of four languages once, then `size` captions of random attributes.

    Meant for training a tokenizer: captions are all that mini reads. The languages take turns.
    """
    for language in LANGUAGES:
        yield from phrases(language)
    for index in range(size):
        yield _random_caption(LANGUAGES[index % len(LANGUAGES)], seed * 1_000_003 + index)


def _random_caption(language: str, seed: int) -> str:
    # A different generator from the caption's own, so that wording and content are independent.
    draws = random.Random(f"attributes:{seed}")
    share = 0.3 + 0.7 * draws.random()
    attributes = {
        slot: concepts[int(draws.random() * len(concepts))]
        for slot, concepts in SLOTS.items()
        if draws.random() < share
    }
    if attributes.get("action") not in VALID_ACTIONS.get(attributes.get("subject", ""), SLOTS["action"]):
        attributes.pop("action", None)
    return caption(attributes or {"subject": SLOTS["subject"][seed % len(SLOTS["subject"])]}, language, seed)


class _Choice:
    """Chooses one vocabulary concept a slot from a spec, and keeps account."""

    def __init__(self, spec: ShotSpec, known: Mapping[str, tuple[str, ...]]) -> None:
        self.attributes: dict[str, str] = {}
        self.replaced: list[Replacement] = []
        self.left_out: list[str] = []
        self._spare: list[Found] = []
        self._spec = spec
        self._known = known
        self._slot_of = {concept: slot for slot, concepts in known.items() for concept in concepts}
        self._named = frozenset(found.concept for found in spec.everything() if not found.negated)

    def take(self) -> None:
        """Fill the attributes: the subject first, for the rest depends on it."""
        subjects = sorted(self._spec.present("subjects"), key=lambda found: found.concept in _GENERAL)
        for found in subjects:
            self._take_subject(found)
        others = [found for part in PARTS if part != "subjects" for found in self._spec.present(part)]
        # What mini can show as it is comes before what it can only show as something else.
        others = [found for found in others if found.kind != "speed"]
        for found in sorted(others, key=lambda each: each.concept not in self._slot_of):
            self._take_other(found)
        for found in (*self._spec.everything(), *self._spec.loose):
            if not found.negated and found.kind == "direction":
                self._take_other(found)
        self._take_degrees()
        for found in self._spec.loose:
            if found.kind == "colour" and not found.negated:
                self._take_other(found)
        self._fit_action()
        self._fit_sky()
        self._drop_idle_degrees()
        for found in self._spare:
            if not self._is_part(found.concept):
                self.left_out.append(
                    f"{self._words(found)} (mini shows one subject: {self.attributes['subject']})"
                )
            self._leave_colours(found)

    def _take_subject(self, found: Found) -> None:
        shown = self._shown_subject(found)
        chosen = self.attributes.get("subject")
        if not shown or self._slot_of[shown[0]] != "subject":
            if not self._is_part(found.concept):
                self.left_out.append(self._words(found))
        elif chosen is None:
            self._set(found, shown)
            self._take_colour(found)
        elif shown[0] != chosen and found.concept not in _GENERAL and not self._is_part(found.concept):
            self._spare.append(found)

    def _shown_subject(self, found: Found) -> tuple[str, ...]:
        """Return the person of mini whose things are named: a figure in a trench coat is its detective."""
        shown = self._shown(found.concept)
        lexicon = Lexicon.load()
        is_kind = any(each in self._slot_of for each in (found.concept, *lexicon.ancestors(found.concept)))
        if is_kind or not lexicon.is_a(found.concept, "person"):
            return shown
        for subject in self._known["subject"]:
            if lexicon.is_a(subject, "person") and self._named.intersection(_parts(subject)):
                return (subject, *shown[1:])
        return shown

    def _take_colour(self, found: Found) -> None:
        """The colour of the chosen subject, of what it wears or of its body."""
        for attribute in found.attributes:
            for each in (attribute, *attribute.attributes):
                if each.kind == "colour" and not each.negated:
                    shown = self._shown(each.concept)
                    if shown and "color" not in self.attributes:
                        self._set(each, shown)
                    elif not shown or shown[0] != self.attributes.get("color"):
                        self.left_out.append(self._words(each))

    def _leave_colours(self, found: Found) -> None:
        for each in found.attributes:
            if each.kind == "colour":
                self.left_out.append(f"{self._words(each)} (mini colours only its subject)")

    def _take_other(self, found: Found) -> None:
        self._leave_colours(found)
        shown = self._shown(found.concept)
        if not shown:
            if not self._is_part(found.concept) and found.kind not in _SILENT:
                self.left_out.append(self._words(found))
            return
        slot = self._slot_of[shown[0]]
        chosen = self.attributes.get(slot)
        if chosen is None:
            self._set(found, shown)
        elif chosen != shown[0] and not self._is_part(found.concept):
            self.left_out.append(f"{self._words(found)} (mini shows one {slot}: {chosen})")

    def _set(self, found: Found, shown: tuple[str, ...]) -> None:
        for concept in shown:
            self.attributes.setdefault(self._slot_of[concept], concept)
        is_own = found.concept == shown[0] or found.concept in _parts(shown[0])
        if not is_own or len(shown) > 1:
            reason = f"mini has no {found.concept.replace('_', ' ')}"
            self.replaced.append(Replacement(self._words(found), ", ".join(shown), reason))

    def _fit_action(self) -> None:
        subject, action = self.attributes.get("subject"), self.attributes.get("action")
        if subject is None or action is None or action in VALID_ACTIONS[subject]:
            return
        valid = [each for each in VALID_ACTIONS[subject] if each in self._known["action"]]
        nearest = next((other for other in _NEAREST_ACTIONS[action] if other in valid), valid[0])
        self.attributes["action"] = nearest
        self.replaced.append(Replacement(action, nearest, f"mini's {subject} cannot {action}"))

    def _shown(self, concept: str) -> tuple[str, ...]:
        """Return what mini draws for a concept: itself, its stand-in, or those of the nearest hypernym."""
        for each in (concept, *Lexicon.load().ancestors(concept)):
            if each in self._slot_of:
                return (each,)
            stand_in = _stand_ins().get(each, ((), ()))[0]
            if stand_in == _NOTHING:
                return ()
            if known := tuple(shown for shown in stand_in if shown in self._slot_of):
                return known
        return ()

    def _take_degrees(self) -> None:
        """How strong the weather is and how fast the action; the pace of the camera is another matter."""
        paces = [each for action in self._spec.present("beats") for each in action.attributes]
        for found in (*paces, *self._spec.everything(), *self._spec.loose):
            shown = self._shown(found.concept)
            slot = self._slot_of[shown[0]] if shown else ""
            if not found.negated and (slot == "strength" or (slot == "speed" and found in paces)):
                self.attributes.setdefault(slot, shown[0])

    def _drop_idle_degrees(self) -> None:
        if self.attributes.get("weather", "clear") == "clear":
            self.attributes.pop("strength", None)
        if self.attributes.get("action", "stand") == "stand":
            self.attributes.pop("speed", None)

    def _fit_sky(self) -> None:
        sky = self.attributes.get("sky")
        if sky is None:
            return
        weathers, times = SKIES[sky]
        if (
            self.attributes.get("weather", weathers[0]) not in weathers
            or self.attributes.get("time", times[0]) not in times
        ):
            del self.attributes["sky"]
            self.left_out.append(f"{sky} (mini shows it in {' or '.join(weathers)}, by {' or '.join(times)})")

    def _is_part(self, concept: str) -> bool:
        """Whether mini draws this thing anyway with what was chosen, as a warrior's cloak.

        What the world can show and these weights cannot is no part: an aurora is more than a sky.
        """
        if concept not in self._slot_of and any(concept in ids for ids in TOLD.values()):
            return False
        lexicon = Lexicon.load()
        return any(
            lexicon.is_a(concept, part) for chosen in self.attributes.values() for part in _parts(chosen)
        )

    def _words(self, found: Found) -> str:
        return self._spec.text[slice(*found.span)]


def _parts(concept: str) -> tuple[str, ...]:
    return _stand_ins().get(concept, ((), ()))[1]


@cache
def _stand_ins() -> Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return concept -> what mini shows in its place, and what it shows with it."""
    path = resources.files("rushes.language").joinpath("data/mini.tsv")
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        concept, shown, parts = line.split("\t")
        found[concept] = (tuple(filter(None, shown.split(","))), tuple(filter(None, parts.split(","))))
    return found


def _known_words(language: str) -> list[str]:
    concepts = Lexicon.load().concepts
    ids = (*SLOTS["subject"][: _SUGGESTIONS - 2], SLOTS["environment"][0], SLOTS["weather"][1])
    return [concepts[concept_id].word(language) for concept_id in ids]
