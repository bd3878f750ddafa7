"""Replace one thing a description says by another, word by word, in its language's grammar.

The new word takes the shape of the old one: its plural or verb form in English, its particle in Korean, the
ending around a stem in Japanese, and the verb around a noun of weather (下雨 to 下雪, raining to snowing).
"""

import re

from rushes.core.errors import UsageError
from rushes.language.beats.classes import is_kind
from rushes.language.camera_edit import with_camera_move
from rushes.language.concepts import Concept, Lexicon
from rushes.language.counters import recounted, with_counter
from rushes.language.morphology.forms import forms, read_marks
from rushes.language.parse import parse
from rushes.language.predicate_edit import conjugated, with_verb_apart
from rushes.language.shapes import one_of_it, reshaped, shape_of, without_force
from rushes.language.spec import Found, ShotSpec
from rushes.language.vocabulary import key, with_role
from rushes.language.writing import (
    as_phrase,
    behind_article,
    is_name,
    joined,
    on_or_in,
    with_article,
    with_names,
    with_particle,
)

# 跑进, 走过: a verb with where it leads.
_LEADING = tuple("进过向到出上下入回")
_IN_OR_ON = re.compile(r"\b(?:in|on)(?= (?:an?|the) \S)", re.IGNORECASE)
_IT_IS = re.compile(r"\bit(?: is| was|'s)? $", re.IGNORECASE)
_OBJECT = re.compile(r" (?:the|an?|his|her|its|their)\b")
_BEFORE_NOUN = ("い", "の", "な")
_COUNTED = ("person", "animal", "vehicle", "thing")
# 下雨, 起雾: weather that begins as an event.
_ONSETS = ("下", "起", "刮")
_ONSET = re.compile(r"[下起刮](着|了|起)$")


def replaced(spec: ShotSpec, found: Found, concept: Concept) -> str:
    """Return the text of `spec` with `found` said as `concept`.

    Raises UsageError when no word of the concept fits the place grammatically.
    """
    if found.kind == "count":
        return recounted(spec, found, concept)
    old = Lexicon.load().concepts[found.concept]
    _check_object(spec, found, concept)
    text = (
        with_camera_move(spec, found, concept)
        or _reshaped(spec, found, concept)
        or with_verb_apart(spec, found, old, concept)
        or conjugated(spec, found, old, concept)
        or _in_place(spec, found, old, concept)
    )
    lexicon = Lexicon.load()
    if not any(lexicon.is_a(each.concept, concept.id) for each in parse(text, spec.language).everything()):
        raise _unsaid(spec, found, concept)
    return text


def _in_place(spec: ShotSpec, found: Found, old: Concept, concept: Concept) -> str:
    """The new word in the old one's place, and what goes with it: article, particle, counter, preposition."""
    if found.kind == "action" and spec.language in ("ja", "ko"):
        raise _unsaid(spec, found, concept)
    start, end = found.span
    word = _fitting(spec.text[start:end], old, concept, spec.language) + _across(spec, found, concept)
    if (
        spec.language == "zh"
        and found.kind == "time"
        and any(each.span[1] == start for each in spec.found("weather"))
    ):
        # 雨夜, a rainy night: noon in the rain is 雨中的正午.
        word = f"中的{word}"
    if spec.language == "en" and found.kind == "weather":
        start, end, word = _as_state(spec.text, (start, end), word, concept)
    if spec.language == "en" and is_name(spec.text[start:end]) and not is_name(word):
        # In Tokyo: a common noun in its place has an article and a small letter.
        text = f"{spec.text[:start]}{with_article(f'a {word}')}{spec.text[end:]}"
    else:
        text = put(spec.text, (start, end), word, spec.language)
    if found.kind in _COUNTED and spec.language != "en":
        text = with_counter(text, (start, start + len(word)), concept, spec.language)
    if spec.language == "zh" and found.kind == "weather":
        text = _with_onset(spec.text, found.span, concept) or text
    return _located(spec, found, concept, text) if found.kind == "place" else text


def _across(spec: ShotSpec, found: Found, concept: Concept) -> str:
    """Crosses the bridge, runs across the bridge: what takes a verb without an object over a place."""
    crosses = spec.language == "en" and found.concept == "cross" and is_kind(concept.id, "alone")
    return " across" if crosses and _OBJECT.match(spec.text, found.span[1]) else ""


def _located(spec: ShotSpec, found: Found, concept: Concept, text: str) -> str:
    """On a beach, in a castle; 在沙滩上, 在城堡里: on or in goes with the place."""
    start, end = found.span
    if spec.language == "en":
        near = max(0, start - 8)
        wanted = on_or_in(concept, "en")
        placed = _IN_OR_ON.sub(
            lambda old: wanted.capitalize() if old[0][0].isupper() else wanted, text[near:], count=1
        )
        return text[:near] + with_names(placed)
    behind = len(text) - (len(spec.text) - end)
    if (
        spec.language == "zh"
        and text[behind : behind + 1] in ("里", "上")
        and "在" in spec.text[max(0, start - 8) : start]
    ):
        return text[:behind] + on_or_in(concept, "zh") + text[behind + 1 :]
    return text


def _with_onset(text: str, span: tuple[int, int], concept: Concept) -> str | None:
    """下着雨: fog rises, 起着雾, and wind blows, 刮着风; None where no verb stands before the weather."""
    begins = _ONSET.search(text, 0, span[0])
    begun = _begun(concept)
    if begins is None or begun is None:
        return None
    return f"{text[: begins.start()]}{begun[0]}{begins[1]}{begun[1:]}{text[span[1] :]}"


def _begun(weather: Concept) -> str | None:
    """How weather begins in Chinese: 下雪, 起雾, 刮风."""
    return next((word for word in weather.words["zh"] if word.startswith(_ONSETS)), None)


def _as_state(text: str, span: tuple[int, int], word: str, concept: Concept) -> tuple[int, int, str]:
    """It is raining hard: it is foggy, and there is a sandstorm. It rains: it snows, and there is fog."""
    start, end = span
    if not word.endswith("ing"):
        end = without_force(text, end)
    it = _IT_IS.search(text, 0, start)
    is_verb = it is not None and it[0].lower() == "it "
    if it is None or (
        Lexicon.load().is_a(concept.id, "precipitation") if is_verb else word.endswith(("y", "ing"))
    ):
        return start, end, word
    if not is_verb and concept.word("en") != word:
        return start, end, word
    return it.start(), end, f"there is {one_of_it(concept)}"


def _unsaid(spec: ShotSpec, found: Found, concept: Concept) -> UsageError:
    words = spec.text[slice(*found.span)]
    return UsageError(f"{concept.id} cannot stand for {words!r} in {spec.text[:60]!r}.")


def _check_object(spec: ShotSpec, found: Found, concept: Concept) -> None:
    """Refuse a verb that is done to nothing where the old one has an object: a boy sleeps a ball."""
    beats = [beat for beat in spec.beats if beat.action.span == found.span and beat.whom]
    if found.concept == "cross" and Lexicon.load().is_a(concept.id, "move"):
        return
    if beats and is_kind(concept.id, "alone") and not is_kind(found.concept, "alone"):
        whom = ", ".join(beats[0].whom)
        raise UsageError(
            f"{concept.id} is done to nothing, but {spec.text[slice(*found.span)]!r} is done to {whom}."
        )


def _reshaped(spec: ShotSpec, found: Found, concept: Concept) -> str | None:
    shape = shape_of(spec, found)
    made = reshaped(spec, found, concept, shape) if shape else None
    if made is None:
        return None
    span, words = made
    if words:
        return put(spec.text, span, words, spec.language)
    # English has no adjective for it: "a snowy forest" is "a forest, heavy rain".
    bare = with_article(spec.text[: span[0]] + spec.text[span[1] :])
    return joined(bare, [concept.word(spec.language)], spec.language)


def added(spec: ShotSpec, concept: Concept) -> str:
    """Return the text of `spec` with `concept` said at its end."""
    return joined(spec.text, [as_phrase(concept, spec.language)], spec.language)


def put(text: str, span: tuple[int, int], word: str, language: str) -> str:
    """Return `text` with `word` at `span`: article before it and particle after it agree with it."""
    start, end = span
    before, after = text[:start], text[end:]
    if language == "en":
        if text[start : start + 1].isupper() and word:
            word = word[0].upper() + word[1:]
        return behind_article(before, word + after)
    if language == "ko":
        particle = ""
        while len(particle) < len(after) and "가" <= after[len(particle)] <= "힣":
            particle += after[len(particle)]
        if particle and particle not in with_role("ko", "particle"):
            # 밤거리, a night street: another first part stands apart.
            return f"{before}{word} {after}"
        return before + with_particle(word, particle) + after[len(particle) :]
    return before + word + after


def _fitting(surface: str, old: Concept, new: Concept, language: str) -> str:
    inflected = _same_form(surface, old, new, language)
    if inflected is not None:
        return inflected
    begun = _begun(new) if language == "zh" and surface.startswith(_ONSETS) else None
    if begun is not None:
        return begun
    around = _same_surroundings(surface, old, new, language)
    if around is not None:
        return around
    if language == "zh" and new.slot == "action" and len(surface) > 1 and surface.endswith(_LEADING):
        is_motion = Lexicon.load().is_a(new.id, "move")
        verbs = [word for word in new.words["zh"] if len(word) == 1 and is_motion]
        if not verbs:
            raise UsageError(f"{new.id} cannot lead anywhere, as {surface!r} does; say it with another verb.")
        return verbs[0] + surface[-1]
    ends = "y" if language == "en" and surface.lower().endswith(("ing", "y")) else ""
    plain = [read_marks(word) for word in new.words[language]]
    words = [word.text for word in plain if not word.needs_camera and not word.is_english_verb]
    if ends:
        words = [word for word in words if word.endswith(ends)] or words
    fitting = _alike(surface, words, language) if words else plain[0].text
    # 빗속을, in the rain: through the snow is 눈 속을.
    is_inside = language == "ko" and surface.endswith("속") and not fitting.endswith("속")
    return f"{fitting} 속" if is_inside else fitting


def _alike(surface: str, words: list[str], language: str) -> str:
    """赤い before a noun asks for 緑の, not for 緑; a Korean noun for a noun, not for a dictionary form."""
    if language == "ja" and surface.endswith(_BEFORE_NOUN):
        words = [word for word in words if word.endswith(_BEFORE_NOUN)] or words
    if language == "ko" and not surface.endswith("다"):
        words = [word for word in words if not word.endswith(("다", "는"))] or words
    return words[0]


def _same_form(surface: str, old: Concept, new: Concept, language: str) -> str | None:
    """English: the form of the new word at the place the old form has in its list: running, walking."""
    if language != "en":
        return None
    wanted = key(surface)
    for written in old.words[language]:
        listed = [key(text) for text, _ in forms(read_marks(written), old.slot, language)]
        if wanted not in listed or len(listed) == 1:
            continue
        place = listed.index(wanted)
        for other in new.words[language]:
            word = read_marks(other)
            mine = [text for text, _ in forms(word, new.slot, language)]
            same_kind = read_marks(written).is_english_verb == word.is_english_verb
            if same_kind and not word.needs_camera and len(mine) > place:
                return mine[place]
    return None


def _same_surroundings(surface: str, old: Concept, new: Concept, language: str) -> str | None:
    """下雨 is 下 around 雨: the new core with the same surroundings, if the language has it."""
    known = {key(read_marks(word).text): read_marks(word).text for word in new.words[language]}
    for written in new.words[language]:
        word = read_marks(written)
        for text, _ in forms(word, new.slot, language):
            known.setdefault(key(text), text)
    wanted = key(surface)
    for core in sorted((key(read_marks(word).text) for word in old.words[language]), key=len):
        before, found, after = wanted.partition(core)
        if not found or not (before or after):
            continue
        for other in sorted((key(read_marks(word).text) for word in new.words[language]), key=len):
            tail = with_particle(other, after) if language == "ko" else other + after
            if before + tail in known:
                return known[before + tail]
    return None
