"""Remarks on a description before anything is filmed, each with a fix where one can be made.

The house form is subject, action, environment, style, camera. Remarks are about words that say nothing, parts
that are missing, things that exclude each other, more beats than the seconds hold, camera and style words
that the negative prompt fights, and length.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rushes.language.concepts import LANGUAGES, Lexicon
from rushes.language.consistency import contradictions, goes_with
from rushes.language.enhance import enhance
from rushes.language.meter import CAP, QUALITY_LIMIT, measure
from rushes.language.parse import parse
from rushes.language.removal import LAST_AND, phrase_around, without, without_phrase
from rushes.language.spec import PARTS, Beat, Found, ShotSpec
from rushes.language.tables import rows
from rushes.language.vocabulary import key, one_of, vocabulary, with_role
from rushes.language.writing import comma, joined

# A readable beat takes about this long; a five-second shot holds four.
SECONDS_PER_BEAT = 1.25
# What ties a vague word to its noun and goes with it.
_LINKS = re.compile("[的地なの]|に(?!も)")
_LONGEST_VERY = 16
_STOPS = ".。!！?？…"
# A clause ends before a comma and behind a full stop.
_CLAUSE_END = re.compile(r"[.。!！?？…]*([,，、;；]|(?<=[.。!！?？…])(?!\d))")
# Korean endings stay with their verb; kana after a Japanese one are of the next word.
_WORD_END = re.compile(r"[\uac00-\ud7a3]*")
_HOUSE_FORM = {"subjects": "subject", "beats": "action", "environment": "environment", "style": "style"}
# Words of Wan's default negative prompt, and the concepts they fight (previs.md, section 0).
_FOUGHT = {
    "静态": "static",
    "静止不动的画面": "static",
    "静止": "static",
    "static": "static",
    "still": "static",
    "motionless": "static",
    "风格": "painting",
    "作品": "painting",
    "画作": "painting",
    "画面": "painting",
    "painting": "painting",
    "artwork": "painting",
    "模糊": "shallow_focus",
    "blurry": "shallow_focus",
    "背景人很多": "crowd",
    "色调艳丽": "saturated",
    "整体发灰": "desaturated",
}


@dataclass(frozen=True)
class Remark:
    """One finding. span: the words it is about, [0, 0) for the whole; fix: the description with it mended, or
    None; negative_fix: the negative prompt with it mended, or None."""

    rule: str
    message: str
    span: tuple[int, int] = (0, 0)
    fix: str | None = None
    negative_fix: str | None = None


@dataclass(frozen=True)
class Shot:
    """What is judged: a description, how long the shot is, and what stands around it."""

    text: str
    seconds: float = 5.0
    negative_prompt: str = ""
    tokenizer_file: Path | None = None


def lint(shot: Shot) -> list[Remark]:
    """Return the remarks on a shot, in a fixed order. Raises UsageError as `parse` does."""
    spec = parse(shot.text)
    return [
        *_vague(spec),
        *_missing(spec),
        *_contradictions(spec),
        *_too_many_beats(spec, shot.seconds),
        *_fought(spec, shot.negative_prompt),
        *_too_long(shot),
    ]


def _vague(spec: ShotSpec) -> Iterator[Remark]:
    words, instead = _vague_words()[spec.language]
    covered = 0
    for match in words.finditer(spec.text):
        start, end = match.span()
        if start < covered or _cuts_word(spec, start):
            continue
        covered = end
        concepts = Lexicon.load().concepts
        fitting = [concept for concept in instead if _goes_with(concept, spec)]
        better = [concepts[concept].word(spec.language) for concept in fitting]
        link = _LINKS.match(spec.text, end)
        begin = _with_very(spec, start)
        rest = without(spec.text, _phrase_without_content(spec, (begin, link.end() if link else end)))
        listed = comma(spec.language).join(better)
        yield Remark(
            "vague_word",
            f"{match[0]!r} says nothing a camera can film; say what you see"
            f"{', such as ' if better else ''}{listed}.",
            (start, end),
            joined(rest, better, spec.language) if rest.strip() else listed or None,
        )


def _cuts_word(spec: ShotSpec, start: int) -> bool:
    """Whether something else that is known goes on here: the いい of かわいい."""
    return any(span[0] < start < span[1] for span in (each.span for each in spec.everything()))


def _with_very(spec: ShotSpec, start: int) -> int:
    """Where the adverbs before a vague word begin: 很好看的, a really nice girl."""
    while before := _very(spec.language).search(spec.text, max(0, start - _LONGEST_VERY), start):
        start = before.start()
    return start


@cache
def _very(language: str) -> re.Pattern[str]:
    words = one_of(with_role(language, "very"))
    pattern = rf"\b{words} $" if language in ("en", "ko") else rf"{words}$"
    return re.compile(pattern, re.IGNORECASE)


def _goes_with(concept: str, spec: ShotSpec) -> bool:
    """Whether a replacement for a vague word fills what is open and goes with the rest."""
    lexicon = Lexicon.load()
    slot = lexicon.concepts[concept].slot
    said = [each for each in spec.everything() if not each.negated]
    is_open = all(lexicon.concepts[each.concept].slot != slot for each in said)
    ruled_out = (each.concept for each in spec.everything() if each.negated)
    return is_open and goes_with(concept, (each.concept for each in said), ruled_out)


def _phrase_without_content(spec: ShotSpec, span: tuple[int, int]) -> tuple[int, int]:
    """The phrase between commas around a span when it says nothing else: 让画面好看一点."""
    start, end = span
    phrase_start, phrase_end = phrase_around(spec.text, span)
    others = [each.span for each in spec.everything() if each.span[0] >= end or each.span[1] <= start]
    others += [each for each in spec.unknown if each[0] >= end or each[1] <= start]
    is_alone = not any(phrase_start < other[1] and other[0] < phrase_end for other in others)
    return (phrase_start, phrase_end) if is_alone else span


def _missing(spec: ShotSpec) -> Iterator[Remark]:
    missing = [name for part, name in _HOUSE_FORM.items() if not spec.present(part)]
    if not spec.present("camera"):
        missing.append("camera")
    is_known = any(spec.found(part) for part in PARTS)
    filled = enhance(spec.text, seed=0) if missing and is_known else None
    for name in missing:
        part = next((part for part, each in _HOUSE_FORM.items() if each == name), name)
        added = [each.words for each in filled.added if each.part.split(".")[0] == part] if filled else []
        fix = joined(spec.text, added, spec.language) if added else None
        yield Remark("missing_slot", f"The {name} is not said.", fix=fix)


def _contradictions(spec: ShotSpec) -> Iterator[Remark]:
    found = [each for part in PARTS for each in spec.found(part)]
    for first, second in contradictions(found):
        if _changes(spec, first, second):
            continue
        words = [spec.text[start:end] for start, end in (first.span, second.span)]
        yield Remark(
            "contradiction",
            f"{words[0]!r} ({first.concept}) and {words[1]!r} ({second.concept}) exclude each other.",
            second.span,
            without_phrase(spec, second),
        )


def _changes(spec: ShotSpec, first: Found, second: Found) -> bool:
    """Whether words between two things say that one follows the other: sunny, then rain; 晴转雨."""
    start, end = sorted((first.span, second.span))
    between = key(spec.text[start[1] : end[0]]).strip()
    return between in with_role(spec.language, "change_to") or bool(_change(spec.language).search(between))


@cache
def _change(language: str) -> re.Pattern[str]:
    words = one_of(with_role(language, "change"))
    return re.compile(rf"\b{words}\b" if language == "en" else words)


def _too_many_beats(spec: ShotSpec, seconds: float) -> Iterator[Remark]:
    beats = [beat for beat in spec.beats if not beat.action.negated]
    most = max(1, int(seconds / SECONDS_PER_BEAT))
    if len(beats) > most:
        first = beats[most].action.span
        yield Remark(
            "too_many_beats",
            f"{len(beats)} beats in {seconds:g} s; {most} can be followed. Give the shot "
            f"{len(beats) * SECONDS_PER_BEAT:g} s or begin a new one here.",
            first,
            _beginning(spec, beats[:most], first[0]),
        )


def _beginning(spec: ShotSpec, kept: list[Beat], end: int) -> str | None:
    """The text before ``end``, without the half clause that objects or `and` leave before a verb.

    One beat more may go, to end with a whole clause.
    """
    marks = list(_CLAUSE_END.finditer(spec.text, kept[max(0, len(kept) - 2)].action.span[1], end))
    if marks:
        text = spec.text[: marks[-1].start(1)]
    elif spec.language in ("ja", "ko"):
        text = spec.text[: _WORD_END.search(spec.text, kept[-1].action.span[1]).end()]  # type: ignore[union-attr]
    else:
        text = LAST_AND.sub("", spec.text[:end])
    text = text.rstrip(" ,，、;；")
    behind = _CLAUSE_END.search(spec.text, max(beat.action.span[1] for beat in spec.beats))
    if behind and spec.text[behind.end() :].strip():
        # Camera and light stay, whose words come behind the last verb.
        text = text.rstrip(_STOPS) + spec.text[behind.start() :]
    return text or None


def _fought(spec: ShotSpec, negative_prompt: str) -> Iterator[Remark]:
    lexicon = Lexicon.load()
    words = [word.strip() for word in re.split(r"[,，、;；]", negative_prompt) if word.strip()]
    for found in spec.everything():
        against = [
            word
            for word in words
            if not found.negated and any(lexicon.is_a(found.concept, each) for each in _fights(word))
        ]
        if against:
            kept = [word for word in words if word not in against]
            yield Remark(
                "fought_by_negative_prompt",
                f"The negative prompt rules out {', '.join(against)}, but the shot asks for {found.concept}.",
                found.span,
                negative_fix="，".join(kept) if "，" in negative_prompt else ", ".join(kept),
            )


def _fights(word: str) -> Iterator[str]:
    """Yield the concepts that a word of a negative prompt rules out."""
    if word.lower() in _FOUGHT:
        yield _FOUGHT[word.lower()]
    for language in LANGUAGES:
        for each in vocabulary(language).concepts.get(key(word), ()):
            yield each.concept.id


def _too_long(shot: Shot) -> Iterator[Remark]:
    tokens = measure(shot.text, shot.tokenizer_file)
    if tokens.count > CAP:
        yield Remark("too_long", f"The prompt has {tokens}; the model reads {CAP} and never sees the rest.")
    elif tokens.count > QUALITY_LIMIT:
        yield Remark("too_long", f"The prompt has {tokens}; quality falls after about {QUALITY_LIMIT}.")


@cache
def _vague_words() -> Mapping[str, tuple[re.Pattern[str], tuple[str, ...]]]:
    found = {}
    for language, words, instead in rows("vague"):
        pattern = one_of(words.split("/"))
        edges = rf"\b{pattern}\b" if language == "en" else pattern
        found[language] = (re.compile(edges, re.IGNORECASE), tuple(instead.split(",")))
    return found
