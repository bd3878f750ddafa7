"""Replace a Japanese or Korean predicate by another in the same shape: 走っている, 泳いでいる."""

import re
from collections.abc import Iterable, Iterator

from rushes.core.errors import UsageError
from rushes.language.concepts import Concept, Lexicon
from rushes.language.morphology import japanese, korean
from rushes.language.morphology.forms import NOUN_SLOTS, read_marks
from rushes.language.shapes import FORCELESS
from rushes.language.spec import Found, ShotSpec
from rushes.language.writing import with_particle

# 森を走る, 숲을 달린다: a place that is passed, and one where something is done.
_PASSED = {"ja": ("を",), "ko": ("을", "를")}
_WHERE = {"ja": "で", "ko": "에서"}
# 雨が降る, 비가 오다, and what stands behind such a noun in a text.
_SUBJECT = {"ja": re.compile("[がは]"), "ko": re.compile("[이가은는](?= )")}
_STATE = " 있"
_GOES_ON = f"고{_STATE}"
_CLAUSE_END = re.compile(r"[,，、。;；!！?？\n.]")
_NEAR = 20


def conjugated(spec: ShotSpec, found: Found, old: Concept, new: Concept) -> str | None:
    """Return the text with a Japanese or Korean verb in the shape of the old one; None for anything else."""
    if spec.language not in _PASSED:
        return None
    start, end = found.span
    surface, after = spec.text[start:end], spec.text[end:]
    before = _at_a_place(spec, start) if _stays_behind(old, new) else spec.text[:start]
    verbs = [read_marks(word).text for word in new.words[spec.language] if "@" not in word]
    verbs = [word for word in verbs if is_predicate(word, spec.language)]
    if spec.language == "ko" and verbs:
        # 앉아 있다, and the ending of 달리고 있다.
        tail = after.removeprefix(_GOES_ON)
        if surface.endswith(_STATE) or tail != after:
            return before + _lasting(verbs) + tail
    # 눈이 내린다 has its subject with it, and so has 하늘이 맑다.
    alike = (word for word in verbs if (" " in word) == (" " in surface))
    verb = next(alike, next(iter(verbs), None))
    shape = shape_among(_verbs(old, spec.language), surface, after, spec.language)
    if verb is None or shape is None:
        return None
    return before + in_place(verb, shape, after, spec.language)


def _lasting(verbs: list[str]) -> str:
    """앉아 있, 달리고 있: the stem of the state that the lexicon has for a verb, else that of its action."""
    states = (verb for verb in verbs if verb.endswith(f"{_STATE}다") and verb.count(" ") == 1)
    state = next(states, None)
    plain = next((verb for verb in verbs if " " not in verb), verbs[0])
    return state.removesuffix("다") if state else plain.removesuffix("다") + _GOES_ON


def shape_among(verbs: Iterable[str], surface: str, after: str, language: str) -> str | None:
    """Return the shape in which the first of `verbs` that can stands as `surface` before `after`."""
    grammar = japanese if language == "ja" else korean
    shapes = (grammar.shape_of(verb, surface, after) for verb in verbs)
    return next((shape for shape in shapes if shape is not None), None)


def in_place(verb: str, shape: str, after: str, language: str) -> str:
    """Return a verb in a shape, with the ending that stood behind another."""
    if language == "ja":
        return japanese.in_place(verb, shape, after)
    return "".join(korean.conjugated(verb, shape, after))


def is_predicate(word: str, language: str) -> bool:
    """Whether a Japanese or Korean word is a verb, or in Korean an adjective."""
    return japanese.is_verb(word) if language == "ja" else word.endswith("다")


def with_verb_apart(spec: ShotSpec, found: Found, old: Concept, new: Concept) -> str | None:
    """雨が激しく降っている: a noun whose verb stands further on takes its own verb there; None elsewhere.

    Raises UsageError where the new weather has no verb.
    """
    language, (start, end) = spec.language, found.span
    particle = _SUBJECT[language].match(spec.text, end) if language in _SUBJECT else None
    if particle is None or found.kind != "weather":
        return None
    verbs = [verb for noun, verb in _events(old, language) if noun == spec.text[start:end]]
    clause_end = _CLAUSE_END.search(spec.text, particle.end())
    last = min(clause_end.start() if clause_end else len(spec.text), particle.end() + _NEAR)
    for place in range(particle.end(), last):
        for stop in range(last, place, -1):
            surface, after = spec.text[place:stop], spec.text[stop:]
            shape = shape_among(verbs, surface, after, language)
            if shape is not None:
                noun, verb = next(_events(new, language), ("", ""))
                if not noun:
                    raise UsageError(f"{new.id} has no verb to stand in {spec.text[:60]!r}.")
                head = with_particle(noun, particle[0]) if language == "ko" else noun + particle[0]
                how = "" if new.id in FORCELESS else spec.text[particle.end() : place].strip(" ")
                space = " " if language == "ko" else ""
                said = in_place(verb, shape, after, language)
                return spec.text[:start] + head + space + (how + space if how else "") + said
    return None


def _events(concept: Concept, language: str) -> Iterator[tuple[str, str]]:
    """Yield noun and verb of weather that is said as an event: 雨 and 降る, 비 and 오다."""
    mark = "が" if language == "ja" else " "
    for written in concept.words[language]:
        noun, _, verb = read_marks(written).text.partition(mark)
        if language == "ko":
            noun = noun[:-1] if noun.endswith(("이", "가")) else ""
        if noun and verb and is_predicate(verb, language):
            yield noun, verb


def _stays_behind(old: Concept, new: Concept) -> bool:
    """Whether the old verb passes a place and the new one does not: 森を走る, 森で眠る."""
    lexicon = Lexicon.load()
    return lexicon.is_a(old.id, "move") and not lexicon.is_a(new.id, "move")


def _at_a_place(spec: ShotSpec, start: int) -> str:
    """The text before a verb, with the place right before it as where the verb happens."""
    before = spec.text[:start].rstrip(" ")
    ends = {each.span[1] for each in spec.found("environment")}
    for passed in _PASSED[spec.language]:
        if before.endswith(passed) and len(before) - len(passed) in ends:
            return before[: -len(passed)] + _WHERE[spec.language] + spec.text[len(before) : start]
    return spec.text[:start]


def _verbs(concept: Concept, language: str) -> Iterator[str]:
    if concept.slot in NOUN_SLOTS:
        return
    for word in concept.words[language]:
        bare = read_marks(word).text
        if is_predicate(bare, language):
            yield bare
