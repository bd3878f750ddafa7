"""Captions of a scene in Chinese, English, Japanese and Korean.

`data/captions.json` holds, for each language, sentence templates and the phrases of every vocabulary concept.
A template is a list of tokens: segment names (`who act place`), separators (`, : .`) and connectors
(`+as`, or `+仍@weather` only with a weather). A segment without attributes is empty; separators stand only
between two segments that are there, connectors only between two of one clause, so one template serves every
subset of the slots. In phrases, `|` parts grammatical forms: finite|participle of an action,
preposition|noun|postposition of a place. `run@car` is the phrase for `run` when the subject is a car.
"""

import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from rushes.core.errors import UsageError
from rushes.core.vocabulary import PLAIN_SKY, SLOTS, TOLD

LANGUAGES = ("zh", "en", "ja", "ko")
# Of 167 scenes by the same seeds, mini's weights show the subject of 96 % where the caption is English and of
# 86 to 96 % where it is in another language (docs/mini.md).
BEST_READ = "en"

_Choose = Callable[[Sequence[str]], str]
_STILL_ACTIONS = ("stand", "spin")
_WITHOUT_PACE = "stand"
_THINGS = ("can", "car")


def caption(attributes: Mapping[str, str], language: str, seed: int) -> str:
    """Return one caption that names exactly `attributes` (slot -> id); wording and order follow from `seed`.

    Two things go without saying: a plain sky beside anything else, and how strong or fast something is that
    is not there, such as clear weather.

    The first phrase of a concept, its canonical one, is chosen about half of the time.
    Raises UsageError for an unknown language, slot or id, and when there is no attribute to name.
    """
    _check(attributes, language)
    draws = random.Random(f"{language}:{seed}")
    grammar = _grammar(language)
    # random() is the one draw whose sequence Python guarantees to keep; choice() may change between versions.
    template = grammar["templates"][int(draws.random() * len(grammar["templates"]))]

    def choose(phrases: Sequence[str]) -> str:
        if len(phrases) == 1 or draws.random() < 0.5:
            return phrases[0]
        return phrases[1 + int(draws.random() * (len(phrases) - 1))]

    return _Sentence(grammar, attributes, choose).write(template)


def canonical_caption(attributes: Mapping[str, str], language: str = BEST_READ) -> str:
    """Return the caption of `attributes` in the first template with the first phrase of every concept.

    Raises UsageError as `caption` does.
    """
    _check(attributes, language)
    grammar = _grammar(language)
    return _Sentence(grammar, attributes, lambda phrases: phrases[0]).write(grammar["templates"][0])


def phrases(language: str) -> tuple[str, ...]:
    """Return every caption phrase of one language, without template, for training a tokenizer."""
    found = dict.fromkeys(
        _strings({name: part for name, part in _grammar(language).items() if name != "templates"})
    )
    return tuple(re.sub(r"\s+", " ", re.sub(r"\{\w+\}|\|", " ", text)).strip() for text in found)


@dataclass(frozen=True)
class _Sentence:
    grammar: Mapping[str, Any]
    attributes: Mapping[str, str]
    choose: _Choose

    def write(self, template: str) -> str:
        """Fill `template`, keeping only separators and connectors that stand between two filled segments."""
        space: str = self.grammar["space"]
        text, pending, connector = "", "", ""
        for token in template.split():
            if token.startswith("+"):
                word, _, slot = token[1:].partition("@")
                fits = text and not pending and (not slot or slot in self.attributes)
                connector = word + space if fits else ""
            elif token in (",", ":", "."):
                # The strongest of several separators in a row stands.
                pending = max(pending, token, key=" ,:.".find) if text else ""
                connector = ""
            elif filled := self._segment(token):
                if space and (not text or pending == "."):
                    filled = filled[0].upper() + filled[1:]
                text += (self._separator(pending) + connector if text else "") + filled
                pending, connector = "", ""
        return _agree(text) + str(self.grammar["stop"])

    def _separator(self, pending: str) -> str:
        space: str = self.grammar["space"]
        if not pending:
            return space
        marks = {",": self.grammar["comma"], ".": self.grammar["stop"], ":": ":" if space else "："}
        return str(marks[pending]) + space

    def _segment(self, name: str) -> str:
        writers: Mapping[str, Callable[[], str]] = {
            "who": lambda: self._who(numbered=True) + str(self.grammar.get("subject_particle", "")),
            "whom": lambda: self._who(numbered=False),
            "act": lambda: self._act(form=0),
            "acting": lambda: self._act(form=1),
            "place": self._place,
            "styled": lambda: self._prefixed("in ", self._phrase("style", "style")),
            "shot": lambda: self._phrase("shot", "camera"),
        }
        if name in ("who", "whom") and not self._has_core:
            return ""
        if name in ("in", "falls", "while", "despite"):
            return self._weather(name)
        if name in ("sky", "shines"):
            return self._sky(name)
        return writers[name]() if name in writers else self._phrase(name, name)

    @property
    def _has_core(self) -> bool:
        return any(slot in self.attributes for slot in ("subject", "color", "action", "direction"))

    def _phrase(self, section: str, slot: str) -> str:
        return self.choose(self.grammar[section][self.attributes[slot]]) if slot in self.attributes else ""

    @staticmethod
    def _prefixed(prefix: str, text: str) -> str:
        return prefix + text if text else ""

    def _who(self, numbered: bool) -> str:
        subject = self.attributes.get("subject")
        if subject is None:
            number, noun = map(str, self.grammar["anyone"])
            worn = self.grammar["anyone_worn"]
        else:
            entry = self.grammar["subject"][subject]
            number, noun, worn = str(entry["number"]), self.choose(entry["nouns"]), entry["worn"]
        if "color" in self.attributes:
            pattern: str = self.choose(worn)
            noun = pattern.format(color=self._phrase("color", "color"), noun=noun)
        # Chinese and English need the numeral or article; Japanese and Korean only sometimes say it.
        if numbered and number and self.choose(("", number) if "exists" in self.grammar else (number,)):
            return number + str(self.grammar["space"]) + noun
        return noun

    def _act(self, form: int) -> str:
        action, direction = self.attributes.get("action"), self.attributes.get("direction")
        if action is None and direction is None:
            return self._exists(form)
        if action is None:
            return _form(self._phrase("looks", "direction"), form)
        actions = self.grammar["action"]
        own = f"{action}@{self.attributes.get('subject')}"
        verb = _form(self.choose(actions.get(own, actions[action])), form)
        heading = self._phrase("facing" if action in _STILL_ACTIONS else "moving", "direction")
        pace = self._phrase("speed", "speed") if action != _WITHOUT_PACE else ""
        parts = (heading, pace, verb) if self.grammar["direction_first"] else (verb, pace, heading)
        return str(self.grammar["space"]).join(part for part in parts if part)

    def _exists(self, form: int) -> str:
        """Japanese and Korean need a verb where Chinese and English can do with a place: "is there"."""
        place = "environment" in self.attributes
        if "exists" not in self.grammar or not self._has_core or (form == 1 and not place):
            return ""
        kind = "thing" if self.attributes.get("subject") in _THINGS else "animate"
        return _form(self.grammar["exists"][kind], form)

    def _place(self) -> str:
        if "environment" not in self.attributes:
            return ""
        before, noun, after = self._phrase("place", "environment").split("|")
        if not self._has_core:
            return noun
        action = self.attributes.get("action", "walk" if "direction" in self.attributes else "stand")
        particle = self.grammar.get("still_particle" if action == "stand" else "moving_particle", "")
        return before + noun + after + str(particle)

    def _weather(self, form: str) -> str:
        if "weather" not in self.attributes:
            return ""
        # "as rain falls" needs a main clause; alone it becomes "rain falls".
        form = form if self._has_core or form == "in" else "falls"
        weather = self.attributes["weather"]
        strong = self.grammar["weather_told"].get(self.attributes.get("strength", ""), {})
        return self.choose(strong.get(weather, self.grammar["weather"][weather])[form])

    def _sky(self, name: str) -> str:
        sky = self.attributes.get("sky", PLAIN_SKY)
        if "sky" not in self.attributes or (sky == PLAIN_SKY and len(self.attributes) > 1):
            return ""
        # "under the aurora" needs a main clause as well.
        form = "in" if name == "sky" and self._has_core else "shines"
        return self.choose(self.grammar["sky"][sky][form])


def _form(phrase: str, index: int) -> str:
    forms = phrase.split("|")
    return forms[min(index, len(forms) - 1)]


def _agree(text: str) -> str:
    """English a/an before a vowel; Korean 이/가 by the final consonant of the syllable before."""
    text = re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", text)
    return re.sub(
        r"(.)이\(가\)", lambda found: found[1] + ("이" if _has_final_consonant(found[1]) else "가"), text
    )


def _has_final_consonant(syllable: str) -> bool:
    # Hangul syllables are ordered so that every 28th, from U+AC00, has no final consonant (Unicode 3.12).
    return "가" <= syllable <= "힣" and (ord(syllable) - 0xAC00) % 28 != 0


def _strings(part: Any) -> list[str]:
    if isinstance(part, str):
        return [part]
    if isinstance(part, Mapping):
        return [text for value in part.values() for text in _strings(value)]
    return [text for value in part for text in _strings(value)] if isinstance(part, list) else []


def _check(attributes: Mapping[str, str], language: str) -> None:
    if language not in LANGUAGES:
        raise UsageError(f"Captions have no language {language!r}; choose one of {', '.join(LANGUAGES)}.")
    for slot, concept in attributes.items():
        if concept not in TOLD.get(slot, ()):
            raise UsageError(f"{slot}={concept!r} is not in mini's world; see rushes.core.vocabulary.TOLD.")
    if not SLOTS.keys() & attributes.keys():
        raise UsageError("A caption needs at least one attribute, such as subject or weather.")


@cache
def _grammar(language: str) -> Mapping[str, Any]:
    text = resources.files("rushes.language").joinpath("data/captions.json").read_text(encoding="utf-8")
    grammar: Mapping[str, Any] = json.loads(text)[language]
    return grammar
