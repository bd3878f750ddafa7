"""Templates of shots with typed slots, in four languages; a project's own ones are files of the same form.

A slot's value is a concept id, which is written with its usual word, or words of the language that name a
concept of the slot's types; slots of type `text` and `number` take what they say.
"""

import csv
import io
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from rushes.core.errors import UsageError
from rushes.language.concepts import LANGUAGES, Concept, Lexicon, plain
from rushes.language.parse import parse
from rushes.language.shapes import one_of_it, when
from rushes.language.vocabulary import key, vocabulary
from rushes.language.writing import agreeing, as_phrase, on_or_in, with_article, with_names

_SLOT = re.compile(r"\{(\w+)\}")
_AT_A_TIME = re.compile(r"\b(?:at|in the) \{(\w+)\}", re.IGNORECASE)
_IN_OR_ON = {
    "zh": re.compile(r"\{(?P<place>\w+)\}(?P<said>[里上])(?!空)"),
    "en": re.compile(r"\b(?P<said>in|on) the \{(?P<place>\w+)\}", re.IGNORECASE),
}
_ARTICLE = re.compile(r"\b(a|an|the) \{(\w+)\}", re.IGNORECASE)
_DETERMINED = re.compile(
    r"(?:an?|the|this|that|these|those|my|your|his|her|its|our|their|every|each|some|several|many|few|both"
    r"|two|three|four|five|six|seven|eight|nine|ten|\d+)\b",
    re.IGNORECASE,
)
# What ties a Japanese colour to the noun behind it.
_TIED = ("い", "の", "な")
_MOST_CHARACTERS = 200
_MOST_ROWS = 10_000


@dataclass(frozen=True)
class Slot:
    """A gap in a template: the kinds of concept that fit, and what stands there unasked; `words` are the
    languages that say something else there than the default, which only text needs."""

    types: tuple[str, ...]
    default: str
    words: Mapping[str, str]


@dataclass(frozen=True)
class Template:
    """A shot to be filled: `texts` by language, each with all of the `slots`."""

    id: str
    kind: str
    slots: Mapping[str, Slot]
    texts: Mapping[str, str]

    def fill(self, values: Mapping[str, str], language: str) -> str:
        """Return the description with `values` (slot -> value) in place and defaults in the other slots.

        Raises UsageError for an unknown slot or language and for a value that is not of the slot's types.
        """
        if language not in self.texts:
            raise UsageError(f"Template {self.id} has no {language}; it has {', '.join(self.texts)}.")
        unknown = [name for name in values if name not in self.slots]
        if unknown:
            raise UsageError(
                f"Template {self.id} has no slot {unknown[0]!r}; it has {', '.join(self.slots)}."
            )
        words = {
            name: self._words(name, values.get(name) or slot.words.get(language, slot.default), language)
            for name, slot in self.slots.items()
        }
        text = self._placed(words, language)
        if language != "en":
            filled = _SLOT.sub(lambda slot: words[slot[1]], text)
            return agreeing(filled) if language == "ko" else filled
        text = _ARTICLE.sub(
            lambda found: _own_article(found, words), _AT_A_TIME.sub(lambda found: _at(found, words), text)
        )
        return with_article(with_names(_SLOT.sub(lambda slot: words[slot[1]], text)))

    def _placed(self, words: Mapping[str, str], language: str) -> str:
        """The text with on or in before its places: in an alley, on a beach; 在小巷里, 在沙滩上."""
        if language not in _IN_OR_ON:
            return self.texts[language]

        def fitting(at: re.Match[str]) -> str:
            name, said = at["place"], at["said"]
            senses = vocabulary(language).concepts.get(key(words[name]), ()) if name in words else ()
            place = next((each.concept for each in senses if each.concept.slot == "place"), None)
            if place is None:
                return at[0]
            right = on_or_in(place, language)
            return at[0].replace(said, right.capitalize() if said[0].isupper() else right, 1)

        return _IN_OR_ON[language].sub(fitting, self.texts[language])

    def _words(self, name: str, value: str, language: str) -> str:
        slot = self.slots[name]
        value = " ".join(value.split())
        if len(value) > _MOST_CHARACTERS or "{" in value:
            raise UsageError(f"The value of {name} is no phrase: {value[:40]!r}.")
        concept = Lexicon.load().concepts.get(value)
        if concept is not None and concept.slot in slot.types:
            return _in_a_phrase(concept, language)
        if "text" in slot.types or ("number" in slot.types and value.isdecimal()):
            return value
        kinds = {found.kind for found in parse(value, language).everything()}
        kinds |= {each.concept.slot for each in vocabulary(language).concepts.get(key(value), ())}
        if not kinds & {"size" if kind in ("scale", "shot_size") else kind for kind in slot.types}:
            raise UsageError(
                f"{value!r} is no {' or '.join(slot.types)} for slot {name}; give a concept such as "
                f"{slot.default}, or its word in {language}."
            )
        if language == "ja" and slot.types == ("colour",) and not value.endswith(_TIED):
            return f"{value}の"
        return value


def _in_a_phrase(concept: Concept, language: str) -> str:
    """The usual word that a noun can follow in Japanese (銀色の), a particle in Korean (흐린 하늘)."""
    if language == "ja" and concept.slot == "colour":
        words = [plain(word) for word in concept.words["ja"]]
        return next((word for word in words if word.endswith(_TIED)), f"{words[0]}の")
    if language == "en" and concept.slot == "weather":
        return one_of_it(concept)
    return as_phrase(concept, language)


def _at(found: re.Match[str], words: Mapping[str, str]) -> str:
    """At dawn, but in summer and in the morning, for a slot that holds the usual word of such a time."""
    for concept in Lexicon.load().concepts.values():
        if concept.slot == "time" and concept.word("en") == words[found[1]] and (phrase := when(concept)):
            return phrase[0].upper() + phrase[1:] if found[0][0].isupper() else phrase
    return found[0]


def _own_article(found: re.Match[str], words: Mapping[str, str]) -> str:
    """Three stray dogs or the old king in the place of a thief: without the template's article."""
    value = words.get(found[2], "")
    if not _DETERMINED.match(value):
        return found[0]
    return value[0].upper() + value[1:] if found[1][0].isupper() else value


@cache
def library() -> Mapping[str, Template]:
    """Return the packaged templates by id."""
    text = resources.files("rushes.language").joinpath("data/templates.toml").read_text(encoding="utf-8")
    return {template.id: template for template in _read(text, "the library")}


def from_file(path: Path) -> Mapping[str, Template]:
    """Return the templates of a project's own TOML file by id. Raises UsageError naming what is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as UTF-8: {error}.") from None
    return {template.id: template for template in _read(text, str(path))}


def fill_rows(
    templates: Mapping[str, Template], table: str, template_id: str = "", language: str = ""
) -> Iterator[tuple[str, str]]:
    """Yield name and description for each row of a CSV table.

    Its columns are `template`, `language`, optionally `name`, and slots; an empty cell takes the default.
    `template_id` and `language`, where given, stand for the columns of that name that the table lacks.
    Raises UsageError naming the row (1 is the first below the header) and what is wrong with it.
    """
    reader = csv.DictReader(io.StringIO(table.removeprefix("\ufeff")))
    given = {"template": template_id, "language": language}
    missing = {name for name, value in given.items() if not value} - set(reader.fieldnames or ())
    if missing:
        raise UsageError(f"The table has no column {', '.join(sorted(missing))}.")
    for number, row in enumerate(reader, start=1):
        if number > _MOST_ROWS:
            raise UsageError(f"The table has more than {_MOST_ROWS} rows; split it.")
        if None in row or None in row.values():
            raise UsageError(f"Row {number} has more or fewer cells than the header.")
        cells = {**given, **row}
        template = templates.get(cells.pop("template"))
        if template is None:
            raise UsageError(f"Row {number} names no template; choose one of {', '.join(templates)}.")
        name, language = cells.pop("name", "") or f"{template.id}_{number:03d}", cells.pop("language")
        values = {slot: value for slot, value in cells.items() if value and slot in template.slots}
        surplus = [slot for slot, value in cells.items() if value and slot not in template.slots]
        try:
            if surplus:
                raise UsageError(f"Template {template.id} has no slot {surplus[0]!r}.")
            yield name, template.fill(values, language)
        except UsageError as error:
            raise UsageError(f"Row {number}: {error}") from None


def _read(text: str, source: str) -> Iterator[Template]:
    try:
        entries = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{source} is no TOML: {error}.") from None
    for name, entry in entries.items():
        yield _template(name, entry, source)


def _template(name: str, entry: Any, source: str) -> Template:
    if not isinstance(entry, dict) or set(entry) - {"kind", "slots", *LANGUAGES}:
        raise UsageError(f"Template {name} in {source} may hold kind, slots and {', '.join(LANGUAGES)} only.")
    texts = {language: entry[language] for language in LANGUAGES if language in entry}
    slots = {slot: _slot(name, slot, given) for slot, given in entry.get("slots", {}).items()}
    if not texts or not all(isinstance(text, str) for text in texts.values()):
        raise UsageError(f"Template {name} in {source} needs a text in at least one language.")
    for language, text in texts.items():
        used = set(_SLOT.findall(text))
        if used != set(slots):
            odd = ", ".join(sorted(used ^ set(slots)))
            raise UsageError(
                f"Template {name} in {source}: its {language} text and its slots differ in {odd}."
            )
    return Template(name, str(entry.get("kind", "own")), slots, texts)


def _slot(template: str, name: str, given: Any) -> Slot:
    kinds = {concept.slot for concept in Lexicon.load().concepts.values()} | {"text", "number"}
    types: Any = given.get("types") if isinstance(given, dict) else None
    is_list = isinstance(types, list) and types and not set(types) - kinds
    may_have = {"types", "default", *(LANGUAGES if is_list and "text" in types else ())}
    if not is_list or not {"types", "default"} <= set(given) <= may_have:
        raise UsageError(
            f"Slot {name} of template {template} needs types (of {', '.join(sorted(kinds))}) and a default; "
            f"one of type text may have another for each of {', '.join(LANGUAGES)}."
        )
    words = {language: str(given[language]) for language in LANGUAGES if language in given}
    return Slot(tuple(types), str(given["default"]), words)
