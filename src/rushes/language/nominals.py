"""Words that look like verbs, but name a thing where they stand: a clear shot, 打字机, 踊り場, 먹이를."""

from rushes.language.morphology.korean import can_precede_eun, split
from rushes.language.passage import ATTRIBUTE_SLOTS, LIVING_SLOTS, NEAR, Passage
from rushes.language.script import Script
from rushes.language.vocabulary import Candidate

# 가시를, 먹이를: what stands under a particle is no verb, unless it was made a noun with 기, 지 or ㅁ.
_OF_NOUNS_ONLY = frozenset(
    ("를", "에", "에서", "의", "에게", "이", "이를", "이가", "이는", "이에", "이의", "이로", "이와", "이도")
)
# 飲み物, 売り場: what makes a noun of the stem of a Japanese verb before it.
_ENDS_OF_NOUNS = frozenset("場手物口角屋者役台板線席車機器枠穴具")
_CONTINUATIVE_ENDS = tuple("いきぎしちにびみりえけげせてねべめれっ")
# 打字机, 照相馆: what makes a noun of a Chinese verb before it.
_LAST_PARTS = frozenset("机器场馆箱椅垫毯杯袋摊店台柜板仪会厂号丁骨节石物品员者线口匠")
# 休息室, 登机口: those that no verb has for its object.
_NEVER_OBJECTS = frozenset("室区营券员机器者亭栏席坊口匠")
# Behind these a Chinese verb of one character is a verb, whatever follows: 慢慢地喝粥.
_OPENS_VERB = frozenset(
    ("地", "着", "了", "在", "正", "来", "去", "又", "便", "就", "后", "并", "边", "起", "也", "都")
)
# What only says that a deed is done: 청소를 하다, 훈련을 마치다, 공격을 퍼붓다.
# fmt: off
_DOING = (
    "하", "해", "한", "할", "했", "합", "시작", "마치", "마친", "마쳐", "마쳤",
    "끝", "벌", "펼", "이어", "계속", "멈", "나누", "나눠", "나눈", "나눴", "주고받",
    "받", "당", "즐", "시키", "시킨", "시켜", "서두", "거듭", "반복", "치르", "치른",
    "치러", "퍼붓", "퍼부", "가하", "가한", "가해", "보내", "보낸", "올리", "올린", "올려",
    "드리", "드린", "드려", "청", "건네", "건넨", "막", "피", "위",
)
# fmt: on
_ENDS_OF_ADJECTIVES = ("ning", "ding", "ting", "ring", "king", "sing", "ful", "ous", "less", "able", "ible")
_FINAL_L, _FINAL_M = 8, 16  # of 물을, 움직임을


def names_thing(passage: Passage, index: int, item: Candidate) -> bool:
    """Whether what looks like a verb is a noun or the first part of one."""
    if passage.language == "ko":
        return not _takes_tail(passage, index, item)
    if passage.language == "ja":
        return _is_part_of_noun(passage, index, item)
    return passage.language == "zh" and (_begins_name(passage, index) or _ends_phrase(passage, index, item))


def is_only_named(passage: Passage, index: int, item: Candidate) -> bool:
    """Whether the Korean noun of a deed tells of none where it stands: 공연을 보다, 씨름 선수.

    It tells of one under a verb that only says that it is done: 공연을 펼치다.
    """
    token = passage.tokens[index]
    if item.kind != "noun" or item.word.text != f"{token.text}하다" or index + 1 >= len(passage.tokens):
        return False
    after = passage.tokens[index + 1]
    if token.tail in ("을", "를"):
        return not passage.is_mark(index + 1) and not after.text.startswith(_DOING)
    is_person = any(each.concept.slot in LIVING_SLOTS for each in after.candidates)
    return not token.tail and is_person


def is_no_deed(passage: Passage, index: int) -> bool:
    """Whether an English word that could tell what happens is an attribute or names something."""
    return is_adjective(passage, index) or _is_no_event(passage, index) or _is_many(passage, index)


def is_adjective(passage: Passage, index: int) -> bool:
    """Whether a participle of the past stands before its noun and tells of no event: a wrecked car."""
    token = passage.tokens[index]
    is_before_noun = passage.is_thing(index + 1) or _is_unknown(passage, index + 1)
    if token.text.split()[0].endswith("ing") or not is_before_noun:
        return False
    is_verb = any(item.kind == "verb" for item in token.candidates)
    return _follows_opening(passage, index) or (not is_verb and _is_opened(passage, index))


def _follows_opening(passage: Passage, index: int) -> bool:
    """Whether a word in -ed stands where no verb of the past can: a carved box, carries folded clothes."""
    if not index or not passage.tokens[index].text.endswith("ed"):
        return False
    before = passage.mentions.get(index - 1)
    if before is not None:
        return before.slot == "action"
    return bool(passage.tokens[index - 1].roles & {"determiner", "preposition"})


def _is_like_adjective(passage: Passage, index: int) -> bool:
    """Whether an unknown word ends as adjectives do: with blinding speed, a thunderous roar."""
    return _is_unknown(passage, index) and passage.tokens[index].text.endswith(_ENDS_OF_ADJECTIVES)


def is_of_plural(passage: Passage, index: int) -> bool:
    """Whether an unknown word behind a preposition may qualify the next one in -s: into perfect circles."""
    if not _is_unknown(passage, index) or passage.tokens[index].text.endswith(("s", "ly")):
        return False
    if not index or "preposition" not in passage.tokens[index - 1].roles:
        return False
    return index + 1 < len(passage.tokens) and passage.tokens[index + 1].text.endswith("s")


def _is_unknown(passage: Passage, index: int) -> bool:
    return index < len(passage.tokens) and not passage.tokens[index].is_known


def is_amount(passage: Passage, index: int) -> bool:
    """Whether a word stands between an article and "of": a drop of honey, a splash of red."""
    if not index or index + 1 >= len(passage.tokens):
        return False
    return "determiner" in passage.tokens[index - 1].roles and passage.tokens[index + 1].text == "of"


def _is_no_event(passage: Passage, index: int) -> bool:
    """The rest, a clear shot, every blow: behind an article only some nouns tell what happens."""
    token = passage.tokens[index]
    is_verb = any(item.kind != "noun" and item.concept.slot == "action" for item in token.candidates)
    if not is_verb or " " in token.text or token.text.endswith(("ing", "ed")):
        return False
    is_deed = "deed" in token.roles and not passage.is_thing(index + 1)
    return not is_deed and _is_opened(passage, index)


def _is_many(passage: Passage, index: int) -> bool:
    """Cracks spread, Cheers erupt: what opens a sentence in -s before a verb is a noun."""
    token = passage.tokens[index]
    after = passage.tokens[index + 1].candidates if index + 1 < len(passage.tokens) else ()
    opens = index == 0 or passage.ends_sentence(index - 1)
    return opens and token.text.endswith("s") and any(item.kind == "verb" for item in after)


def _is_opened(passage: Passage, index: int) -> bool:
    """Whether an article or a preposition opens the phrase of a noun, past its attributes."""
    for position in range(index - 1, max(-1, index - 4), -1):
        known = passage.mentions.get(position)
        is_dropped = known is None and bool(passage.tokens[position].candidates)
        qualifies = known is not None and (
            known.slot in ATTRIBUTE_SLOTS | {"speed", "mood", "weather"} or known.kind == "other"
        )
        if (
            is_dropped
            or qualifies
            or _is_like_adjective(passage, position)
            or is_of_plural(passage, position)
        ):
            continue
        roles = passage.tokens[position].roles
        opens = {"determiner", "preposition", "link", "wear"}
        return known is None and bool(roles & opens) and "to" not in roles
    return False


def _takes_tail(passage: Passage, index: int, item: Candidate) -> bool:
    """가시를, 먹이가, 물을: a noun, for no verb ends in a vowel or ㄹ before 을, nor in 를 at all.

    품에 is no noun made of 품다 with ㅁ either, as 움직임에 is of 움직이다.
    """
    token = passage.tokens[index]
    final = split(token.text[-1])[2] if "가" <= token.text[-1] <= "힣" else None
    if token.tail in _OF_NOUNS_ONLY:
        return final == _FINAL_M and item.word.text.removesuffix("다") != token.text
    if token.tail == "기":
        return not passage.is_thing(index + 1)
    if token.tail.startswith(("은", "을")) and final is not None:
        return can_precede_eun(token.text)
    return not (token.tail.startswith("는") and final == _FINAL_L)


def _is_part_of_noun(passage: Passage, index: int, item: Candidate) -> bool:
    """踊り場, 抱き枕, 回転扉, 祈りの像: the stem of a verb before a noun or の, done to nothing."""
    token = passage.tokens[index]
    is_noun_of_deed = item.word.text == f"{token.text}する"
    if not (is_noun_of_deed or token.text.endswith(_CONTINUATIVE_ENDS)) or index + 1 >= len(passage.tokens):
        return False
    after = passage.tokens[index + 1]
    is_object = index > 0 and bool(passage.tokens[index - 1].roles & {"object", "goal", "subject"})
    if after.start != token.end or is_object:
        return False
    if after.text == "の":
        return not is_noun_of_deed
    if after.script is not Script.HAN:
        return False
    return passage.is_thing(index + 1) or after.text in _ENDS_OF_NOUNS or _is_unknown_noun(passage, index + 1)


def _is_unknown_noun(passage: Passage, index: int) -> bool:
    """軸 of 掛け軸, against 疲 of 走り疲れる: no ending of a verb follows."""
    token = passage.tokens[index]
    after = passage.tokens[index + 1] if index + 1 < len(passage.tokens) else None
    ends = after is None or after.script is not Script.HIRAGANA or bool(after.roles)
    return not token.is_known and len(token.text) == 1 and ends


def _begins_name(passage: Passage, index: int) -> bool:
    """打字机, 拉链, 一座断桥: a Chinese verb that is the first part of the name of a thing."""
    token = passage.tokens[index]
    after = passage.neighbour(index, 1)
    if after is None or (len(after.text) > 1 and len(token.text) > 1):
        return False
    if after.text in _NEVER_OBJECTS or (after.text in _LAST_PARTS and not after.is_known):
        return True
    if len(token.text) > 1:
        return False
    if not after.is_known and len(after.text) == 1:
        return not _may_act_before(passage, index)
    if index == 0:
        return False
    before = passage.mentions.get(index - 1)
    is_qualified = before is not None and before.slot in ATTRIBUTE_SLOTS
    is_counted = passage.tokens[index - 1].text == "的" or "classifier" in passage.roles(index - 1)
    return (
        (is_qualified or is_counted) and passage.is_thing(index + 1) and not _has_de_after(passage, index + 1)
    )


def _ends_phrase(passage: Passage, index: int, item: Candidate) -> bool:
    """拍着他的背: one character behind 的 that ends its clause is a noun, or what a face shows (苦笑)."""
    is_bare = index > 0 and len(passage.tokens[index].text) == 1 and passage.tokens[index - 1].text == "的"
    return is_bare and passage.neighbour(index, 1) is None and "show_emotion" not in item.concept.broader


def _may_act_before(passage: Passage, index: int) -> bool:
    """Whether who acts, or a word that a verb follows, stands right before."""
    if passage.is_mark(index - 1) or passage.tokens[index - 1].text in _OPENS_VERB:
        return True
    before = passage.mentions.get(index - 1)
    if before is not None:
        return before.slot in LIVING_SLOTS
    return bool(passage.roles(index - 1) & {"he", "she", "they"})


def _has_de_after(passage: Passage, index: int) -> bool:
    """一只舔爪子的猫: what 的 follows qualifies a noun, as a verb does."""
    for later in range(index + 1, min(index + NEAR, len(passage.tokens))):
        if passage.is_mark(later):
            return False
        if passage.tokens[later].text == "的":
            return True
    return False
