"""How a picture looks, where a description puts it together: "icy blue tones", 右に寄せた構図.

Such a phrase is a word of a kind before a head ("tones", 構図) between two commas; `data/looks.tsv` lists
both, so that not every pair must be in the lexicon. Before a kind of film a thing is no subject: "war film".
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from rushes.language.concepts import LANGUAGES, Lexicon
from rushes.language.passage import CAMERA_SLOTS, PLACE_SLOTS, SUBJECT_SLOTS, Mention
from rushes.language.reading import Reading
from rushes.language.tables import rows

_THINGS = SUBJECT_SLOTS | PLACE_SLOTS | {"clothing", "body"}
_LOOKS = frozenset(("tone", "composition", "style", "mood")) | CAMERA_SLOTS - {"speed"}
# What a word of a look phrase means by itself, and gives up inside it.
_GIVES_WAY = {
    "tone": frozenset(
        ("colour", "tone", "light", "state", "weather", "time", "thing", "material", "mood", "scale")
    ),
    "composition": frozenset(
        ("composition", "direction", "angle", "state", "furniture", "place", "thing", "person")
    ),
    "light": frozenset(("angle", "light", "direction", "state", "scale", "colour", "time", "weather")),
}
_MOST_LOOK_TOKENS = 5


class _Phrases(NamedTuple):
    """Patterns of one slot in one language: the heads, and concept -> its words."""

    head: re.Pattern[str]
    words: Mapping[str, re.Pattern[str]]


def with_looks(reading: Reading, text: str, mentions: Mapping[int, Mention]) -> dict[int, Mention]:
    """Return the mentions with look phrases read as wholes; `text` is the normalised text of the tokens."""
    kept = dict(mentions)
    for number, (start, end) in enumerate(_chunks(reading)):
        chunk = range(start, end)
        _read_alone(reading, text, kept, chunk)
        for slot in ("tone", "composition", "light"):
            _read_phrase(reading, text, kept, chunk, slot)
        _drop_genre_things(reading, text, kept, chunk)
        if number:
            _drop_still_actions(reading, text, kept, chunk)
        _mix_tones(kept, chunk)
    return kept


def _chunks(reading: Reading) -> Iterator[tuple[int, int]]:
    start = 0
    for index in range(len(reading.tokens) + 1):
        if index == len(reading.tokens) or (
            reading.is_mark(index) and reading.tokens[index].text not in "-・'"
        ):
            if index > start:
                yield start, index
            start = index + 1


def _read_phrase(reading: Reading, text: str, mentions: dict[int, Mention], chunk: range, slot: str) -> None:
    phrases = _phrases(reading.language)[slot]
    heads = list(phrases.head.finditer(text, *_edges(reading, chunk)))
    if not heads:
        return
    head = heads[-1].start()
    start = _after_last_thing(reading, mentions, chunk, head, slot)
    if slot == "composition":
        # "Wide shot, the figure on the right of the frame": what follows the head belongs to it.
        head = _edges(reading, chunk)[1]
    concepts = Lexicon.load().concepts
    for concept_id, pattern in phrases.words.items():
        match = pattern.search(text, start, head)
        index = match and _token_at(reading, chunk, match.start())
        if match is None or index is None or _is_said(mentions, chunk, concept_id):
            continue
        known = mentions.get(index)
        if known is not None and known.slot == slot and known.concept.id not in _vague(slot):
            continue
        mentions[index] = Mention(index, concepts[concept_id], "noun", 0.85, reading.clauses[index])


def _read_alone(reading: Reading, text: str, mentions: dict[int, Mention], chunk: range) -> None:
    """ ", warm, " and 、温かい、: by itself between two commas a word tells the mood of the picture."""
    phrase = text[slice(*_edges(reading, chunk))].strip()
    for concept_id, pattern in _phrases(reading.language)["alone"].words.items():
        if pattern.fullmatch(phrase):
            concept = Lexicon.load().concepts[concept_id]
            for index in chunk:
                mentions.pop(index, None)
            mentions[chunk.start] = Mention(chunk.start, concept, "noun", 0.7, reading.clauses[chunk.start])


def _vague(slot: str) -> frozenset[str]:
    return frozenset(("light", "bright")) if slot == "light" else frozenset()


def _is_said(mentions: Mapping[int, Mention], chunk: range, concept_id: str) -> bool:
    return any(index in mentions and mentions[index].concept.id == concept_id for index in chunk)


def _after_last_thing(
    reading: Reading, mentions: Mapping[int, Mention], chunk: range, head: int, slot: str
) -> int:
    """Return where the phrase of a head begins: behind the last thing, action or other look before it."""
    gives_way = _GIVES_WAY[slot]
    start = reading.tokens[chunk.start].start
    for index in chunk:
        token = reading.tokens[index]
        if token.start < head and index in mentions and mentions[index].slot not in gives_way:
            start = token.end
    return start


def _edges(reading: Reading, chunk: range) -> tuple[int, int]:
    return reading.tokens[chunk.start].start, reading.tokens[chunk.stop - 1].end


def _token_at(reading: Reading, chunk: range, position: int) -> int | None:
    return next(
        (index for index in chunk if reading.tokens[index].start <= position < reading.tokens[index].end),
        None,
    )


def _mix_tones(mentions: dict[int, Mention], chunk: range) -> None:
    """Warm and cool in one phrase is the mixed tone."""
    tones = {mentions[index].concept.id: index for index in chunk if index in mentions}
    if "mixed_tone" in tones or ("warm_tone" in tones and "cool_tone" in tones):
        first = min(tones[each] for each in ("mixed_tone", "warm_tone", "cool_tone") if each in tones)
        known = mentions[first]
        for each in ("warm_tone", "cool_tone", "mixed_tone"):
            mentions.pop(tones.get(each, -1), None)
        mixed = Lexicon.load().concepts["mixed_tone"]
        mentions[first] = Mention(first, mixed, "noun", known.sure, known.clause)


def _drop_genre_things(reading: Reading, text: str, mentions: dict[int, Mention], chunk: range) -> None:
    """A war film, ヤクザ映画風, 野生动物纪录片: nothing but names before a kind of film."""
    start, end = _edges(reading, chunk)
    heads = list(_phrases(reading.language)["style"].head.finditer(text, start, end))
    if not heads or heads[-1].end() != end or _is_weather(reading, mentions, chunk, heads[-1].start()):
        return
    named = [index for index in chunk if index in mentions]
    if any(mentions[index].slot == "action" for index in named) or any(
        reading.tokens[index].roles & {"determiner", "preposition", "subject", "object"} for index in chunk
    ):
        return
    for index in named:
        if mentions[index].slot in _THINGS | {"weather", "age", "state", "scale", "colour"}:
            del mentions[index]


def _is_weather(reading: Reading, mentions: Mapping[int, Mention], chunk: range, head: int) -> bool:
    """모래폭풍 and 突風 end like a style; 風 is one after a name: ボリウッド風."""
    index = _token_at(reading, chunk, head)
    if index is None or index not in mentions or mentions[index].slot in _LOOKS:
        return False
    before = reading.tokens[index - 1]
    is_name = bool(before.candidates) or not before.is_known
    follows_name = index > chunk.start and is_name and reading.touches(index)
    return not (follows_name and reading.tokens[index].start == head)


def _drop_still_actions(reading: Reading, text: str, mentions: dict[int, Mention], chunk: range) -> None:
    """手持晃动, "freeze-frame composition": a short phrase about the picture tells of no action."""
    named = [index for index in chunk if index in mentions]
    slots = {mentions[index].slot for index in named}
    end = _edges(reading, chunk)[1]
    has_head = any(
        match.end() == end
        for slot, phrases in _phrases(reading.language).items()
        if slot != "light"
        for match in phrases.head.finditer(text, *_edges(reading, chunk))
    )
    if len(chunk) > _MOST_LOOK_TOKENS or slots & _THINGS or not (slots & _LOOKS or has_head):
        return
    if any(_is_manner(reading, mentions, index) for index in named):
        return
    for index in named:
        if mentions[index].slot == "action":
            del mentions[index]


def _is_manner(reading: Reading, mentions: Mapping[int, Mention], index: int) -> bool:
    """警觉地张望, 迷迷糊糊地伸手去摸: with 地 behind it, a mood is how something is done."""
    if reading.language != "zh" or mentions[index].slot != "mood":
        return False
    after = reading.neighbour(index, 1)
    return reading.tokens[index].text.endswith("地") or (after is not None and after.text == "地")


@cache
def _phrases(language: str) -> Mapping[str, _Phrases]:
    heads: dict[str, re.Pattern[str]] = {}
    words: dict[str, dict[str, re.Pattern[str]]] = {}
    column = LANGUAGES.index(language)
    for slot, concept, *cells in rows("looks", has_header=True):
        ordered = sorted(cells[column].lower().split("/"), key=len, reverse=True)
        plain = "|".join(re.escape(word).replace("\\-", "[- ]") for word in ordered)
        pattern = re.compile(rf"\b(?:{plain})\b" if language == "en" else plain)
        if concept == "head":
            heads[slot] = pattern
        else:
            words.setdefault(slot, {})[concept] = pattern
    return {slot: _Phrases(head, words.get(slot, {})) for slot, head in heads.items()}
