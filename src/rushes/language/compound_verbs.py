"""Japanese verbs that tell of no deed of their own: 落とす of 叩き落とす, 来る of 飛んで来る."""

from rushes.language.passage import Passage
from rushes.language.script import Script, script_of

# The stem of a verb that another may follow: 叩き, 投げ. 振り返り微笑む are two deeds.
_STEM_ENDS = tuple("いきぎしじちにびみりえけげせねべめれ")
_LONGEST_STEM = 3
# Second parts that only say how far, how long or which way: 絞り出す, 切り続ける.
_LIGHT = frozenset(
    ("続ける", "続く", "出す", "かける", "掛ける", "合う", "切る", "まくる", "上げる", "付ける", "つける")
)
_TE = ("て", "で")
# Behind て these say for whom, where to or how something is done.
_HELPING = frozenset(
    ("来る", "くる", "行く", "いく", "あげる", "上げる", "くれる", "やる", "もらう", "置く")
) | frozenset(("おく", "見る", "みる", "しまう", "回る", "まわる"))


def belongs_to_verb(passage: Passage, index: int) -> bool:
    """Whether a verb is part of the one before it, or says how the one behind it is done."""
    token = passage.tokens[index]
    if not token.candidates or any(item.concept.slot != "action" for item in token.candidates):
        return False
    return _is_second_part(passage, index) or _follows_te(passage, index) or _is_manner(passage, index)


def _is_second_part(passage: Passage, index: int) -> bool:
    if not passage.touches(index) or not passage.tokens[index - 1].text.endswith(_STEM_ENDS):
        return False
    stem, before = passage.tokens[index - 1], passage.mentions.get(index - 1)
    is_light = any(item.word.text in _LIGHT for item in passage.tokens[index].candidates)
    if before is None:
        return is_light and not stem.is_known
    is_verb = before.slot == "action" and before.kind == "verb"
    return is_verb and (is_light or (len(stem.text) <= _LONGEST_STEM and _count_han(stem.text) <= 1))


def _follows_te(passage: Passage, index: int) -> bool:
    if not passage.touches(index):
        return False
    last = passage.tokens[index - 1].text
    before = passage.mentions.get(index - 2 if last in _TE else index - 1)
    is_verb = before is not None and before.slot == "action"
    helps = any(item.word.text in _HELPING for item in passage.tokens[index].candidates)
    return is_verb and helps and last.endswith(_TE)


def _is_manner(passage: Passage, index: int) -> bool:
    """くるくる踊る, ひらりと飛び乗る: what sounds like the verb that follows."""
    text, next_ = passage.tokens[index].text, index + 1
    if next_ < len(passage.tokens) and passage.tokens[next_].text == "と":
        text, next_ = text + "と", next_ + 1
    half = len(text.removesuffix("と")) // 2
    is_doubled = half > 1 and text[:half] == text[half : 2 * half]
    if _count_han(text) or not (is_doubled or text.endswith("りと")) or next_ >= len(passage.tokens):
        return False
    return passage.touches(next_) and passage.tokens[next_].may_be_deed


def _count_han(text: str) -> int:
    return sum(script_of(character) is Script.HAN for character in text)
