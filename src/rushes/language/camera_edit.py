"""Replace a move of the camera where the camera is what acts: "the camera follows him", 镜头缓慢推进.

A verb gives way to a verb as long as what stands with it can stay; else the whole clause gives way to the
usual phrase ("static shot"), as long as it says nothing but what the camera does.
"""

import re
from collections.abc import Iterator

from rushes.core.errors import UsageError
from rushes.language.concepts import Concept, Lexicon
from rushes.language.morphology import english
from rushes.language.morphology.forms import read_marks
from rushes.language.predicate_edit import in_place, is_predicate, shape_among
from rushes.language.spec import Found, ShotSpec
from rushes.language.vocabulary import key
from rushes.language.writing import as_phrase, comma

_CAMERA = {
    "zh": re.compile("镜头|摄影机|摄像机|相机"),
    "en": re.compile(r"(?:\b(?:and|while|as|then)\s)?(?:\bthe\s)?\bcamera\b", re.IGNORECASE),
    "ja": re.compile("カメラ[がはもを]?"),
    "ko": re.compile("카메라[가는도를]?"),
}
_CLAUSE_END = re.compile(r"[,，、。;；!！?？\n]|\.(?!\d)")
_WORD = re.compile("[a-z]*")
# Behind a verb these begin no object, and neither does an adverb in -ly.
# fmt: off
_NO_OBJECT = frozenset((
    "over", "across", "along", "through", "toward", "towards", "to", "into", "from", "past", "around", "up",
    "down", "left", "right", "in", "on", "at", "behind", "with", "before", "until", "above", "under",
    "beside", "forward", "back", "out",
))
# fmt: on
_CHINESE_ASPECT = re.compile("[着了过]?$")
_OBJECT = {"ja": "を", "ko": "를"}
# Moves that are done to something: the camera follows him, circles him.
_TRANSITIVE = ("track", "orbit")
# What English says of a camera where the lexicon has no verb.
_ENGLISH_VERBS = {"static": "to hold still"}
_CAMERA_KINDS = frozenset(("move", "shot_size", "angle", "lens", "support", "speed", "direction", "size"))


def with_camera_move(spec: ShotSpec, found: Found, concept: Concept) -> str | None:
    """Return the text of `spec` with the move `found` said as `concept`; None where no camera acts.

    Raises UsageError where the clause holds more than the camera and the new move has no verb for it.
    """
    start, end = found.span
    text = spec.text
    clause_start = max((mark.end() for mark in _CLAUSE_END.finditer(text, 0, start)), default=0)
    mark = _CLAUSE_END.search(text, end)
    clause_end = mark.start() if mark else len(text)
    cameras = [each for each in _CAMERA[spec.language].finditer(text, clause_start, end) if each.end() < end]
    if not cameras or found.kind != "move":
        return None
    camera = cameras[-1]
    is_hurried = any(
        camera.end() <= each.span[0] < clause_end for each in spec.everything() if each.kind == "speed"
    )
    # Nothing is slowly still.
    if camera.end() <= start and not (is_hurried and concept.id == "static"):
        verb = _verb(spec, found, concept, camera.end(), clause_end)
        if verb is not None:
            return verb
    return _as_phrase(spec, concept, (camera.start(), clause_end))


def _verb(spec: ShotSpec, found: Found, concept: Concept, camera_end: int, clause_end: int) -> str | None:
    start, end = found.span
    before, surface, after = spec.text[:start], spec.text[start:end], spec.text[end:]
    behind = spec.text[end:clause_end]
    if spec.language in ("zh", "en"):
        if _has_object(behind, spec.language) and concept.id not in _TRANSITIVE:
            return None
    elif _OBJECT[spec.language] in spec.text[camera_end:start].replace("을", "를"):
        return None
    old = Lexicon.load().concepts[found.concept]
    if spec.language == "zh":
        word = next(_words(concept, "zh"), None)
        return word and before + word + _CHINESE_ASPECT.sub("", behind) + spec.text[clause_end:]
    if spec.language == "en":
        verb = _english(surface, old, concept)
        return verb and before + verb + after
    verb = _conjugated(surface, after, old, concept, spec.language)
    return verb and before + verb


def _has_object(behind: str, language: str) -> bool:
    """Whether something stands right behind a verb that it is done to."""
    if language == "zh":
        return not _CHINESE_ASPECT.match(behind)
    first = _WORD.match(behind.lstrip().lower())[0]  # type: ignore[index]
    return bool(behind.strip()) and first not in _NO_OBJECT and not first.endswith("ly")


def _english(surface: str, old: Concept, new: Concept) -> str | None:
    wanted = key(surface)
    verbs = [word for word in new.words["en"] if word.startswith("to ")]
    fitting = [*verbs, _ENGLISH_VERBS.get(new.id, "")][0]
    for written in old.words["en"]:
        if fitting and written.startswith("to "):
            listed = [key(text) for text, _ in english.verb_forms(read_marks(written).text)]
            mine = [text for text, _ in english.verb_forms(read_marks(fitting).text)]
            if wanted in listed and listed.index(wanted) < len(mine):
                return mine[listed.index(wanted)]
    return None


def _conjugated(surface: str, after: str, old: Concept, new: Concept, language: str) -> str | None:
    verb = next((word for word in _words(new, language) if is_predicate(word, language)), None)
    verbs = (word for word in _words(old, language) if is_predicate(word, language))
    shape = shape_among(verbs, surface, after, language)
    return in_place(verb, shape, after, language) if verb and shape else None


def _words(concept: Concept, language: str) -> Iterator[str]:
    """Yield the words of a concept that do not name the camera again."""
    for written in concept.words[language]:
        word = read_marks(written).text
        if not _CAMERA[language].search(word):
            yield word


def _as_phrase(spec: ShotSpec, concept: Concept, span: tuple[int, int]) -> str:
    start, end = span
    others = [each for each in spec.everything() if each.kind not in _CAMERA_KINDS]
    if any(start < each.span[1] and each.span[0] < end for each in others):
        raise UsageError(
            f"{spec.text[start:end]!r} cannot be said with {concept.id} without losing what else it says; "
            "give the camera a phrase of its own."
        )
    phrase = as_phrase(concept, spec.language)
    before = spec.text[:start].rstrip()
    if not before:
        return (phrase[0].upper() + phrase[1:] if spec.text[start].isupper() else phrase) + spec.text[end:]
    if before[-1] in ",，、。.;；!！?？":
        space = spec.text[len(before) : start]
        is_new_sentence = spec.language == "en" and before[-1] in ".!?"
        return (
            before + space + (phrase[0].upper() + phrase[1:] if is_new_sentence else phrase) + spec.text[end:]
        )
    return before + comma(spec.language) + phrase + spec.text[end:]
