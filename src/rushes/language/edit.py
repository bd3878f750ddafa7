"""Replace one thing a description says by another, word by word, in its language's grammar.

The new word takes the shape of the old one: its plural or verb form in English, its particle in Korean, the
ending around a stem in Japanese, and the verb around a noun of weather (下雨 to 下雪, raining to snowing).
"""

from collections.abc import Iterable, Iterator

from rushes.core.errors import UsageError
from rushes.language.concepts import Concept, Lexicon
from rushes.language.morphology import japanese, korean
from rushes.language.morphology.forms import NOUN_SLOTS, forms, read_marks
from rushes.language.parse import parse
from rushes.language.shapes import reshaped, shape_of
from rushes.language.spec import Found, ShotSpec
from rushes.language.vocabulary import key, with_role
from rushes.language.writing import as_phrase, joined, with_article, with_particle

# て and た after a verb, plain and voiced.
_TE = ("て", "た", "で", "だ")
_PLAIN = {"て": "て", "た": "た", "で": "て", "だ": "た"}
_VOICED = {"て": "で", "た": "だ", "で": "で", "だ": "だ"}
_BEFORE_NOUN = ("い", "の", "な")
# 下雨, 起雾: weather that begins as an event.
_ONSETS = ("下", "起", "刮")


def replaced(spec: ShotSpec, found: Found, concept: Concept) -> str:
    """Return the text of `spec` with `found` said as `concept`.

    Raises UsageError when no word of the concept fits the place grammatically.
    """
    start, end = found.span
    old = Lexicon.load().concepts[found.concept]
    text = _reshaped(spec, found, concept) or _conjugated(spec, (start, end), old, concept)
    if text is None:
        word = _fitting(spec.text[start:end], old, concept, spec.language)
        text = put(spec.text, (start, end), word, spec.language)
    if not any(each.concept == concept.id for each in parse(text, spec.language).everything()):
        raise UsageError(f"{concept.id} cannot stand for {spec.text[start:end]!r} in {spec.text[:60]!r}.")
    return text


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


def _conjugated(spec: ShotSpec, span: tuple[int, int], old: Concept, new: Concept) -> str | None:
    """The text with a Japanese or Korean verb in the shape of the old one; None for anything else."""
    start, end = span
    surface, after = spec.text[start:end], spec.text[end:]
    verbs = [read_marks(word).text for word in new.words[spec.language] if "@" not in word]
    if spec.language == "ja":
        verb = next((word for word in verbs if japanese.is_verb(word)), None)
        shape = _first(japanese.shape_of(word, surface, after) for word in _verbs(old, "ja"))
        if verb is None or shape is None:
            return None
        if shape == "te" and after[:1] in _TE:
            after = (_VOICED if japanese.voices_te(verb) else _PLAIN)[after[0]] + after[1:]
        return spec.text[:start] + japanese.shaped(verb, shape) + after
    if spec.language == "ko":
        verb = next((word for word in verbs if word.endswith("다")), None)
        shape = _first(korean.shape_of(word, surface, after) for word in _verbs(old, "ko"))
        if verb is None or shape is None:
            return None
        return spec.text[:start] + "".join(korean.conjugated(verb, shape, after))
    return None


def _verbs(concept: Concept, language: str) -> Iterator[str]:
    if concept.slot in NOUN_SLOTS:
        return
    for word in concept.words[language]:
        bare = read_marks(word).text
        if japanese.is_verb(bare) if language == "ja" else bare.endswith("다"):
            yield bare


def _first(shapes: Iterable[str | None]) -> str | None:
    return next((shape for shape in shapes if shape is not None), None)


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
        # Only the article right before may change: the rest of the text is the author's.
        head, _, article = before.rstrip(" ").rpartition(" ")
        if article.lower() in ("a", "an") and before.endswith(" "):
            agreed = with_article(f"{article} {word}")
            return (f"{head} " if head else "") + agreed + after
    elif language == "ko":
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
    around = _same_surroundings(surface, old, new, language)
    if around is not None:
        return around
    if language == "zh" and surface.startswith(_ONSETS):
        begun = [word for word in new.words[language] if word.startswith(_ONSETS)]
        if begun:
            return begun[0]
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
        words = [word for word in words if not word.endswith("다")] or words
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
