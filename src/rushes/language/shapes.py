"""Words whose shape depends on where they stand: rainy before a noun, "rain falls" as an event, "at noon".

`data/shapes.tsv` lists them; `edit` asks here first, so that a snowy forest becomes a rainy one, not a rain
forest.
"""

import re
from collections.abc import Mapping
from functools import cache

from rushes.language.concepts import LANGUAGES, Concept
from rushes.language.spec import Found, ShotSpec
from rushes.language.tables import rows

_NOUN_KINDS = frozenset(("person", "animal", "vehicle", "thing", "place", "furniture", "sky", "time"))
_WEATHER_VERBS = ("下", "刮", "起", "飘")
# A sunny day, 맑은 날: words of weather with the noun that they say it of.
_DAYS = {"en": " day", "ko": " 날"}
# 晴れた日: what a Japanese noun follows without a link.
_ADNOMINAL = ("た", "い", "な", "る")
_MARKS = "，、。；！？,.;!? "
_PREPOSITION = re.compile(
    r"\b(?:in|through|under|into|during|against|despite|by|from|amid)\s$", re.IGNORECASE
)
# It rains, it snows: a verb.
_IT = re.compile(r"\bit $", re.IGNORECASE)
_FORCE = re.compile(r"\s(?:hard|heavily|strongly|violently|steadily)\b")
# Weather that is never hard.
FORCELESS = ("fog", "clear", "cloudy", "frost", "smoke", "dust", "cold")
_WHEN = ("at ", "in ", "by ", "during ")
# What stands between an attribute and its noun, and is written with it.
_LINKS = {"zh": "的", "ja": "の"}


def shape_of(spec: ShotSpec, found: Found) -> str:
    """Return the shape in which a text says something, or nothing for a plain word.

    attribute: before a noun; event, when, noun, one: English phrases; verb: the Chinese one, as in 下着雨;
    clause: Chinese weather that stands alone between commas.
    """
    start, end = found.span
    surface, after = spec.text[start:end], spec.text[end:]
    if found.kind == "weather":
        return _weather_shape(spec, found, surface, after)
    if spec.language == "en" and found.kind == "time" and surface.lower().startswith(_WHEN):
        return "when"
    return ""


def _weather_shape(spec: ShotSpec, found: Found, surface: str, after: str) -> str:
    start, end = found.span
    if _is_before_noun(spec, surface, end, after):
        return "attribute"
    if spec.language == "en" and _event_place(surface, found.concept) is not None:
        return "event"
    if spec.language == "en" and _IT.search(spec.text, 0, start):
        return ""
    if spec.language == "en" and not surface.lower().endswith(("ing", "y")):
        return "noun" if spec.text[:start].lower().endswith("the ") else "one"
    if start > 1 and spec.text[start - 2] in _WEATHER_VERBS:
        return "verb"
    return "clause" if spec.language == "zh" and _is_alone(spec.text, start, end) else ""


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
        if not forms or place is None:
            return None
        # The wind blows, and the sky is clear: an event has its own article.
        has_article = forms[place].startswith(("the ", "a ")) and spec.text[:start].lower().endswith("the ")
        end = without_force(spec.text, end) if concept.id in FORCELESS else end
        return (start - len("the ") * has_article, end), forms[place]
    if shape == "one":
        return _one(spec.text, (start, end), concept)
    if shape in ("when", "noun"):
        return ((start, end), forms[0]) if forms else None
    if shape == "verb":
        return ((start - 2, end), forms[0] + spec.text[start - 1] + concept.word("zh")) if forms else None
    return _as_attribute(spec, (start, end), concept)


def _as_attribute(
    spec: ShotSpec, span: tuple[int, int], concept: Concept
) -> tuple[tuple[int, int], str] | None:
    """The words of `concept` before a noun, or in Chinese alone between commas."""
    start, end = span
    forms = _shapes().get((concept.id, "attribute"), {}).get(spec.language, ())
    if spec.language == "zh" and not spec.text.startswith(_LINKS["zh"], end):
        return (span, forms[0]) if forms and forms[0].startswith(_WEATHER_VERBS) else None
    day = _DAYS.get(spec.language, "\0")
    if spec.text[start:end].endswith(day):
        end -= len(day)
    link = _LINKS.get(spec.language, "")
    if link and spec.text[end:].startswith(link):
        end += len(link)
    if forms:
        return (start, end), forms[0] + ("的" if spec.language == "zh" else "")
    word = concept.word(spec.language)
    linked = {"zh": f"{word}中的", "ja": f"{word}の", "ko": f"{word} 속", "en": ""}[spec.language]
    return (start, end + (spec.language == "en")), linked


def _one(text: str, span: tuple[int, int], concept: Concept) -> tuple[tuple[int, int], str] | None:
    """A storm can be counted and rain cannot: in a storm, in the rain; a storm hits, rain hits."""
    start, end = span
    before = text[:start]
    counted = _shapes().get((concept.id, "one"), {}).get("en", ())
    article = re.search(r"\ban? $", before, re.IGNORECASE)
    if counted:
        is_free = not before or before[-2:-1] in _MARKS or _PREPOSITION.search(before)
        words = counted[0] if is_free and not article else counted[0].partition(" ")[2]
        return span, words
    bare = _shapes().get((concept.id, "noun"), {}).get("en", (concept.word("en"),))[0]
    if article is None:
        return span, bare
    words = f"the {bare}" if _PREPOSITION.search(before[: article.start()]) else bare
    return (article.start(), end), words


def one_of_it(concept: Concept) -> str:
    """Return the English noun of weather with the article it needs: a sandstorm, clear weather, hail."""
    shapes = (_shapes().get((concept.id, shape), {}).get("en", ()) for shape in ("one", "noun"))
    return next((forms[0] for forms in shapes if forms), concept.word("en"))


def when(concept: Concept) -> str | None:
    """Return the English phrase for a time: at dawn, in the morning; None where the data has none."""
    return next(iter(_shapes().get((concept.id, "when"), {}).get("en", ())), None)


def without_force(text: str, end: int) -> int:
    """Return where words end with the adverb behind them: raining hard."""
    behind = _FORCE.match(text, end)
    return behind.end() if behind else end


def _is_alone(text: str, start: int, end: int) -> bool:
    return (not start or text[start - 1] in _MARKS) and (end == len(text) or text[end] in _MARKS)


def _is_before_noun(spec: ShotSpec, surface: str, end: int, after: str) -> bool:
    if spec.language in _LINKS and after.startswith(_LINKS[spec.language]):
        return True
    nouns = [each.span[0] for each in spec.everything() if each.kind in _NOUN_KINDS]
    if spec.language == "ja":
        return (
            "が" not in surface and surface.endswith(_ADNOMINAL) and (end in nouns or after.startswith("日"))
        )
    if surface.endswith(_DAYS.get(spec.language, "\0")):
        return True
    # Rain at night: what a preposition opens is no noun that rain could qualify.
    return after.startswith(" ") and end + 1 in nouns and not after[1:].lower().startswith(_WHEN)


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
    found = {}
    for concept, shape, *cells in rows("shapes", has_header=True):
        listed = dict(zip(LANGUAGES, cells, strict=True))
        found[concept, shape] = {name: tuple(cell.split("/")) for name, cell in listed.items() if cell}
    return found
