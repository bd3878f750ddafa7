"""The tokens of a text and what is known of them so far: which concept some mean, which clause each is in.

What the reading, and the rules it asks, look up around a word.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rushes.language.concepts import Concept
from rushes.language.matching import Token
from rushes.language.script import Script

CAMERA_SLOTS = frozenset(("shot_size", "angle", "move", "lens", "speed", "support"))
LIVING_SLOTS = frozenset(("person", "animal"))
SUBJECT_SLOTS = LIVING_SLOTS | {"vehicle", "thing"}
PLACE_SLOTS = frozenset(("place", "furniture", "sky"))
ATTRIBUTE_SLOTS = frozenset(("colour", "scale", "age", "material", "state", "count"))
THING_SLOTS = SUBJECT_SLOTS | PLACE_SLOTS | {"clothing", "body"}
# How many tokens away another word still bears on one.
NEAR = 10
# How many tokens away an attribute or a garment may still be of a thing.
FAR = 60

_SENTENCE_ENDS = frozenset(".。!?;:\n…|")
_COMMAS = (",", "、")
_PLURALS = frozenset(("たち", "達", "さん", "ら", "様"))


@dataclass(frozen=True)
class Mention:
    """A concept at token number `index`. kind: what kind of word it is; sure: the part of confidence that the
    word itself decides; clause: number of its clause; word: as the lexicon writes it."""

    index: int
    concept: Concept
    kind: str
    sure: float
    clause: int
    negated: bool = False
    word: str = ""

    @property
    def slot(self) -> str:
        return self.concept.slot


class Passage:
    """The tokens of a text (without spaces) with the concept each one means, as far as it is read."""

    def __init__(self, tokens: Sequence[Token], language: str) -> None:
        self.tokens = [token for token in tokens if "space" not in token.roles]
        self.language = language
        self.clauses = self._number_clauses()
        self.mentions: dict[int, Mention] = {}

    def roles(self, index: int) -> frozenset[str]:
        """Return the grammatical roles of a token that carries no concept; empty beyond the ends."""
        if not 0 <= index < len(self.tokens) or index in self.mentions:
            return frozenset()
        return self.tokens[index].roles

    def is_mark(self, index: int) -> bool:
        """Whether a token is punctuation (or lies beyond the ends)."""
        if not 0 <= index < len(self.tokens):
            return True
        return self.tokens[index].script is Script.MARK and self.tokens[index].text[0] != "'"

    def touches(self, index: int) -> bool:
        """Whether nothing, not even a space, is between a token and the one before it."""
        return index > 0 and self.tokens[index - 1].end == self.tokens[index].start

    def ends_sentence(self, index: int) -> bool:
        """Whether a token ends a sentence (or lies beyond the ends)."""
        return not 0 <= index < len(self.tokens) or self.tokens[index].text in _SENTENCE_ENDS

    def tail(self, index: int) -> str:
        """Return the particles of a token: its Korean tail, or the Japanese particle after it."""
        if self.language == "ko":
            token = self.tokens[index]
            # 그는, 그녀를: pronouns are listed with their particles.
            is_pronoun = bool(token.roles & {"he", "she", "they"}) and not token.candidates
            if is_pronoun:
                return token.text.removeprefix("그").removeprefix("녀")
            return token.tail or self.tokens[self._last_of_counted(index)].tail
        if index + 1 < len(self.tokens) and self.tokens[index + 1].text in _PLURALS:
            index += 1
        if self.tokens[index].text.endswith(("を", "が")) and len(self.tokens[index].text) > 1:
            return self.tokens[index].text[-1]
        index = self._last_of_counted(index)
        after = self.roles(index + 1)
        return self.tokens[index + 1].text if after & {"subject", "object", "goal", "link", "place"} else ""

    def is_thing(self, index: int) -> bool:
        """Whether a token may name a thing, somebody or a place; False beyond the ends."""
        if not 0 <= index < len(self.tokens):
            return False
        return any(item.concept.slot in THING_SLOTS for item in self.tokens[index].candidates)

    def window(self, index: int, step: int) -> range:
        """Return the positions on one side that may matter: bounded, so time stays linear in the text."""
        last = min(len(self.tokens), index + FAR) if step > 0 else max(-1, index - FAR)
        return range(index + step, last, step)

    def neighbour(self, index: int, step: int) -> Token | None:
        """Return the Han token that touches this one on one side."""
        if not 0 <= index + step < len(self.tokens):
            return None
        token, touches = self.tokens[index + step], self.touches(max(index, index + step))
        # 往后一抛: the one of "all at once" is no part of a word.
        is_word_part = touches and token.script is Script.HAN and token.text != "一"
        return token if is_word_part else None

    def _last_of_counted(self, index: int) -> int:
        """兵士三人が, 狼の群れが, 코끼리 두 마리가: a particle stands behind how many there are."""
        after = self.tokens[index + 1 : index + 5]
        number = 1 if self.language == "ja" and after and after[0].text == "の" else 0
        if number >= len(after) or not any(each.concept.slot == "count" for each in after[number].candidates):
            return index
        while number + 1 < len(after) and "classifier" in after[number + 1].roles:
            number += 1
        return index + 1 + number

    def _number_clauses(self) -> list[int]:
        numbers, number = [], 0
        for index, token in enumerate(self.tokens):
            is_break = "clause" in token.roles and not token.candidates
            if is_break and index:
                number += 1
            numbers.append(number)
            # 跳下阳台前，: a word for "before" may hold its comma.
            if token.text in _SENTENCE_ENDS or token.text.endswith(_COMMAS):
                number += 1
        return numbers
