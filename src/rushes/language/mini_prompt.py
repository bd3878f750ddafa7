"""From free text to what mini can show, with an account of everything that was replaced or left out."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rushes.core.errors import UsageError
from rushes.core.vocabulary import SLOTS, VALID_ACTIONS
from rushes.language.captions import LANGUAGES, canonical_caption, caption, phrases
from rushes.language.lexicon import Concept, Lexicon, Mention, Token
from rushes.language.script import Script

# When a subject cannot do an action, the first of these that it can do takes its place.
_NEAREST_ACTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "stand": (),
        "walk": ("run", "spin"),
        "run": ("walk", "fly"),
        "leap": ("fly", "run"),
        "spin": ("leap", "run"),
        "fly": ("leap", "run"),
    }
)
# How many characters of other words may stand between a negation and what it negates.
_NEGATION_REACH: Mapping[str, int] = MappingProxyType({"zh": 2, "en": 16, "ja": 8, "ko": 8})
_SUGGESTIONS = 6
_GENITIVES = ("", "-", "的", "の")
_COLORED_ELSEWHERE = ("environment", "weather", "time", "sky", "light", "object")


@dataclass(frozen=True)
class Replacement:
    """`words` of the prompt, for which mini shows `shown` instead, and why, in one English clause."""

    words: str
    shown: str
    reason: str


@dataclass(frozen=True)
class PromptReading:
    """What mini understood of a prompt.

    attributes: slot -> vocabulary id; mentions: every concept named and not negated; replaced: what stands
    for something else; left_out: words of known concepts that mini cannot show or has no room for; negated:
    concepts the prompt rules out; unknown: words that no concept covers, each once, in order.
    """

    text: str
    language: str
    attributes: Mapping[str, str]
    mentions: tuple[Mention, ...]
    replaced: tuple[Replacement, ...]
    left_out: tuple[str, ...]
    negated: tuple[Mention, ...]
    unknown: tuple[str, ...]

    @property
    def context_text(self) -> str:
        """The caption, in the language of the prompt, that mini's text encoder reads.

        Raises UsageError when nothing of the prompt can be shown.
        """
        if not self.attributes:
            raise UsageError(
                f"mini understands nothing to show in {self.text[:60]!r}; name a subject, place or weather "
                f"it knows, such as {', '.join(_known_words(self.language))}."
            )
        return canonical_caption(self.attributes, self.language)

    def explain(self) -> list[str]:
        """Return short English lines for the user: understood, replaced, left out, negated, unknown."""
        understood = ", ".join(f"{slot} {concept}" for slot, concept in self.attributes.items())
        lines = [f"understood: {understood or 'nothing'}"]
        lines += [f"replaced: {item.words} -> {item.shown} ({item.reason})" for item in self.replaced]
        if self.left_out:
            lines.append(f"left out, mini cannot show: {', '.join(self.left_out)}")
        if self.negated:
            ruled_out = dict.fromkeys(self.text[mention.start : mention.end] for mention in self.negated)
            lines.append(f"ruled out by the prompt: {', '.join(ruled_out)}")
        if self.unknown:
            lines.append(f"words mini does not know: {', '.join(self.unknown)}")
        return lines


def read_prompt(text: str) -> PromptReading:
    """Read free text in Chinese, English, Japanese or Korean; deterministic, linear in its length.

    Raises UsageError when `text` is empty or blank. A text without a known word gives a reading without
    attributes, whose `context_text` raises.
    """
    if not text.strip():
        raise UsageError("The prompt is empty; describe a subject, what it does and where.")
    lexicon = Lexicon.load()
    language, tokens = lexicon.read(text)
    slots = [lexicon.concepts[token.concept_id].slot if token.concept_id else None for token in tokens]
    negated = set(_negated(tokens, slots, language))
    named: list[Mention] = []
    ruled_out: list[Mention] = []
    for index, (token, slot) in enumerate(zip(tokens, slots, strict=True)):
        if token.concept_id is not None and slot is not None:
            mention = Mention(token.concept_id, slot, token.start, token.end)
            (ruled_out if index in negated else named).append(mention)
    choice = _Choice(text, lexicon.concepts, _color_owners(tokens, slots, text))
    choice.take(named)
    return PromptReading(
        text=text,
        language=language,
        attributes={slot: choice.attributes[slot] for slot in SLOTS if slot in choice.attributes},
        mentions=tuple(named),
        replaced=tuple(dict.fromkeys(choice.replaced)),
        left_out=tuple(dict.fromkeys(choice.left_out)),
        negated=tuple(ruled_out),
        unknown=tuple(dict.fromkeys(_unknown(tokens, text))),
    )


def corpus(size: int, seed: int) -> Iterator[str]:
    """Yield every word and phrase of four languages once, then `size` captions of random attributes.

    Meant for training a tokenizer; the languages take turns.
    """
    for language in LANGUAGES:
        yield from Lexicon.load().words(language)
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
    """Chooses one vocabulary concept a slot from the mentions, and keeps account."""

    def __init__(self, text: str, concepts: Mapping[str, Concept], color_owners: Mapping[int, str]) -> None:
        self.attributes: dict[str, str] = {}
        self.replaced: list[Replacement] = []
        self.left_out: list[str] = []
        self._text = text
        self._concepts = concepts
        self._color_owners = color_owners

    def take(self, mentions: list[Mention]) -> None:
        named = frozenset(mention.concept_id for mention in mentions)
        self._take_subject([mention for mention in mentions if mention.slot == "subject"], named)
        others = [mention for mention in mentions if mention.slot != "subject"]
        # What mini can show as it is comes before what it can only show as something else.
        for mention in sorted(others, key=lambda each: each.concept_id not in SLOTS.get(each.slot, ())):
            self._take_other(mention)
        self._fit_action()

    def _take_subject(self, mentions: list[Mention], named: frozenset[str]) -> None:
        showable = [mention for mention in mentions if self._shown(mention.concept_id)]
        # "a robot, a lonely figure": a word as general as figure names a subject only when nothing else does.
        showable.sort(key=lambda mention: self._is_general(mention.concept_id))
        for mention in mentions:
            if mention not in showable:
                self.left_out.append(self._words(mention))
        for mention in showable:
            shown = self._subject(mention.concept_id, named)
            chosen = self.attributes.get("subject")
            if chosen is None:
                self._set(mention, shown)
            elif shown[0] != chosen and not self._is_general(mention.concept_id):
                note = f"{self._words(mention)} (mini shows one subject: {chosen})"
                self.left_out.append(note)

    def _subject(self, concept_id: str, named: frozenset[str]) -> tuple[str, ...]:
        """Return the person of mini whose things are named: a figure in a trench coat is its detective."""
        shown = self._shown(concept_id)
        if concept_id in SLOTS["subject"] or "person" not in self._ancestors(concept_id):
            return shown
        for subject in SLOTS["subject"]:
            concept = self._concepts[subject]
            if "person" in concept.broader and named.intersection(concept.parts):
                return (subject, *shown[1:])
        return shown

    def _take_other(self, mention: Mention) -> None:
        words = self._words(mention)
        if mention.slot == "color" and self._colors_something_else(mention):
            self.left_out.append(f"{words} (mini colours only its subject)")
            return
        shown = self._shown(mention.concept_id)
        if not shown:
            if not self._is_part(mention.concept_id):
                self.left_out.append(words)
            return
        slot = self._concepts[shown[0]].slot
        chosen = self.attributes.get(slot)
        if chosen is None:
            self._set(mention, shown)
        elif chosen != shown[0]:
            self.left_out.append(f"{words} (mini shows one {slot}: {chosen})")

    def _set(self, mention: Mention, shown: tuple[str, ...]) -> None:
        for concept_id in shown:
            self.attributes.setdefault(self._concepts[concept_id].slot, concept_id)
        if mention.concept_id != shown[0] or len(shown) > 1:
            reason = f"mini has no {mention.concept_id.replace('_', ' ')}"
            self.replaced.append(Replacement(self._words(mention), ", ".join(shown), reason))

    def _fit_action(self) -> None:
        subject, action = self.attributes.get("subject"), self.attributes.get("action")
        if subject is None or action is None or action in VALID_ACTIONS[subject]:
            return
        valid = VALID_ACTIONS[subject]
        nearest = next((other for other in _NEAREST_ACTIONS[action] if other in valid), valid[0])
        self.attributes["action"] = nearest
        self.replaced.append(Replacement(action, nearest, f"mini's {subject} cannot {action}"))

    def _shown(self, concept_id: str) -> tuple[str, ...]:
        """Return what mini draws for a concept: itself, its stand-in, or the nearest hypernym it has."""
        seen: set[str] = set()
        while concept_id not in seen:
            seen.add(concept_id)
            concept = self._concepts[concept_id]
            if concept_id in SLOTS.get(concept.slot, ()):
                return (concept_id,)
            if concept.shown_as or not concept.broader:
                return concept.shown_as
            concept_id = concept.broader[0]
        return ()

    def _ancestors(self, concept_id: str) -> set[str]:
        found, waiting = set(), [concept_id]
        while waiting:
            current = waiting.pop()
            if current not in found:
                found.add(current)
                waiting.extend(self._concepts[current].broader)
        return found

    def _is_general(self, concept_id: str) -> bool:
        return concept_id not in SLOTS["subject"] and not self._concepts[concept_id].broader

    def _is_part(self, concept_id: str) -> bool:
        """Whether mini draws this thing anyway with what was chosen, as a warrior's cloak."""
        return any(concept_id in self._concepts[chosen].parts for chosen in self.attributes.values())

    def _colors_something_else(self, color: Mention) -> bool:
        """Whether a colour belongs to a place, an object or a second subject that mini does not draw."""
        owner = self._color_owners.get(color.start)
        if owner is None or self._is_part(owner):
            return False
        slot = self._concepts[owner].slot
        if slot == "subject":
            return self.attributes.get("subject") not in self._shown(owner)
        return slot in _COLORED_ELSEWHERE

    def _words(self, mention: Mention) -> str:
        return self._text[mention.start : mention.end]


def _negated(tokens: list[Token], slots: list[str | None], language: str) -> Iterator[int]:
    """Yield the indices of concept tokens inside the scope of a negation."""
    for index, token in enumerate(tokens):
        if "negation_before" in token.roles:
            yield from _scope(tokens, slots, range(index + 1, len(tokens)), language)
        if "negation_after" in token.roles:
            yield from _scope(tokens, slots, range(index - 1, -1, -1), language)


def _scope(tokens: list[Token], slots: list[str | None], path: range, language: str) -> Iterator[int]:
    """Along `path`, away from a negation, yield the next concept and those of its slot joined to it."""
    reach, slot = _NEGATION_REACH[language], None
    for index in path:
        token = tokens[index]
        if slots[index] is not None:
            if slot is not None and slots[index] != slot:
                return
            slot = slots[index]
            yield index
        elif slot is not None:
            if not token.roles & {"joining", "space"}:
                return
        else:
            # Japanese puts a whole verb between noun and negation, and its fillers are part of that.
            is_free = language != "ja" and token.roles & {"filler", "space"}
            reach -= 0 if is_free else token.end - token.start
            if reach < 0 or token.roles & {"mark", "negation_before", "negation_after"}:
                return


def _color_owners(tokens: list[Token], slots: list[str | None], text: str) -> dict[int, str]:
    """Return, for the start of each colour word, the concept named right after it: "green meadow"."""
    owners = {}
    for index, token in enumerate(tokens):
        if slots[index] != "color":
            continue
        after = index + 1
        while after < len(tokens) and text[tokens[after].start : tokens[after].end].strip() in _GENITIVES:
            after += 1
        owner = tokens[after].concept_id if after < len(tokens) else None
        if owner is not None:
            owners[token.start] = owner
    return owners


def _unknown(tokens: list[Token], text: str) -> Iterator[str]:
    """Yield the content words that no concept covers; in Japanese, Hiragana after Kanji is an ending."""
    before: Token | None = None
    for token in tokens:
        word = text[token.start : token.end].strip()
        is_known = token.concept_id is not None or token.roles
        is_ending = token.script is Script.HIRAGANA and (
            len(word) < 3
            or (before is not None and before.end == token.start and before.script is Script.HAN)
        )
        if word and not is_known and not is_ending and not word[0].isdigit():
            yield word
        before = token


def _known_words(language: str) -> list[str]:
    concepts = Lexicon.load().concepts
    ids = (*SLOTS["subject"][: _SUGGESTIONS - 2], SLOTS["environment"][0], SLOTS["weather"][1])
    return [concepts[concept_id].words[language][0] for concept_id in ids]
