"""Words whose shape depends on where they stand: rainy before a noun, "rain falls" as an event, "at noon".

`data/shapes.tsv` lists them; `edit` asks here first, so that a snowy forest becomes a rainy one, not a rain
forest.
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources

from rushes.language.concepts import LANGUAGES, Concept
from rushes.language.spec import Found, ShotSpec

_NOUN_KINDS = frozenset(("person", "animal", "vehicle", "thing", "place", "furniture", "sky"))
_WEATHER_VERBS = ("下", "刮", "起", "飘")
_WHEN = ("at ", "in ", "by ", "during ")
# What stands between an attribute and its noun, and is written with it.
_LINKS = {"zh": "的", "ja": "の"}


def shape_of(spec: ShotSpec, found: Found) -> str:
    """Return the shape in which a text says something, or nothing for a plain word.

    attribute: before a noun; event, when, noun: English phrases; verb: the Chinese one, as in 下着雨.
    """
    start, end = found.span
    surface, after = spec.text[start:end], spec.text[end:]
    if found.kind == "weather" and _is_before_noun(spec, end, after):
        return "attribute"
    if spec.language == "en" and found.kind == "weather" and _event_place(surface, found.concept) is not None:
        return "event"
    if spec.language == "en" and found.kind == "weather" and spec.text[:start].endswith("the "):
        return "noun"
    if found.kind == "weather" and spec.text[start - 2 : start - 1] in _WEATHER_VERBS and start > 1:
        return "verb"
    if spec.language == "en" and found.kind == "time" and surface.lower().startswith(_WHEN):
        return "when"
    return ""


def reshaped(
    spec: ShotSpec, found: Found, concept: Concept, shape: str
) -> tuple[tuple[int, int], str] | None:
    """Return the span to replace and the words of `concept` in that shape; None where the data has none.

    No words for an attribute means that the language has no adjective: the old one goes.
    """
    start, end = found.span
    forms = _shapes().get((concept.id, shape), {}).get(spec.language, ())
    if shape == "event":
        place = _event_place(spec.text[start:end], found.concept)
        return ((start, end), forms[place]) if forms and place is not None else None
    if shape in ("when", "noun"):
        return ((start, end), forms[0]) if forms else None
    if shape == "verb":
        return ((start - 2, end), forms[0] + spec.text[start - 1] + concept.word("zh")) if forms else None
    link = _LINKS.get(spec.language, "")
    if link and spec.text[end:].startswith(link):
        end += len(link)
    if forms:
        return (start, end), forms[0] + ("的" if spec.language == "zh" else "")
    word = concept.word(spec.language)
    linked = {"zh": f"{word}中的", "ja": f"{word}の", "ko": f"{word} 속", "en": ""}[spec.language]
    return (start, end + (spec.language == "en")), linked


def _is_before_noun(spec: ShotSpec, end: int, after: str) -> bool:
    if spec.language in _LINKS:
        return after.startswith(_LINKS[spec.language])
    return after.startswith(" ") and any(
        each.span[0] == end + 1 and each.kind in _NOUN_KINDS for each in spec.everything()
    )


def _event_place(surface: str, concept_id: str) -> int | None:
    """Return which of the listed forms of an event a text uses: plain, progressive or participle."""
    words = surface.lower().split()
    if len(words) < 2 or (concept_id, "event") not in _shapes():
        return None
    if words[-1].endswith("ing") or any(word.endswith("ing") for word in words[1:]):
        return 1 if "is" in words else 2
    return 0 if any(word.endswith("s") for word in words[1:]) else None


@cache
def _shapes() -> Mapping[tuple[str, str], Mapping[str, tuple[str, ...]]]:
    path = resources.files("rushes.language").joinpath("data/shapes.tsv")
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        concept, shape, *cells = line.split("\t")
        listed = dict(zip(LANGUAGES, cells, strict=True))
        found[concept, shape] = {name: tuple(cell.split("/")) for name, cell in listed.items() if cell}
    return found
