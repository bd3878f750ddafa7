"""Who does each beat, and to whom: what is said, and what is carried on from the beat before."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from rushes.language.beats.classes import ELEMENTS, NEAR, is_kind
from rushes.language.beats.elements import element_acting
from rushes.language.beats.particles import by_particle, changes_subject
from rushes.language.beats.passives import agent_of, is_passive
from rushes.language.beats.positions import by_position, clause_of, subject_after, subject_before
from rushes.language.beats.relatives import Relative, relative_clauses
from rushes.language.beats.sentence import marker_of, sentence_around
from rushes.language.beats.unnamed import has_unknown_subject
from rushes.language.reading import PLACE_SLOTS, SUBJECT_SLOTS, Mention, Reading

Pair = tuple[int | None, int | None]
_HELD = frozenset(("thing", "clothing"))


def participants(reading: Reading, mentions: Mapping[int, Mention], beats: Sequence[int]) -> Iterator[Pair]:
    """Yield for each beat (token number) the mention that does it and the one it is done to."""
    yield from _Telling(reading, mentions, beats).pairs()


class _Telling:
    """Goes through the beats in the order of the text and remembers who acts."""

    def __init__(self, reading: Reading, mentions: Mapping[int, Mention], beats: Sequence[int]) -> None:
        self._reading, self._mentions, self._beats = reading, mentions, beats
        self._relatives = relative_clauses(reading, mentions, beats)
        self._acting: int | None = None
        self._acted_before: int | None = None
        self._last_beat = -1
        self._last_pair: Pair = (None, None)
        self._is_unknown = False

    def pairs(self) -> Iterator[Pair]:
        for number, beat in enumerate(self._beats):
            near = {
                index: self._mentions[index]
                for index in range(beat - NEAR, beat + NEAR)
                if index in self._mentions
            }
            who, whom = self._pair(near, number, beat)
            if whom is None:
                whom = self._still_handled(near, beat, who)
            self._last_beat, self._last_pair = beat, (who, whom)
            yield who, whom if whom != who else None

    def _still_handled(self, near: Mapping[int, Mention], beat: int, who: int | None) -> int | None:
        """つまみ上げて、かごに入れる, 甩向空中，接住: what was held before, if nothing else is named."""
        (actor, thing), last = self._last_pair, self._last_beat
        if self._reading.language not in ("zh", "ja") or near[beat].negated or last not in near:
            return None
        if thing is None or who is None or who != actor or last < sentence_around(self._reading, beat)[0]:
            return None
        was_held = is_kind(near[last].concept.id, "handing_on", "holding")
        is_held = was_held and is_kind(near[beat].concept.id, "handing_on")
        return thing if is_held and self._mentions[thing].slot in _HELD else None

    def _pair(self, near: Mapping[int, Mention], number: int, beat: int) -> Pair:
        relative = self._relatives.get(beat)
        if relative is not None:
            if self._acting is None:
                self._acting = relative.who
            return relative.who, relative.whom
        things = self._things(near, beat)
        who, whom, implied = self._named(near, things, number, beat)
        if is_passive(self._reading, near, beat):
            agent = agent_of(self._reading, near, beat)
            return agent, self._suffering(beat, who if who != agent else whom, implied)
        acting = element_acting(self._reading, near, beat)
        if acting is None and who is not None and self._mentions[who].slot in ELEMENTS:
            acting = who
        if acting is not None:
            self._acting = acting if near[acting].slot in PLACE_SLOTS else self._acting
            return acting, whom if whom != acting else None
        if who is None and has_unknown_subject(self._reading, near, beat):
            self._is_unknown = True
        if who is None and not self._is_unknown:
            who = self._carried_on(implied)
        if who is not None:
            goes_on = who
            if whom is not None and whom < who < beat and marker_of(self._reading, near, who) == "passive":
                goes_on = whom
            self._act(goes_on, beat)
        return who, whom

    def _suffering(self, beat: int, named: int | None, implied: int | None) -> int | None:
        """Whom something is done to goes on acting: "she is pulled ashore and coughs"."""
        patient = named if named is not None else self._carried_on(implied)
        if patient is not None:
            self._act(patient, beat)
        return patient

    def _act(self, who: int, beat: int) -> None:
        is_same_sentence = self._last_beat >= sentence_around(self._reading, beat)[0]
        if who != self._acting:
            self._acted_before = self._acting if is_same_sentence else None
        self._acting, self._is_unknown = who, False

    def _carried_on(self, implied: int | None) -> int | None:
        """Whoever acted last goes on; behind 着くと and 도착하자 whoever acted before that."""
        is_asian = self._reading.language in ("ja", "ko")
        gives_back = is_asian and self._last_beat >= 0 and changes_subject(self._reading, self._last_beat)
        if gives_back and self._acted_before is not None:
            return self._acted_before
        return implied if implied is not None else self._acting

    def _named(
        self, near: Mapping[int, Mention], things: list[int], number: int, beat: int
    ) -> tuple[int | None, int | None, int | None]:
        """Return who and whom the words name, and who the neighbouring clauses imply."""
        reading = self._reading
        if reading.language in ("ja", "ko"):
            return by_particle(reading, near, things, beat)
        clause = clause_of(reading, things, self._near_beats(number), beat, self._near_relatives(number))
        carried = self._acting if self._last_beat >= sentence_around(reading, beat)[0] else None
        if carried is None and not self._is_unknown:
            carried = subject_before(reading, clause, beat)
        who, whom = by_position(reading, near, replace(clause, carried=carried), beat)
        return who, whom, carried if carried is not None else subject_after(reading, clause, beat)

    def _things(self, near: Mapping[int, Mention], beat: int) -> list[int]:
        is_done = not near[beat].negated
        slots = SUBJECT_SLOTS if self._reading.language in ("zh", "en") else SUBJECT_SLOTS | PLACE_SLOTS
        return [
            index
            for index, mention in near.items()
            if mention.slot in slots and not (mention.negated and is_done)
        ]

    def _near_beats(self, number: int) -> Sequence[int]:
        return self._beats[max(0, number - NEAR) : number]

    def _near_relatives(self, number: int) -> list[Relative]:
        near = self._beats[max(0, number - NEAR) : number + NEAR]
        return [self._relatives[beat] for beat in near if beat in self._relatives]
