"""From a shot spec to what mini can show, with an account of everything that was replaced or left out."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rushes.core.errors import UsageError
from rushes.core.vocabulary import SKIES, SLOTS, TOLD, VALID_ACTIONS, camera_sliders
from rushes.language.captions import LANGUAGES, canonical_caption, caption, phrases
from rushes.language.concepts import Lexicon
from rushes.language.mini_choice import Choice, Replacement
from rushes.language.parse import parse
from rushes.language.spec import Found, ShotSpec

# What a caption says where the prompt is silent: mini draws far better what is described in full.
_PLAIN: Mapping[str, str] = MappingProxyType(
    {"direction": "right", "weather": "clear", "time": "day", "style": "realistic", "camera": "static"}
)
# What the words for degrees are as sliders: the middle of what a scene so described has.
_DEGREES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {"strength": {"slight": -0.72, "fierce": 0.72}, "speed": {"slow": -0.8, "fast": 0.8}}
)
# How far a camera moves where nothing says how far, and how strong a weather is: enough to be seen.
_USUAL_MOVE = 0.95
_USUAL_STRENGTH = 0.4
_SUGGESTIONS = 6


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
        """The caption that mini's text encoder reads, with what was added; whatever the prompt's language, it
        is in the one that mini reads best.

        Raises UsageError when nothing of the prompt can be shown.
        """
        if not self.attributes:
            raise UsageError(
                f"mini understands nothing to show in {self.text[:60]!r}; name a subject, place or weather "
                f"it knows, such as {', '.join(_known_words(self.language))}."
            )
        return canonical_caption(self.shown)

    @property
    def sliders(self) -> Mapping[str, float]:
        """What the caption says, as numbers: camera moves, strength of the weather and pace of the action."""
        shown = self.shown
        told = {slot: _DEGREES[slot][shown[slot]] for slot in _DEGREES if slot in shown}
        if shown.get("weather", "clear") != "clear":
            told.setdefault("strength", _USUAL_STRENGTH)
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
    choice = Choice(spec, known or TOLD)
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


def _known_words(language: str) -> list[str]:
    concepts = Lexicon.load().concepts
    ids = (*SLOTS["subject"][: _SUGGESTIONS - 2], SLOTS["environment"][0], SLOTS["weather"][1])
    return [concepts[concept_id].word(language) for concept_id in ids]
