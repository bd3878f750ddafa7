"""A shot's prompt: the script's words with the bible's descriptions where names stood, each part marked.

"ANNA jumps" means nothing to a model. The first mention of somebody in a shot becomes their description for
that scene, a later one the short form.
"""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from rushes.language.bible.apposition import is_said_before, said_behind, without_apposition
from rushes.language.bible.entry import Bible, Entry, EntryKind, bible_words
from rushes.language.bible.korean import fit_particle
from rushes.language.bible.pronoun import Case, case_of
from rushes.language.bible.resolve import Mention, Resolver
from rushes.language.bible.setting import own_setting, side_words
from rushes.language.concepts import Lexicon
from rushes.language.screenplay.breakdown import Breakdown
from rushes.language.screenplay.hours import times
from rushes.language.screenplay.montage import Montages
from rushes.language.screenplay.scene import Scene
from rushes.language.screenplay.shot import Coverage, Shot
from rushes.language.screenplay.words import fold
from rushes.language.writing import comma

_SPEECH = frozenset({Coverage.SINGLE, Coverage.REACTION, Coverage.MASTER})
_ARTICLES = ("a ", "an ", "the ")
_ARTICLE_BEFORE = re.compile(r"\b(?:the|an?)\s$", re.IGNORECASE)
_CLASSIFIER = re.compile("[一两三][把张只件个位条块名支部封台]")
_CLASSIFIER_BEFORE = re.compile("[一两三这那][把张只件个位条块名支部封台]$")
# Her brother MATEO becomes her brother, a man, 19.
_OF_OTHERS = re.compile(
    r"\b((?:grand)?(?:mother|father|daughter|son)|sister|brother|wife|husband|aunt|uncle) $"
)
_GOES_ON = re.compile(r" [a-z]")
_SENTENCE_BEFORE = re.compile(r"[.!?][\"'”’)]?\s$")
_SPEAKER_FOLLOWS = re.compile(r": | & ")


class PartSource(StrEnum):
    SCRIPT = "script"
    BIBLE = "bible"
    RULE = "rule"  # size, inside or outside, punctuation


@dataclass(frozen=True)
class PromptPart:
    """A stretch of a prompt; `entry_id` and the words it `replaces` where the bible put it in."""

    text: str
    source: PartSource
    entry_id: str = ""
    replaces: str = ""


@dataclass(frozen=True)
class ShotPrompt:
    """The prompt of a shot, in parts."""

    shot_id: str
    code: str
    parts: tuple[PromptPart, ...]

    @property
    def text(self) -> str:
        """The words the model reads."""
        return "".join(part.text for part in self.parts)

    @property
    def marked(self) -> str:
        """The words with the bible's in brackets, for people."""
        return "".join(f"[{p.text}]" if p.source is PartSource.BIBLE else p.text for p in self.parts)


def shot_prompts(breakdown: Breakdown, bible: Bible) -> tuple[ShotPrompt, ...]:
    """The prompt of every shot in the order of the list."""
    resolver = Resolver(bible, breakdown.language)
    scenes = {scene.id: scene for scene in breakdown.scenes}
    when = times(breakdown.scenes, breakdown.language)
    places = bible.places()
    montages = Montages(breakdown.source, breakdown.elements)
    prompts = []
    scene_id = ""
    for shot in breakdown.shots:
        scene = scenes[shot.scene_id]
        if shot.scene_id != scene_id:
            scene_id = shot.scene_id
            resolver.start_scene()
        words = tuple(_words(shot, scene, bible, resolver, breakdown.language))
        parts = (
            PromptPart(
                _size_words(shot.size, breakdown.language) + comma(breakdown.language), PartSource.RULE
            ),
            *_setting(shot, scene, when[scene.id], places, montages, breakdown.language),
            *_listeners(shot, scene, bible, breakdown.language),
            *words,
            *_together(shot, scene, bible, {part.entry_id for part in words}, breakdown.language),
        )
        prompts.append(ShotPrompt(shot.id, shot.code, parts))
    return tuple(prompts)


def _setting(
    shot: Shot, scene: Scene, when: str, places: dict[str, Entry], montages: Montages, language: str
) -> Iterator[PromptPart]:
    """Place and time before the words: the scene's, or those that a montage's picture names itself."""
    picture = montages.picture(shot.spans[-1].start) if shot.spans else ""
    place, time = own_setting(picture, language)
    parts = [PromptPart(place, PartSource.SCRIPT)] if place else [*_place(scene, places, language)]
    parts.append(PromptPart(time or when, PartSource.SCRIPT))
    for part in parts:
        is_named = part.text in (place, time) and part.text in shot.text
        if part.text and not is_named:
            yield part
            yield PromptPart(comma(language), PartSource.RULE)


def _place(scene: Scene, places: dict[str, Entry], language: str) -> Iterator[PromptPart]:
    named = _named(scene.location, places.get(fold(scene.location)), scene)
    yield named
    yield PromptPart(side_words(named.text, scene.setting, language), PartSource.RULE)


def _named(name: str, entry: Entry | None, scene: Scene) -> PromptPart:
    """What the bible says of a place or a person in this scene; the name, where it says nothing."""
    described = entry.described(scene.number) if entry else ""
    if entry and described:
        return PromptPart(described, PartSource.BIBLE, entry.id, name)
    return PromptPart(name, PartSource.SCRIPT)


def _listeners(shot: Shot, scene: Scene, bible: Bible, language: str) -> Iterator[PromptPart]:
    """Who is seen while a voice comes from elsewhere; the words name only who speaks."""
    if shot.coverage is not Coverage.REACTION or shot.text != shot.script_text:
        return
    listens: str = bible_words()["listens"][language]
    names, entries = bible.names(), bible.by_id()
    for name in shot.characters:
        seen = _named(name, entries.get(names.get(name, "")), scene)
        yield seen
        if shot.text.startswith(name):
            yield PromptPart(comma(language), PartSource.RULE)
            continue
        particle, fitting = fit_particle(seen.text, listens) if language == "ko" else ("", "")
        yield PromptPart(fitting + listens[len(particle) :], PartSource.RULE)


def _size_words(size: str, language: str) -> str:
    """What the lexicon calls a size; a size that people made up stands as it is."""
    concept = Lexicon.load().concepts.get(size)
    if concept is not None:
        return concept.word(language)
    return str(bible_words()["title_card"][language]) if size == "title" else size.replace("_", " ")


def _words(shot: Shot, scene: Scene, bible: Bible, resolver: Resolver, language: str) -> Iterator[PromptPart]:
    """The shot's words; what is said keeps its names, since nobody sees them."""
    text = shot.text
    unsaid: list[PromptPart] = []
    position = 0
    for mention, entry, words, is_first in _described(shot, scene, bible, resolver, language):
        if mention.span.start < position:
            continue
        if is_first:
            unsaid += _left_out(words, entry, scene.number)
        before = text[position : mention.span.start]
        position = mention.span.end
        if is_said_before(before, words):
            yield PromptPart(before.rstrip(" ,"), PartSource.SCRIPT)
            position += text.startswith(",", position)
            continue
        before = _before(before, words)
        if before:
            yield PromptPart(before, PartSource.SCRIPT)
        replaced = text[mention.span.start : mention.span.end]
        yield PromptPart(_cased(before, words), PartSource.BIBLE, entry.id, replaced)
        if entry.kind is EntryKind.CAST:
            position += said_behind(text, position, words)
        if language == "en" and _needs_comma(words, text, position):
            yield PromptPart(",", PartSource.RULE)
        if language == "ko":
            is_whole = mention.is_pronoun and replaced != "그녀"
            # A pronoun like 그는 has its particle in it; after a name it stands in the text.
            particle, fitting = fit_particle(words, replaced[1:] if is_whole else text[position:])
            yield PromptPart(fitting or (replaced[1:] if is_whole else ""), PartSource.RULE)
            position += 0 if is_whole else len(particle)
    if text[position:]:
        yield PromptPart(text[position:], PartSource.SCRIPT)
    yield from unsaid


def _together(shot: Shot, scene: Scene, bible: Bible, told: Set[str], language: str) -> Iterator[PromptPart]:
    """Who the two of them are, behind words that do not say it: the people of a scene that has two."""
    if len(scene.characters) != 2 or shot.coverage in _SPEECH or not _two(language).search(shot.text):
        return
    names, entries = bible.folded_names(), bible.by_id()
    people = [entries[names[fold(name)]] for name in scene.characters if fold(name) in names]
    left = [each for each in people if each.described(scene.number) and each.id not in told]
    opening, between, closing = ("（", "；", "）") if language in ("zh", "ja") else (" (", "; ", ")")
    for number, entry in enumerate(left):
        yield PromptPart(between if number else opening, PartSource.RULE)
        yield PromptPart(entry.described(scene.number), PartSource.BIBLE, entry.id)
    if left:
        yield PromptPart(closing, PartSource.RULE)


@cache
def _two(language: str) -> re.Pattern[str]:
    """They say so where they open a shot; further on they may be whatever was named before."""
    told, they = bible_words()["together"][language], bible_words()["pronouns"][language]["they"]
    edge = r"\b" if language == "en" else ""
    return re.compile(rf"{edge}(?:{'|'.join(told)}){edge}|^(?:{'|'.join(they)}){edge}", re.IGNORECASE)


def _described(
    shot: Shot, scene: Scene, bible: Bible, resolver: Resolver, language: str
) -> Iterator[tuple[Mention, Entry, str, bool]]:
    """The mentions that are seen and certain, whom they mean, the words for them, and whether it is the first
    of this person or thing."""
    text = shot.text
    mentions = resolver.read(text)
    said_from = text.find(": ") if shot.coverage in _SPEECH else -1
    if shot.coverage is Coverage.REACTION and text == shot.script_text:
        # Who speaks is not in the picture either.
        said_from = 0
    entries = bible.by_id()
    seen: set[str] = set()
    for mention in mentions:
        entry = entries[mention.entry_id]
        is_said = said_from >= 0 and _is_said(text, mention, said_from, shot.coverage)
        if is_said or entry.kind is EntryKind.LOCATION or not mention.is_certain:
            continue
        is_first = entry.id not in seen
        seen.add(entry.id)
        words = _in_place_of(mention, entry, scene.number, language, text, not is_first)
        if words:
            yield mention, entry, words, is_first


def _needs_comma(words: str, text: str, position: int) -> bool:
    """`a waitress, fifty, takes`: what is put in behind a comma ends with one."""
    return ", " in words and not words.endswith("'s") and bool(_GOES_ON.match(text, position))


def _before(before: str, words: str) -> str:
    """The script's words without an article or measure word that the description has too: `The DOCK WORKER`
    becomes `a huge man`, not `The a huge man`; 一把匕首 becomes 一把旧匕首."""
    before = without_apposition(before, words)
    if ", " in words:
        before = _OF_OTHERS.sub(r"\1, ", before)
    if words.startswith(_ARTICLES):
        return _ARTICLE_BEFORE.sub("", before)
    return _CLASSIFIER_BEFORE.sub("", before) if _CLASSIFIER.match(words) else before


def _cased(before: str, words: str) -> str:
    return words[0].upper() + words[1:] if _SENTENCE_BEFORE.search(before) else words


def _is_said(text: str, mention: Mention, said_from: int, coverage: Coverage) -> bool:
    """Whether a name is part of what is said; a master has speakers among it: `ANNA: Ben? BEN: Yes.`"""
    if coverage is Coverage.MASTER:
        return not _SPEAKER_FOLLOWS.match(text, mention.span.end)
    return mention.span.start >= said_from


def _in_place_of(
    mention: Mention, entry: Entry, scene_number: str, language: str, text: str, is_seen: bool
) -> str:
    """The words for a mention; nothing where the script's own word should stay."""
    described = entry.described(scene_number)
    if is_seen:
        return "" if mention.is_pronoun else entry.short or described
    start, end = mention.span.start, mention.span.end
    if mention.is_pronoun:
        is_owner = case_of(text, start, end, language) is Case.POSSESSIVE
    else:
        is_owner = text.startswith(("'s", "’s"), end)
    if language != "en" or not is_owner or not described:
        return described
    # A woman's hand: her age and coat have no place there.
    first, comma_behind, _ = described.partition(",")
    words = entry.short or first if comma_behind else described
    return f"{words}'s" if mention.is_pronoun else words


def _left_out(words: str, entry: Entry, scene_number: str) -> Iterator[PromptPart]:
    """`a woman's hand`: her age and coat, which have no place there, come at the end."""
    described = entry.described(scene_number)
    if words.removesuffix("'s") != described and "," in described:
        yield PromptPart(f" ({described})", PartSource.BIBLE, entry.id)
