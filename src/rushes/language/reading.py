"""From tokens to mentions: which concept each word means where it stands, and what is ruled out.

One word can mean several things ("follow", "light", "寄る"); the grammar around it decides: whether a noun
can stand here, whether the camera is what acts, whether a Korean syllable has its particle. Then negations
and similes take their mentions out. No language has a list of sentences; each has function words with roles
(`data/grammar/`) and the few rules here.
"""

from collections.abc import Sequence

from rushes.language import idioms
from rushes.language.compound_verbs import belongs_to_verb
from rushes.language.matching import Token
from rushes.language.morphology.korean import split
from rushes.language.nominals import (
    is_adjective,
    is_amount,
    is_no_deed,
    is_of_plural,
    is_only_named,
    names_thing,
)
from rushes.language.passage import (
    ATTRIBUTE_SLOTS,
    CAMERA_SLOTS,
    LIVING_SLOTS,
    NEAR,
    PLACE_SLOTS,
    SUBJECT_SLOTS,
    THING_SLOTS,
    Mention,
    Passage,
)
from rushes.language.phrasal import apart, with_objects
from rushes.language.script import Script
from rushes.language.vocabulary import Candidate

_NAMED_SLOTS = SUBJECT_SLOTS | PLACE_SLOTS | {"weather", "clothing", "body"}
# Particles that follow Korean nouns and, at the start of an ending, hardly ever predicates.
_NOUN_TAILS = (*"을를이가은는의에로와과도만들", "으로", "까지", "부터")
# Endings of predicates that begin like a particle: 죽는다, 벗는데.
_VERB_TAILS = ("는다", "는데", "는지", "은다", "은데", "을지", "을까", "도록", "만큼")
# What may follow a Korean noun without particle.
_AFTER_BARE_NOUN = frozenset(("mark", "and", "classifier", "negation_after", "filler"))
# Forms that are empty words, but verbs behind their object: 우산을 든, 민들레를 분다.
_HOLDING_FORMS = frozenset(("든", "낀", "피해"))
# A garment with a verb that ends so is being put on; it is worn otherwise: 모자를 쓴다, 모자를 쓴 남자.
_SAYING_TAILS = ("다", "는다", "자", "더니")
# 吹走, 撕碎, 滚下来, 拽倒在地: how an action ends is no second action.
_COMPLEMENTS = frozenset("走掉倒断碎破死飞翻落裂") | {
    *("出来", "出去", "进来", "进去", "回来", "下来", "下去", "起来", "开来"),
    *("倒地", "倒在", "倒在地上"),
}
# 가려 준다, 해 본다, 썰어 놓는다: verbs that only help right behind another in 아 or 어.
_HELPING = frozenset(("주다", "보다", "놓다", "두다", "버리다", "가다", "오다"))
_INFINITIVE_VOWELS = (0, 1, 4, 6, 9, 14)  # ㅏ ㅐ ㅓ ㅕ ㅘ ㅝ


class Reading(Passage):
    """The tokens of a text (without spaces) with the concept each one means, if any."""

    def __init__(self, tokens: Sequence[Token], language: str) -> None:
        super().__init__(tokens, language)
        if language == "en":
            self.tokens = with_objects(self.tokens)
        # Whether the camera is what acts here; a shot, lens or support named before has the same effect until
        # something else is named.
        self._camera_acts = False
        self._camera_named = False
        self._apart: dict[int, Candidate | None] = {}
        if language == "en":
            for verb, particle, candidate in apart(self.tokens):
                self._apart.update({verb: candidate, particle: None})
        elif language == "ko":
            for noun, verb, candidate in idioms.apart(self.tokens):
                self._apart[verb] = candidate
                named = (item.concept.slot for item in self.tokens[noun].candidates)
                if SUBJECT_SLOTS.isdisjoint(named):
                    self._apart[noun] = None
        self._resolve()

    def _resolve(self) -> None:
        had_subject = is_beside = False
        for index, token in enumerate(self.tokens):
            if self.ends_sentence(index):
                self._camera_acts = self._camera_named = had_subject = is_beside = False
            elif "camera" in token.roles and not (self.language == "en" and self._follows_preposition(index)):
                self._camera_acts, had_subject = True, False
            elif index and self.clauses[index] != self.clauses[index - 1]:
                had_subject, is_beside = True, "beside" in token.roles
            if "dummy" in token.roles:
                self._camera_named = False
                self._camera_acts = self._camera_acts and not had_subject
            candidate = self._choose(index, token)
            if candidate is None:
                continue
            self.mentions[index] = self._mention(index, candidate, len(token.candidates))
            slot = candidate.concept.slot
            if slot in CAMERA_SLOTS and candidate.concept.id not in ("slow", "fast"):
                self._camera_named = True
            # "The camera follows a man, he stops", "it follows as a can soars": a later clause has
            # somebody else act.
            named = SUBJECT_SLOTS if self.language == "zh" else _NAMED_SLOTS
            if slot in named and self._may_be_subject(index):
                self._camera_named = False
                if had_subject and (is_beside or slot in LIVING_SLOTS):
                    self._camera_acts = False

    def _may_be_subject(self, index: int) -> bool:
        if self.language in ("zh", "en"):
            return True
        tail = self.tail(index)
        return tail.startswith(("が", "は", "も", "이", "가", "은", "는"))

    def _mention(self, index: int, candidate: Candidate, choices: int) -> Mention:
        sure = 1.0 if choices == 1 else 0.85
        if len(self.tokens[index].text) == 1 and self.tokens[index].script is not Script.LATIN:
            sure -= 0.15
        if candidate.word.needs_noun_place or candidate.word.needs_particle:
            sure -= 0.1
        written = f"to {candidate.word.text}" if candidate.word.is_english_verb else candidate.word.text
        return Mention(index, candidate.concept, candidate.kind, sure, self.clauses[index], word=written)

    def _choose(self, index: int, token: Token) -> Candidate | None:
        if index in self._apart:
            return self._apart[index]
        if not token.candidates or self._is_function_word(index, token):
            return None
        possible = self._possible(index, token)
        if (self._camera_acts or self._camera_named) and not self._qualifies_noun(index, token):
            for item in possible:
                if item.concept.slot in CAMERA_SLOTS:
                    return item
        possible = [item for item in possible if not item.word.needs_camera]
        things = [item for item in possible if item.concept.slot not in CAMERA_SLOTS]
        if 0 < len(things) < len(possible):
            # "Pull out" alone is the camera's, "the train pulls out" is not.
            opens = self.language == "en" and self.is_mark(index - 1)
            if opens or self._acts_itself(index):
                possible = [item for item in possible if (item in things) != opens]
        if possible and self._is_noun_place(index):
            return self._noun(index, token, possible)
        possible = [item for item in possible if not item.word.needs_noun_place]
        if self.language == "en" and is_adjective(self, index):
            possible = [item for item in possible if item.concept.slot != "action"]
        verbs = [item for item in possible if item.kind in ("verb", "participle")]
        return next(iter(verbs or possible), None)

    def _possible(self, index: int, token: Token) -> list[Candidate]:
        possible = [item for item in token.candidates if self._can_stand(index, token, item)]
        if self.language == "zh" and self._has_object(index):
            # 手持雨伞: held is the umbrella, not the camera.
            possible = [item for item in possible if item.concept.slot != "support"] or possible
        return possible

    def _has_object(self, index: int) -> bool:
        """Whether a thing, also a counted one, stands right behind a Chinese verb: 手持一把雨伞."""
        for later in range(index + 1, min(index + NEAR, len(self.tokens))):
            slots = {item.concept.slot for item in self.tokens[later].candidates}
            if slots & (THING_SLOTS | {"light"}):
                return True
            if not slots & ATTRIBUTE_SLOTS and not self.roles(later) & {"classifier", "filler"}:
                return False
        return False

    def _acts_itself(self, index: int) -> bool:
        """A drone delivers, ドローンが届ける: what could be the camera is a thing where it is a subject."""
        if self.language == "en":
            after = self.tokens[index + 1].candidates if index + 1 < len(self.tokens) else ()
            determined = index > 0 and "determiner" in self.tokens[index - 1].roles
            return (determined or self._follows_unknown(index)) and any(item.kind == "verb" for item in after)
        if self.language == "zh" or not self.tail(index).startswith(("が", "は", "이", "가", "은", "는")):
            return False
        for later in range(index + 1, min(index + NEAR, len(self.tokens))):
            if self.is_mark(later):
                return False
            if self.tail(later).startswith(("を", "을", "를")):
                return True
        return False

    def _qualifies_noun(self, index: int, token: Token) -> bool:
        """A spinning ballerina: the camera does not do what stands between an article and a noun."""
        before = self.tokens[index - 1].roles if index else frozenset[str]()
        return token.text.endswith("ing") and "determiner" in before

    def _is_function_word(self, index: int, token: Token) -> bool:
        """A form that is listed as empty (향해, toward), or a classifier after its number (세 개)."""
        before = self.mentions.get(index - 1)
        is_object_before = self.language == "ko" and index > 0 and self.tokens[index - 1].tail in ("을", "를")
        is_held = is_object_before and token.text in _HOLDING_FORMS
        if "filler" in token.roles and self.language != "en" and not is_held:
            return True
        # 토끼를 안고, hugging, against 안 달린다, not running.
        if self.language == "ko" and token.text == "안" and not (is_object_before and token.tail):
            return True
        if self.language == "zh" and self._only_completes(index, token, before):
            return True
        if self.language == "ja" and belongs_to_verb(self, index):
            return True
        if self.language == "ko" and before is not None:
            # 모자를 쓴, in a hat, is no writing.
            is_worn = (
                "wear" in token.roles
                and before.slot == "clothing"
                and not token.tail.startswith(_SAYING_TAILS)
            )
            if is_worn or self._helps(index, before):
                return True
        return "classifier" in token.roles and before is not None and before.slot == "count"

    def _only_completes(self, index: int, token: Token, before: Mention | None) -> bool:
        """跑回来, 递给: what stands right behind a verb and says how it ends or whom it is for."""
        follows_verb = before is not None and before.slot == "action"
        if token.text == "给":
            return follows_verb or self._has_verb_after(index)
        return follows_verb and token.text in _COMPLEMENTS and self.touches(index)

    def _helps(self, index: int, before: Mention) -> bool:
        """가려 준다, 해 본다, 썰어 놓는다: some verbs only help right behind another in 아 or 어."""
        helping = any(item.word.text in _HELPING for item in self.tokens[index].candidates)
        if not helping or before.slot != "action":
            return False
        ending = (self.tokens[index - 1].text + self.tokens[index - 1].tail)[-1]
        if ending in "자다까서" or not "가" <= ending <= "힣":
            return False
        _, vowel, final = split(ending)
        return final == 0 and vowel in _INFINITIVE_VOWELS

    def _has_verb_after(self, index: int) -> bool:
        """给花浇水: giving is only done where nothing else is."""
        for later in range(index + 1, min(index + NEAR, len(self.tokens))):
            if self.is_mark(later):
                return False
            if any(item.concept.slot == "action" for item in self.tokens[later].candidates):
                return True
        return False

    def _noun(self, index: int, token: Token, possible: list[Candidate]) -> Candidate | None:
        """Choose where a noun stands: an attribute before a noun ("giant robot"), else the noun."""
        if token.script is not Script.LATIN:
            return self._by_endings(index, token, possible)
        after = self.tokens[index + 1].candidates if index + 1 < len(self.tokens) else ()
        if any(item.concept.slot in THING_SLOTS for item in after):
            attributes = [item for item in possible if item.concept.slot in ATTRIBUTE_SLOTS]
            if attributes:
                return attributes[0]
        nouns = [item for item in possible if item.kind == "noun"]
        if nouns:
            # A glass rolls: a material is one before a thing, or behind "of".
            is_of = index > 0 and self.tokens[index - 1].text == "of"
            things = [item for item in nouns if item.concept.slot != "material"]
            return (nouns if is_of else things or nouns)[0]
        if self.language == "en" and is_no_deed(self, index):
            possible = [item for item in possible if item.concept.slot != "action"]
        if not possible:
            return None
        if possible[0].concept.slot == "action" and is_amount(self, index):
            return None
        return None if "filler" in token.roles and possible[0].kind == "verb" else possible[0]

    def _by_endings(self, index: int, token: Token, possible: list[Candidate]) -> Candidate:
        """In Korean the endings tell 연 (kite) with a particle from 연 (opening) with an ending."""
        nouns = [item for item in possible if item.kind != "verb"]
        if not nouns:
            # 끌어올리다 is a word, before it is 끌어 올리다 written as one.
            spaces = token.text.count(" ")
            possible = [item for item in possible if item.word.text.count(" ") == spaces] or possible
            # 끌고 is of 끌다 rather than of 끄다: the bare stem wins.
            exact = (item for item in possible if item.word.text.removesuffix("다") == token.text)
            return next(exact, possible[0])
        if len(nouns) == len(possible):
            # 연기가, 연기 속, smoke, against 연기하다, to perform: only with 하다 it is done.
            things = [item for item in possible if item.concept.slot != "action"]
            is_done = self.language != "ko" or token.tail.startswith(("하", "해", "한", "할", "했", "합"))
            return things[0] if things and not is_done else possible[0]
        # 피는 꽃, blooming flowers, against 피는, the blood: what qualifies a noun is a verb.
        qualifies = token.tail in ("는", "은", "을") and self.is_thing(index + 1)
        is_finite = token.tail.startswith(_VERB_TAILS)
        is_noun = not token.tail or (token.tail.startswith(_NOUN_TAILS) and not qualifies and not is_finite)
        return nouns[0] if is_noun else next(item for item in possible if item.kind == "verb")

    def _can_stand(self, index: int, token: Token, item: Candidate) -> bool:
        if item.word.needs_particle and not token.tail and index + 1 < len(self.tokens):
            after = self.tokens[index + 1]
            counts = any(each.concept.slot == "count" for each in after.candidates)
            return counts or bool(after.roles & _AFTER_BARE_NOUN)
        if item.kind == "verb" and names_thing(self, index, item):
            return False
        if self.language == "ko" and item.concept.slot == "action" and is_only_named(self, index, item):
            return False
        is_one_han = len(token.text) == 1 and token.script is Script.HAN
        if is_one_han and self.language == "zh" and self._is_part_of_unknown(index, item):
            return False
        if is_one_han and item.concept.slot in ATTRIBUTE_SLOTS:
            # 狼群, a wolf pack: the one attribute that stands behind its noun.
            before = self.mentions.get(index - 1)
            is_pack = token.text == "群" and before is not None and before.slot in LIVING_SLOTS
            return is_pack or self._qualifies_next(index, item.concept.slot)
        return True

    def _is_part_of_unknown(self, index: int, item: Candidate) -> bool:
        """照明弹, 竹篓: one character beside an unknown one is hardly ever a word of its own.

        A verb may follow a name that is unknown, where an aspect, an object or a place comes after it.
        """
        before, after = self.neighbour(index, -1), self.neighbour(index, 1)
        if item.kind == "verb":
            is_last = after is None or after.text == "的"
            return before is not None and not before.is_known and is_last
        return after is not None and not after.is_known

    def _qualifies_next(self, index: int, slot: str) -> bool:
        """A single character such as 红, 大 or 三 is an attribute only right before what it qualifies."""
        if index + 1 >= len(self.tokens):
            return False
        after = self.tokens[index + 1]
        if after.start != self.tokens[index].end:
            return False
        slots = {item.concept.slot for item in after.candidates}
        wanted = THING_SLOTS | ATTRIBUTE_SLOTS | {"weather", "light", "style", "tone"}
        if slot == "count":
            return bool(slots & (THING_SLOTS | ATTRIBUTE_SLOTS)) or "classifier" in after.roles
        return bool(slots & wanted) or after.text in ("的", "の", "色", "色的", "色の")

    def _follows_preposition(self, index: int) -> bool:
        return bool(index and self.tokens[index - 1].roles & {"preposition", "to"}) or (
            index > 1
            and "determiner" in self.tokens[index - 1].roles
            and bool(self.tokens[index - 2].roles & {"preposition", "to"})
        )

    def _is_noun_place(self, index: int) -> bool:
        """Whether an English noun rather than a verb stands here, from the words around."""
        if self.tokens[index].script is not Script.LATIN:
            return True
        before = self.tokens[index - 1] if index else None
        if self._ends_chain(index):
            return False
        if before is None or self.is_mark(index - 1) or "and" in before.roles:
            after = self.tokens[index + 1] if index + 1 < len(self.tokens) else None
            return after is None or not after.roles & {"determiner", "they"}
        if before.text.endswith((" a", " an", " the", " his", " her")) or self._is_plural(index):
            return True
        known = self.mentions.get(index - 1)
        if known is None:
            is_opened = bool(before.roles & {"determiner", "preposition", "negation", "wear", "link"})
            is_opened = is_opened or is_adjective(self, index - 1)
            return is_opened or before.script is not Script.LATIN or self._follows_unknown(index)
        return self._continues_noun(index, known)

    def _is_plural(self, index: int) -> bool:
        """Two hands, into perfect circles: what ends in -s behind a number or an attribute of its own."""
        token = self.tokens[index]
        if not token.text.endswith("s") or " " in token.text:
            return False
        known = self.mentions.get(index - 1)
        if known is not None:
            return known.slot == "count" and known.concept.id not in ("one", "group")
        follows = self.tokens[index + 1].roles if index + 1 < len(self.tokens) else frozenset[str]()
        return is_of_plural(self, index - 1) and not {"deed", "determiner", "they"} & (token.roles | follows)

    def _follows_unknown(self, index: int) -> bool:
        """A delivery drone, behind an imaginary wall: no verb without its ending stands there."""
        if index < 2 or self.tokens[index - 1].is_known:
            return False
        is_opened = bool(self.tokens[index - 2].roles & {"determiner", "preposition"})
        has_ending = self.tokens[index].text.endswith(("s", "ed", "ing"))
        return is_opened and not has_ending and not self.tokens[index - 1].text.endswith(("ly", "s"))

    def _ends_chain(self, index: int) -> bool:
        """Loses his grip, falls, and ...: one word between commas, after a verb and like it in its ending."""
        around = [
            self.tokens[place].text if place < len(self.tokens) else "." for place in (index - 1, index + 1)
        ]
        if not index or around[0] not in (",", "and") or around[1] not in (",", "and", "."):
            return False
        # clouds and waves
        if around[0] == "and" and self.is_thing(index - 2) and self.tokens[index - 2].text.endswith("s"):
            return False
        last = next((each for each in reversed(self.mentions.values()) if each.slot == "action"), None)
        is_verb = any(item.kind == "verb" for item in self.tokens[index].candidates)
        is_near = (
            last is not None
            and index - last.index < NEAR
            and self.tokens[last.index].text.split()[0].endswith("s")
        )
        return is_verb and is_near and self.tokens[index].text.endswith("s")

    def _continues_noun(self, index: int, before: Mention) -> bool:
        """After a known word: "cigarette smoke", "red light", but "the man watches", "water drops splash"."""
        if before.slot in LIVING_SLOTS or before.slot == "vehicle":
            return False
        last, text = self.tokens[index - 1].text, self.tokens[index].text
        is_verb = any(item.kind == "verb" for item in self.tokens[index].candidates)
        agrees = last.endswith("s") != text.endswith("s")
        return not (before.kind == "noun" and is_verb and agrees and not last.endswith("ss"))
