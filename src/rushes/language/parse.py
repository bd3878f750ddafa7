"""Free text in Chinese, English, Japanese or Korean to a shot spec. Deterministic, linear in the text."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from rushes.core.errors import UsageError
from rushes.language.attachment import owners
from rushes.language.beats.collocations import meant_with, object_beside
from rushes.language.beats.order import in_time
from rushes.language.beats.participants import participants
from rushes.language.beats.verbs import tells_what_fills
from rushes.language.concepts import LANGUAGES, Concept, Lexicon
from rushes.language.homonyms import nouns_meant
from rushes.language.inherent import inherent_attributes
from rushes.language.line_breaks import breaks_in_words
from rushes.language.looks import with_looks
from rushes.language.matching import Token, tokenise
from rushes.language.negation import negate, negated_mentions
from rushes.language.passage import ATTRIBUTE_SLOTS, CAMERA_SLOTS, PLACE_SLOTS, SUBJECT_SLOTS, Mention
from rushes.language.pronouns import antecedents, counted_people, first_pronouns
from rushes.language.reading import Reading
from rushes.language.script import NormalText, Script, normalise, script_of
from rushes.language.similes import without_similes
from rushes.language.spec import Beat, Found, ShotSpec

# Longer texts are screenplays or mistakes; a prompt that a model can read is far shorter.
MAX_CHARACTERS = 20_000
_PART_OF_SLOT = {
    **dict.fromkeys(SUBJECT_SLOTS, "subjects"),
    **dict.fromkeys(PLACE_SLOTS, "environment"),
    **dict.fromkeys(CAMERA_SLOTS, "camera"),
    **{part: part for part in ("weather", "time", "light", "tone", "composition", "style", "mood")},
}
_LONGEST_KANJI_CAPTION = 12
# What slow and fast can be said of, and how far away it may stand.
_MANNERED = frozenset(("action", "move", "lens", "support", "angle"))
_NEAR = 20
# What says something of another thing and is loose without one.
_QUALIFYING = ATTRIBUTE_SLOTS | {"direction", "body"}
_KINDS = {"shot_size": "size", "scale": "size"}


def parse(text: str, language: str | None = None) -> ShotSpec:
    """Return the shot spec of `text`, read as `language` or as the one its scripts say.

    Raises UsageError for a text that is empty, is no text (control characters), is longer than
    MAX_CHARACTERS, and for an unknown language.
    """
    _check(text, language)
    gaps = breaks_in_words(text)
    normal = normalise(text, {place for start, end in gaps for place in range(start, end)})
    languages = (language,) if language else _languages_of(text)
    read = [(name, tokenise(normal, name)) for name in languages]
    name, tokens = max(read, key=lambda item: _known_length(item[1]))
    return _Assembly(text, normal, Reading(tokens, name)).spec()


def language_of(text: str) -> str:
    """Return the language `text` is read as: zh, en, ja or ko. Raises UsageError as `parse` does."""
    return parse(text).language


class _Assembly:
    """Puts the mentions of a reading into the parts of a spec."""

    def __init__(self, text: str, normal: NormalText, reading: Reading) -> None:
        self._text, self._normal, self._reading = text, normal, reading
        self._concepts = Lexicon.load().concepts
        mentions = _with_direction(reading, without_similes(reading))
        mentions.update(nouns_meant(reading, mentions))
        mentions.update(first_pronouns(reading, mentions))
        mentions.update(counted_people(reading, mentions))
        self._same = dict(antecedents(reading, mentions))
        mentions.update(_nobody(reading, mentions, self._concepts))
        mentions = with_looks(reading, normal.text, dict(sorted(mentions.items())))
        mentions = _without_generic_light(dict(sorted(mentions.items())))
        self._mentions = negate(mentions, negated_mentions(reading, mentions) | set(_nobody_indices(reading)))
        self._owners = {
            index: owner
            for index, owner in owners(reading, self._mentions).items()
            if self._mentions[index].slot != "speed" or not self._camera_moves(index)
        }
        self._mentions |= dict(self._suited_colours())
        self._owned: dict[int, list[int]] = {}
        for index, owner in self._owners.items():
            self._owned.setdefault(owner, []).append(index)

    def _suited_colours(self) -> Iterator[tuple[int, Mention]]:
        """푸른 언덕 is a green hill, 푸른 바다 a blue sea: what a colour means with what has it."""
        for index, owner in self._owners.items():
            colour = self._mentions[index]
            if colour.slot != "colour":
                continue
            meant = meant_with(colour, None, [self._mentions[owner].concept])
            yield index, colour if meant is None else replace(colour, concept=meant)

    def spec(self) -> ShotSpec:
        parts: dict[str, dict[tuple[str, bool], Found]] = {}
        for index, mention in self._mentions.items():
            part = self._part(index, mention)
            if part is not None:
                found = self._found(index, mention)
                known = parts.setdefault(part, {})
                key = (found.concept, found.negated)
                known[key] = _merged(known[key], found) if key in known else found
        return ShotSpec(
            text=self._text,
            language=self._reading.language,
            parts={part: tuple(found.values()) for part, found in parts.items()},
            beats=tuple(self._beats()),
            unknown=tuple(self._unknown()),
            loose=tuple(self._loose()),
        )

    def _loose(self) -> Iterator[Found]:
        for index, mention in self._mentions.items():
            if index not in self._owners and mention.slot in _QUALIFYING:
                yield self._found(index, mention)

    def _part(self, index: int, mention: Mention) -> str | None:
        if mention.slot == "clothing" and index not in self._owners:
            return "subjects"
        if (
            mention.slot == "speed"
            and mention.concept.id in ("slow", "fast")
            and not self._camera_moves(index)
        ):
            return None
        return _PART_OF_SLOT.get(mention.slot)

    def _camera_moves(self, index: int) -> bool:
        """Whether slow or fast stands with a camera word; else it is the manner of an action."""
        clause = self._mentions[index].clause
        window = (self._mentions.get(other) for other in range(index - _NEAR, index + _NEAR))
        near = [
            (abs(mention.index - index), mention.slot)
            for mention in window
            if mention is not None and mention.clause == clause and mention.slot in _MANNERED
        ]
        cued = any("camera" in token.roles for token in self._reading.tokens[max(0, index - 3) : index])
        return min(near, default=(9, "action"))[1] != "action" or (not near and cued)

    def _found(self, index: int, mention: Mention) -> Found:
        attributes = tuple(self._found(other, self._mentions[other]) for other in self._owned.get(index, ()))
        start, end = self._span(index)
        told = self._concepts.get(inherent_attributes(self._reading.language).get(mention.word, ""))
        if told not in (None, mention.concept) and all(each.concept != told.id for each in attributes):
            kind = _KINDS.get(told.slot, told.slot)
            attributes += (Found(told.id, kind, (start, end), mention.negated, round(mention.sure, 2)),)
        return Found(
            concept=mention.concept.id,
            kind=_KINDS.get(mention.slot, mention.slot),
            span=(start, end),
            negated=mention.negated,
            confidence=round(mention.sure, 2),
            broader=Lexicon.load().ancestors(mention.concept.id),
            attributes=attributes,
        )

    def _span(self, index: int) -> tuple[int, int]:
        token = self._reading.tokens[index]
        last = token.end - len(token.tail) - 1
        return self._normal.starts[token.start], self._normal.ends[last]

    def _beats(self) -> Iterator[Beat]:
        reading, mentions = self._reading, self._mentions
        beats = [index for index, mention in mentions.items() if mention.slot == "action"]
        beats = [
            index
            for index in beats
            if not self._repeats(index) and not tells_what_fills(reading, mentions, index)
        ]
        with_pronouns = {**mentions, **{index: mentions[other] for index, other in self._same.items()}}
        with_pronouns = dict(sorted(with_pronouns.items()))
        acting = dict(zip(beats, participants(reading, with_pronouns, beats), strict=True))
        for index in in_time(reading, beats):
            who, whom = acting[index]
            objects = (whom, object_beside(reading, with_pronouns, index))
            things = [with_pronouns[each].concept for each in objects if each is not None]
            doer = None if who is None else with_pronouns[who].concept
            meant = meant_with(mentions[index], doer, things)
            if meant is None:
                continue
            self._mentions[index] = replace(mentions[index], concept=meant)
            yield Beat(self._found(index, self._mentions[index]), self._named(who), self._named(whom))

    def _repeats(self, index: int) -> bool:
        """看看, くるくる: the same action in the very next characters is one action."""
        before = self._mentions.get(index - 1)
        same = before is not None and before.concept.id == self._mentions[index].concept.id
        return same and self._reading.touches(index)

    def _named(self, index: int | None) -> tuple[str, ...]:
        if index is None:
            return ()
        return (self._mentions[self._same.get(index, index)].concept.id,)

    def _unknown(self) -> Iterator[tuple[int, int]]:
        for index, token in enumerate(self._reading.tokens):
            if token.is_known or index in self._mentions or token.script is Script.MARK:
                continue
            if token.script is Script.HIRAGANA and len(token.text) < 3:
                continue
            if not token.text.isnumeric():
                yield self._span(index)


def _merged(first: Found, second: Found) -> Found:
    """Return one entry for a concept named twice: the first span, the attributes of both."""
    known = {attribute.concept for attribute in first.attributes}
    new = tuple(attribute for attribute in second.attributes if attribute.concept not in known)
    return Found(
        first.concept,
        first.kind,
        first.span,
        first.negated,
        max(first.confidence, second.confidence),
        first.broader,
        first.attributes + new,
    )


def _with_direction(reading: Reading, mentions: dict[int, Mention]) -> dict[int, Mention]:
    """Join a camera move with a direction near it: pan and left are pan_left, if there is such a concept."""
    concepts = Lexicon.load().concepts
    joined = dict(mentions)
    for index, mention in mentions.items():
        if mention.slot != "move":
            continue
        for other in range(index - 4, index + 5):
            direction = mentions.get(other)
            if direction is None or direction.slot != "direction" or reading.clauses[other] != mention.clause:
                continue
            stem = mention.concept.id.removesuffix("_move")
            if (whole := concepts.get(f"{stem}_{direction.concept.id}")) is not None:
                joined[index] = Mention(index, whole, mention.kind, mention.sure, mention.clause)
                joined.pop(other, None)
                break
    return joined


def _without_generic_light(mentions: dict[int, Mention]) -> dict[int, Mention]:
    """Drop a bare "light" beside a word that says which light: "flickering lights" is one thing."""
    return {
        index: mention
        for index, mention in mentions.items()
        if mention.concept.id != "light"
        or not any(
            other != index and other in mentions and mentions[other].slot in ("light", "colour", "tone")
            for other in range(index - 3, index + 4)
        )
    }


def _nobody_indices(reading: Reading) -> Iterator[int]:
    return (index for index in range(len(reading.tokens)) if "nobody" in reading.roles(index))


def _nobody(
    reading: Reading, mentions: Mapping[int, Mention], concepts: Mapping[str, Concept]
) -> Iterator[tuple[int, Mention]]:
    for index in _nobody_indices(reading):
        if index not in mentions:
            yield index, Mention(index, concepts["person"], "noun", 0.9, reading.clauses[index])


def _check(text: str, language: str | None) -> None:
    if language is not None and language not in LANGUAGES:
        raise UsageError(f"There is no language {language!r}; choose one of {', '.join(LANGUAGES)}.")
    if not text.strip():
        raise UsageError("The description is empty; name a subject, what it does and where.")
    if len(text) > MAX_CHARACTERS:
        raise UsageError(
            f"The description has {len(text)} characters, a shot at most {MAX_CHARACTERS}; "
            "break a screenplay into shots first."
        )
    if "\0" in text:
        raise UsageError("The description holds a NUL character, so it is no text; give it as UTF-8.")


def _languages_of(text: str) -> tuple[str, ...]:
    """Return the languages `text` may be in, by its scripts, the likeliest first."""
    counts = dict.fromkeys(Script, 0)
    for character in text:
        counts[script_of(character)] += 1
    han, hangul = counts[Script.HAN], counts[Script.HANGUL]
    kana = counts[Script.HIRAGANA] + counts[Script.KATAKANA]
    if not han + hangul + kana:
        return ("en",)
    if hangul > max(kana, han // 2):
        asian: tuple[str, ...] = ("ko",)
    elif kana * 2 > han:
        asian = ("ja",)
    elif kana:
        asian = ("ja", "zh")  # few kana: Japanese, or Chinese with a の for decoration
    else:
        # Without kana a few characters may be a Japanese caption in Kanji; a sentence is Chinese.
        asian = ("zh", "ja") if han <= _LONGEST_KANJI_CAPTION else ("zh",)
    # A Latin letter says about a quarter of what a Han character or a syllable says.
    is_mostly_latin = counts[Script.LATIN] > 4 * (han + hangul + kana)
    return ("en", *asian) if is_mostly_latin else asian


def _known_length(tokens: list[Token]) -> float:
    """How much of a text a language knows; a function word says half of what a meaning says."""
    known = sum(token.end - token.start for token in tokens if token.candidates)
    roles = [token for token in tokens if token.roles - {"space", "mark"} and not token.candidates]
    return known + sum(token.end - token.start for token in roles) / 2


# An attribute that qualifies nothing says nothing a shot could show.
assert not ATTRIBUTE_SLOTS & set(_PART_OF_SLOT)
