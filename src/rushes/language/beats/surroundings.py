"""What stands around one verb, told as features for choosing who does it and to whom."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rushes.language.beats.nouns import PARTICIPANTS, Noun, kind_at, noun_at
from rushes.language.beats.sentence import NEAR, sentence_around, text_of
from rushes.language.beats.unnamed import has_unknown_subject
from rushes.language.beats.verbs import changes_subject, names_noun, qualified_by, voice_of
from rushes.language.concepts import Lexicon
from rushes.language.passage import Mention
from rushes.language.reading import Reading

_FAMILIES = 3
_PASSIVES = ("passive", "被", "遭")
# What a noun in Chinese and English stands behind where it is free to act.
_FREE = frozenset((".", ",", "verb", "noun", "and", "unknown"))


@dataclass(frozen=True)
class Told:
    """Who acted in the beats before: last, before that, and to whom the last one was done."""

    last: int = -1
    agent: int | None = None
    agent_before: int | None = None
    patient: int | None = None


class Surroundings:
    """The words around the verb at token `beat`; pronouns are among the mentions. nouns: those of the text
    that were asked for already."""

    def __init__(
        self,
        reading: Reading,
        mentions: Mapping[int, Mention],
        beat: int,
        told: Told,
        nouns: dict[int, Noun],
    ) -> None:
        self._reading, self._mentions, self._beat, self._told = reading, mentions, beat, told
        self._nouns = nouns
        start, end = sentence_around(reading, beat)
        near = range(beat - NEAR, beat + NEAR)
        self._verbs = [each for each in near if each in mentions and mentions[each].slot == "action"]
        is_done = not mentions[beat].negated
        self._things = [
            index
            for index in range(start, end)
            if index in mentions
            and mentions[index].slot in PARTICIPANTS
            and not (is_done and mentions[index].negated)
        ]
        self._language = reading.language
        self._voice = voice_of(reading, mentions, beat)
        self._head = qualified_by(reading, mentions, beat)
        self._named = self._already_named()
        concept = mentions[beat].concept.id
        self._kinds = (concept, *Lexicon.load().ancestors(concept)[:_FAMILIES])
        self._form = self._form_of_verb()
        self._names_noun = names_noun(reading, beat)
        self._has_unknown = has_unknown_subject(reading, mentions, beat)
        self._is_switched = told.last >= 0 and changes_subject(reading, told.last)

    def candidates(self) -> list[int]:
        """Return who may take part: what the sentence names, and who took part in the beat before."""
        carried = {self._told.agent, self._told.agent_before, self._told.patient} - {None}
        near = range(self._beat - NEAR, self._beat + NEAR)
        return sorted({*self._things, *(index for index in carried if index is not None and index in near)})

    def told_after(self, agent: int | None, patient: int | None) -> Told:
        """Return what is told once it is known who takes part; what suffers a passive goes on acting."""
        goes_on = patient if self._voice in _PASSIVES and patient is not None else agent
        if goes_on is None or goes_on == self._told.agent:
            return Told(self._beat, self._told.agent, self._told.agent_before, patient)
        return Told(self._beat, goes_on, self._told.agent, patient)

    def _noun(self, index: int) -> Noun:
        if index not in self._nouns:
            self._nouns[index] = noun_at(self._reading, self._mentions, index)
        return self._nouns[index]

    def of_nobody(self) -> list[str]:
        """Return the features of nobody taking part."""
        after = kind_at(self._reading, self._mentions, self._beat + 1)
        language = self._language
        return [
            "nobody",
            f"nobody {language}",
            *(f"nobody {kind}" for kind in self._kinds),
            f"nobody form {language} {self._form}",
            f"nobody voice {language} {self._voice}",
            f"nobody named {language} {self._named}",
            f"nobody named {self._kinds[-1]} {self._named}",
            f"nobody after {language} {after}",
            f"nobody unknown {self._has_unknown}",
            f"nobody unknown {language} {self._has_unknown}",
            f"nobody inside {self._names_noun}",
            f"nobody inside {language} {self._names_noun}",
            f"nobody there {bool(self._things)}",
        ]

    def of(self, index: int) -> list[str]:
        """Return the features of one candidate."""
        place = self._place(index)
        return [
            *self._of_place(index, place), *self._of_meaning(index, place), *self._of_story(index, place)
        ]  # fmt: skip

    def _of_place(self, index: int, place: str) -> Iterator[str]:
        """Yield where a candidate stands from the verb."""
        language, noun, side = self._language, self._noun(index), place[0]
        low, high = min(index, self._beat), max(index, self._beat)
        things = min(_count_between(self._things, low, high), 3)
        yield f"case {noun.case} {place[:2]}"
        yield f"case {language} {noun.case} {side}"
        yield f"case {language} {noun.case} {place}"
        yield f"place {place}"
        yield f"place {language} {place}"
        yield f"place {language} {place} {things}"
        yield f"first {language} {place} {self._is_first(index)} {noun.case}"
        yield f"distance {language} {side} {min(high - low, 6)}"
        yield f"left {language} {noun.left} {side}"
        yield f"right {language} {noun.right} {side}"
        yield f"form {language} {self._form} {place}"
        yield f"named {self._named} {noun.case} {place[:2]}"
        yield f"named {language} {self._named} {noun.case} {place}"
        if high - low == 1:
            yield f"next {language} {side} {self._form}"
        if self._voice:
            yield f"voice {self._voice} {noun.case} {place}"
            yield f"voice {language} {noun.case} {side}"
        if self._mentions[index].index != index:
            yield f"pronoun {language} {noun.case} {place}"
        if noun.has:
            yield f"has {noun.has}"
            yield f"has {language} {noun.has}"
            yield f"has {language} {noun.has} {place}"
        if self._head is not None:
            is_head = index == self._head
            yield f"head {language} {is_head} {self._named}"
            yield f"head {is_head} {noun.case} {place}"
            if self._voice:
                yield f"head {language} {is_head} {self._voice}"

    def _of_meaning(self, index: int, place: str) -> Iterator[str]:
        """Yield what a candidate is, and what does or suffers such verbs."""
        language, noun = self._language, self._noun(index)
        concept = self._mentions[index].concept
        slot = concept.slot
        yield slot
        yield f"{slot} {place[:2]}"
        yield f"{slot} {language} {noun.case}"
        yield f"{concept.id} {self._kinds[0]}"
        if noun.has:
            yield f"{slot} has {noun.has}"
        if self._head is not None:
            yield f"{slot} {language} head {index == self._head}"
        for kind in self._kinds:
            yield f"{kind} {slot}"
            yield f"{kind} {language} {place[0]}"
            yield f"{kind} {language} {noun.case}"
            if self._head is not None:
                yield f"{kind} head {index == self._head}"

    def _of_story(self, index: int, place: str) -> Iterator[str]:
        """Yield which part a candidate took in the beats before."""
        language, noun = self._language, self._noun(index)
        part = self._part_before(index)
        is_before = self._is_same(index, self._told.agent_before)
        yield f"story {part} {is_before}"
        yield f"story {part} {place[1]} {self._mentions[index].index != index}"
        yield f"story {language} {part} {is_before} {place[1]}"
        yield f"story {language} {part} {self._form}"
        yield f"story {language} {part} {noun.case} {place[1]}"
        yield f"story {language} {part} {self._named}"
        if self._is_switched:
            yield f"switched {part} {is_before}"
        if self._has_unknown:
            yield f"unknown {part} {place[0]}"
        if self._voice:
            yield f"voice {language} {self._voice} {part} {place[1]}"
        if part:
            verb = self._mentions[self._told.last].concept.id
            for kind in (verb, *Lexicon.load().ancestors(verb)[:_FAMILIES]):
                yield f"story {part} behind {kind}"
            for kind in self._kinds:
                yield f"story {part} in {kind}"

    def of_patient(self, index: int | None, agent: int | None) -> Iterator[str]:
        """Yield what a candidate, or nobody, is beside who acts."""
        slot = "-" if agent is None else self._mentions[agent].slot
        if index is None:
            yield f"nobody agent {slot}"
            yield f"nobody agent {slot} {self._kinds[0]}"
            yield f"nobody agent {slot} {self._kinds[-1]}"
            return
        yield f"agent {slot} {self._mentions[index].slot}"
        if agent is not None:
            order = ("<" if agent < index else ">") + ("<" if agent < self._beat else ">")
            yield f"agent {self._language} {order} {self._noun(index).case}"
            yield f"agent same {self._is_same(index, agent)}"

    def _place(self, index: int) -> str:
        """Return the side of the verb, the clause from its, and how many verbs stand between (at most 2)."""
        clauses = self._reading.clauses
        apart = clauses[self._beat] - clauses[index]
        clause = "=" if apart == 0 else "later" if apart < 0 else "before" if apart == 1 else "far"
        low, high = min(index, self._beat), max(index, self._beat)
        verbs = min(_count_between(self._verbs, low, high), 2)
        return f"{'<' if index < self._beat else '>'}{clause[0]}{verbs}"

    def _is_first(self, index: int) -> bool:
        clauses = self._reading.clauses
        return next((each for each in self._things if clauses[each] == clauses[index]), None) == index

    def _part_before(self, index: int) -> str:
        if self._is_same(index, self._told.agent):
            return "agent"
        return "patient" if self._is_same(index, self._told.patient) else ""

    def _is_same(self, index: int, other: int | None) -> bool:
        return other is not None and self._mentions[index].concept is self._mentions[other].concept

    def _already_named(self) -> str:
        """Say if its clause names a subject (s), an object (o) and a noun that the verb qualifies (q)."""
        clauses = self._reading.clauses
        same = [each for each in self._things if clauses[each] == clauses[self._beat]]
        last = max((each for each in self._verbs if each < self._beat), default=-1)
        before = [each for each in same if last < each < self._beat]
        if self._language in ("ja", "ko"):
            cases = {self._noun(each).case for each in before}
            has_subject, has_object = bool(cases & {"subject", "topic", "also"}), "object" in cases
        else:
            following = min((each for each in self._verbs if each > self._beat), default=len(clauses))
            has_subject = any(self._noun(each).left in _FREE for each in before)
            has_object = any(self._beat < each < following for each in same)
        parts = zip("soq", (has_subject, has_object, self._head is not None), strict=True)
        return "".join(name for name, is_named in parts if is_named)

    def _form_of_verb(self) -> str:
        """Return the ending of a verb, or in Chinese what stands on both sides of it."""
        reading, mentions, beat = self._reading, self._mentions, self._beat
        before = kind_at(reading, mentions, beat - 1)
        text = text_of(reading, beat)
        if self._language == "zh":
            return f"{before} {kind_at(reading, mentions, beat + 1)}"
        if self._language == "en":
            first = text.split()[0]
            ending = next((end for end in ("ing", "ed", "s") if first.endswith(end)), "")
            return f"{ending} {before}"
        is_head = "q" if self._head is not None else ""
        if self._language == "ko":
            return (reading.tokens[beat].tail or text)[-2:] + is_head
        return text_of(reading, beat + 1)[:2] + is_head


def _count_between(tokens: Sequence[int], low: int, high: int) -> int:
    """How many of ``tokens``, in order, lie between two."""
    return max(bisect_left(tokens, high) - bisect_right(tokens, low), 0)
