"""Chooses, from a shot spec, one concept of mini's for each slot, and keeps account of the rest."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rushes.core.vocabulary import PLAIN_SKY, SKIES, TOLD, VALID_ACTIONS
from rushes.language.concepts import Lexicon
from rushes.language.spec import PARTS, Beat, Found, ShotSpec
from rushes.language.stand_ins import drawn_with, shown_as

# When a subject cannot do an action, the first of these that it can do takes its place.
_NEAREST_ACTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "stand": (),
        "walk": ("run", "spin"),
        "run": ("walk", "fly"),
        "leap": ("fly", "run"),
        "spin": ("leap", "run"),
        "fly": ("leap", "run"),
        "carry": ("walk", "run"),
    }
)
# Words that name a subject only when nothing else does.
_GENERAL = frozenset(("person", "figure", "creature", "animal", "machine", "vehicle", "product"))
# A kind of thing that never calls for a remark: what it says is in the rest, or nothing mini could show.
_SILENT = frozenset(("count", "body", "mood", "age"))
# What mini's people carry is a child.
_CARRYING = ("carry",)
_PACES = frozenset(("slow", "fast"))
_SENTENCE_ENDS = frozenset(".。!！?？;；\n")
# What may stand between two words for one thing: 象の親子, golden retriever puppy.
_APPOSED = frozenset(("", " ", "の", "的"))


@dataclass(frozen=True)
class Replacement:
    """`words` of the prompt, for which mini shows `shown` instead, and why, in one English clause."""

    words: str
    shown: str
    reason: str


class Choice:
    """The concepts chosen, by slot, what stands for something else, and what is left out.

    known: slot -> the ids that the weights were trained on.
    """

    def __init__(self, spec: ShotSpec, known: Mapping[str, tuple[str, ...]]) -> None:
        self.attributes: dict[str, str] = {}
        self.replaced: list[Replacement] = []
        self.left_out: list[str] = []
        self._chosen: dict[str, Found] = {}
        self._unshown: list[Found] = []
        self._spare: list[Found] = []
        self._spec = spec
        self._known = known
        # A caption leaves a plain sky unsaid, so an open sky is one of clear weather, and no sky of its own.
        self._slot_of = {
            concept: slot for slot, concepts in known.items() for concept in concepts if concept != PLAIN_SKY
        }
        self._named = frozenset(found.concept for found in spec.everything() if not found.negated)

    def take(self) -> None:
        """Fill the attributes: the subject first, for the rest depends on it."""
        for found in sorted(self._spec.present("subjects"), key=self._rank):
            self._take_subject(found)
        for found in self._others():
            self._take_other(found)
        for found in (*self._spec.everything(), *self._spec.loose):
            if not found.negated and found.kind == "direction":
                self._take_other(found)
        self._take_degrees()
        for found in self._spec.loose:
            if found.kind == "colour" and not found.negated:
                self._take_other(found)
        self._fit_action()
        self._fit_sky()
        self._drop_idle_degrees()
        self._take_colour_of_clothes()
        self._tell_subjects()

    def _others(self) -> list[Found]:
        """All but subjects; what mini can show as it is comes before what it can only show as another."""
        others = [
            found for part in PARTS if part not in ("subjects", "beats") for found in self._spec.present(part)
        ]
        others = [found for found in others if found.concept not in _PACES]
        return sorted(
            (*self._own_actions(), *others),
            key=lambda each: (each.concept not in self._slot_of, self._is_modifier(each)),
        )

    def _is_modifier(self, found: Found) -> bool:
        """Whether a place only tells of the next which it is: a palace garden is a garden."""
        places = self._spec.present("environment")
        return found.kind == "place" and any(self._is_apposed(found, place) for place in places)

    # Subjects.

    def _rank(self, found: Found) -> tuple[bool, bool]:
        """Sort what a text is about first: no general word, no idle thing, no horse that has a rider."""
        doers = {who for beat in self._spec.beats if not beat.action.negated for who in beat.who}
        is_ridden = found.kind == "animal" and any(
            each.kind == "person" and each.concept in doers and not self._is_apposed(found, each)
            for each in self._spec.present("subjects")
        )
        is_kept = found.kind in ("vehicle", "thing") or is_ridden
        return found.concept in _GENERAL, is_kept and found.concept not in doers

    def _take_subject(self, found: Found) -> None:
        shown = self._shown_subject(found)
        chosen = self._chosen.get("subject")
        if not shown or self._slot_of[shown[0]] != "subject" or self._is_scenery(found):
            self._unshown.append(found)
        elif chosen is None:
            self._set(found, shown)
            self._take_colour(found)
        elif self._is_same(found, chosen):
            self._take_colour(found)
        else:
            self._spare.append(found)

    def _shown_subject(self, found: Found) -> tuple[str, ...]:
        """Return the person of mini whose things are named: a figure in a trench coat is its detective."""
        shown = shown_as(found.concept, self._slot_of)
        lexicon = Lexicon.load()
        is_kind = any(each in self._slot_of for each in (found.concept, *lexicon.ancestors(found.concept)))
        if is_kind or not lexicon.is_a(found.concept, "person"):
            return shown
        for subject in self._known["subject"]:
            if lexicon.is_a(subject, "person") and self._named.intersection(drawn_with(subject)):
                return (subject, *shown[1:])
        return shown

    def _is_scenery(self, found: Found) -> bool:
        """Whether a place that is named is drawn with this, as a platform with its train."""
        places = [shown_as(place.concept, self._slot_of) for place in self._spec.present("environment")]
        parts = [part for shown in places for each in shown for part in drawn_with(each)]
        return any(Lexicon.load().is_a(found.concept, part) for part in parts)

    def _is_same(self, found: Found, chosen: Found) -> bool:
        """Whether two words name one subject: the girl is the child, and a retriever puppy one dog."""
        lexicon = Lexicon.load()
        is_kin = lexicon.is_a(found.concept, chosen.concept) or lexicon.is_a(chosen.concept, found.concept)
        is_one = is_kin or self._is_apposed(found, chosen) or self._is_apposed(chosen, found)
        return is_one or found.concept in _GENERAL or self._is_drawn(found.concept)

    def _is_apposed(self, first: Found, second: Found) -> bool:
        """Whether nothing stands between two words: elephant family, 象の親子."""
        is_before = first.span[1] <= second.span[0]
        return is_before and self._spec.text[first.span[1] : second.span[0]] in _APPOSED

    def _take_colour(self, found: Found) -> None:
        """The colour of the chosen subject, of what it wears or of its body."""
        for attribute in found.attributes:
            for each in (attribute, *attribute.attributes):
                if each.kind == "colour" and not each.negated:
                    shown = shown_as(each.concept, self._slot_of)
                    if shown and "color" not in self.attributes:
                        self._set(each, shown)
                    elif not shown or shown[0] != self.attributes.get("color"):
                        self.left_out.append(self._words(each))

    def _take_colour_of_clothes(self) -> None:
        """Clothes that nobody is named to wear ("blue cloak") colour whoever is in the shot already."""
        if "subject" not in self.attributes:
            for found in self._unshown:
                if found.kind == "clothing":
                    self._take_colour(found)

    def _tell_subjects(self) -> None:
        """Say which subjects are not there, and of the chosen one that it is one."""
        for found in self._unshown:
            if not self._is_drawn(found.concept):
                self.left_out.append(self._words(found))
        for found in self._spare:
            if not self._is_drawn(found.concept):
                self.left_out.append(f"{self._words(found)} ({self._shows_one('subject')})")
            self._leave_colours(found)
        if (chosen := self._chosen.get("subject")) is not None:
            for each in chosen.attributes:
                if each.kind == "count" and each.concept != "one" and not each.negated:
                    self.left_out.append(f"{self._words(each)} ({self._shows_one('subject')})")

    # Actions.

    def _own_actions(self) -> list[Found]:
        """What the chosen subject does; what only others do is left out."""
        own = []
        for beat in self._spec.beats:
            if beat.action.negated:
                continue
            if self._is_own(beat):
                own.append(beat.action)
                continue
            who = ", ".join(self._words(each) for each in self._doers(beat))
            self.left_out.append(f"{self._words(beat.action)} (done by {who})")
        return own

    def _doers(self, beat: Beat) -> list[Found]:
        return [each for each in self._spec.present("subjects") if each.concept in beat.who]

    def _is_own(self, beat: Beat) -> bool:
        """Whether the chosen subject does this, alone or with others; so it does what nobody is named for."""
        chosen = self._chosen.get("subject")
        doers = self._doers(beat)
        return not doers or any(
            self._is_same(each, chosen) or self._is_with(each, chosen) for each in doers if chosen
        )

    def _is_with(self, found: Found, chosen: Found) -> bool:
        """A fox and a rabbit run: no sentence ends and nothing is done between the two."""
        start, end = sorted((found.span[0], chosen.span[0]))
        is_between = any(start < each.span[0] < end for each in self._spec.found("beats"))
        return not is_between and not _SENTENCE_ENDS.intersection(self._spec.text[start:end])

    def _carries_a_thing(self, found: Found) -> bool:
        loads = {whom for beat in self._spec.beats if beat.action is found for whom in beat.whom}
        return bool(loads) and not any(Lexicon.load().is_a(load, "person") for load in loads)

    def _fit_action(self) -> None:
        subject, action = self.attributes.get("subject"), self.attributes.get("action")
        if subject is None or action is None or action in VALID_ACTIONS[subject]:
            return
        valid = [each for each in VALID_ACTIONS[subject] if each in self._known["action"]]
        nearest = next((other for other in _NEAREST_ACTIONS[action] if other in valid), valid[0])
        self.attributes["action"] = nearest
        words = self._words(self._chosen["action"])
        before = [each for each in self.replaced if each.words == words and each.shown == action]
        reason = f"mini's {subject} cannot {action}"
        if before:
            self.replaced.remove(before[0])
            reason = f"{before[0].reason}, and its {subject} cannot {action}"
        self.replaced.append(Replacement(words, nearest, reason))

    # All else.

    def _take_other(self, found: Found) -> None:
        self._leave_colours(found)
        shown = self._shown(found)
        if not shown:
            if not self._is_drawn(found.concept) and found.kind not in _SILENT:
                self.left_out.append(self._words(found))
            return
        slot = self._slot_of[shown[0]]
        if self.attributes.get(slot, shown[0]) == shown[0]:
            self._set(found, shown)
        elif not self._is_drawn(found.concept):
            self.left_out.append(f"{self._words(found)} ({self._shows_one(slot)})")

    def _shown(self, found: Found) -> tuple[str, ...]:
        doers = {who for beat in self._spec.beats if beat.action is found for who in beat.who}
        shown = shown_as(found.concept, self._slot_of, sorted(doers))
        if shown == _CARRYING and self._carries_a_thing(found):
            return shown_as(
                found.concept, {id_: slot for id_, slot in self._slot_of.items() if id_ not in shown}
            )
        return shown

    def _set(self, found: Found, shown: tuple[str, ...]) -> None:
        is_own = found.concept == shown[0] or self._is_drawn(found.concept)
        for concept in shown:
            self.attributes.setdefault(self._slot_of[concept], concept)
            self._chosen.setdefault(self._slot_of[concept], found)
        is_own = is_own or found.concept in drawn_with(shown[0])
        if not is_own or len(shown) > 1:
            reason = f"mini has no {found.concept.replace('_', ' ')}"
            if found.concept in self._slot_of:
                reason = f"what mini's people {found.concept} is a child"
            self.replaced.append(Replacement(self._words(found), ", ".join(shown), reason))

    def _leave_colours(self, found: Found) -> None:
        for each in found.attributes:
            if each.kind == "colour":
                self.left_out.append(f"{self._words(each)} (mini colours only its subject)")

    def _take_degrees(self) -> None:
        """How strong the weather is and how fast the action; the pace of the camera is another matter."""
        for found, is_pace in self._degrees():
            shown = shown_as(found.concept, self._slot_of)
            slot = self._slot_of[shown[0]] if shown else ""
            if not found.negated and (slot == "strength" or (slot == "speed" and is_pace)):
                self.attributes.setdefault(slot, shown[0])

    def _degrees(self) -> Iterator[tuple[Found, bool]]:
        """Yield what may say a degree, and whether it is said of an action."""
        paces = [each for action in self._spec.present("beats") for each in action.attributes]
        for found in (*paces, *self._spec.everything(), *self._spec.loose):
            yield found, found in paces

    def _drop_idle_degrees(self) -> None:
        if self.attributes.get("weather", "clear") == "clear":
            self.attributes.pop("strength", None)
        if self.attributes.get("action", "stand") == "stand":
            self.attributes.pop("speed", None)

    def _fit_sky(self) -> None:
        sky = self.attributes.get("sky")
        if sky is None:
            return
        weathers, times = SKIES[sky]
        if (
            self.attributes.get("weather", weathers[0]) not in weathers
            or self.attributes.get("time", times[0]) not in times
        ):
            del self.attributes["sky"]
            words = self._words(self._chosen["sky"])
            where = f"mini shows it in {' or '.join(weathers)}, by {' or '.join(times)}"
            self.left_out.append(f"{words} ({where})")

    def _is_drawn(self, concept: str) -> bool:
        """Whether mini draws this thing anyway with what was chosen, as a warrior's cloak.

        What the world can show and these weights cannot is no part: an aurora is more than a sky.
        """
        if concept not in self._slot_of and any(concept in ids for ids in TOLD.values()):
            return False
        lexicon = Lexicon.load()
        return any(
            lexicon.is_a(concept, part) for chosen in self.attributes.values() for part in drawn_with(chosen)
        )

    def _shows_one(self, slot: str) -> str:
        return f"mini shows one {slot}: {self.attributes[slot]}"

    def _words(self, found: Found) -> str:
        return self._spec.text[slice(*found.span)]
