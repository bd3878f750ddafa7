"""Who of a script is a she and who a he, as far as it tells."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping

from rushes.language.bible.pronoun import Case
from rushes.language.bible.resolve import pronouns_after
from rushes.language.screenplay.breakdown import Breakdown
from rushes.language.screenplay.element import ElementKind
from rushes.language.screenplay.names import NameFinder
from rushes.language.screenplay.people import speaker_names

# What is said of somebody tells it outright: `女，32岁`, `(32세, 여)`, `50, grey beard`.
_APART = r"(?:^|[\s，,、/／])(?:{})(?=$|[\s，,、/／])"
_WOMAN = re.compile(
    _APART.format(
        r"女\w{0,3}|少女|여성?|여자|소녀|female|woman|girl|mother|grandmother|sister|wife|daughter"
        r"|(?:the )?(?:waitress|actress|lady|queen|princess|bride|nun|widow|hostess|nanny)"
        r"|母|妹|姉|妻|娘|祖母|母亲|妈妈|奶奶|姐姐|妹妹|妻子|어머니|엄마|누나|언니|여동생|아내|딸|할머니"
    )
)
_MAN = re.compile(
    _APART.format(
        r"男\w{0,3}|少年|남성?|남자|소년|male|man|boy|father|grandfather|brother|husband"
        r"|(?:the )?(?:gentleman|king|prince|groom|monk|widower)"
        r"|父|兄|弟|夫|息子|祖父|父亲|爸爸|爷爷|哥哥|弟弟|丈夫|아버지|아빠|형|오빠|남동생|남편|아들|할아버지"
    )
    + r"|beard|mo?ustache|stubble|胡子|胡须|络腮胡|ひげ|髭|수염"
)
# What somebody is to others, right before the name: her little brother MATEO, 妹妹小宝, 妹の凪, 여동생 지우.
_OF_OTHERS = r"\b(?:her|his|their)(?: [a-z-]{{1,20}}){{0,2}} (?:{}),? $"
_SISTER = re.compile(
    _OF_OTHERS.format("mother|grandmother|sister|wife|daughter|granddaughter|aunt|girlfriend")
    + r"|(?:母|妹|姉|妻|娘|祖母)の$|(?:母亲|妈妈|奶奶|姐姐|妹妹|妻子|女儿|姑姑|阿姨)$"
    + r"|(?:어머니|엄마|누나|언니|여동생|아내|딸|할머니) $"
)
_BROTHER = re.compile(
    _OF_OTHERS.format("father|grandfather|brother|husband|son|grandson|uncle|boyfriend")
    + r"|(?:父|兄|弟|夫|息子|祖父)の$|(?:父亲|爸爸|爷爷|哥哥|弟弟|丈夫|儿子|叔叔|舅舅)$"
    + r"|(?:아버지|아빠|형|오빠|남동생|남편|아들|할아버지) $"
)
# YOUNG LENA is who Lena is.
_AT_ANOTHER_AGE = re.compile(
    r"^(?:(?:YOUNG|LITTLE|OLD|OLDER|YOUNGER|TEENAGE|ADULT) |幼年|少年|青年|中年|老年|年轻)"
)
_OUTRIGHT = 10  # what is said counts for so many pronouns
_REACH = 40
# `Voss grips the wheel. Beside her, ...`: who opens a sentence in this way was named in the one before.
_BESIDE_WHOM = {"her": "she", "him": "he"}
_BESIDE = re.compile(
    r"[.!?] (?:Beside|Behind|Next to|Opposite|Around|Near|In front of|Across from|With) (her|him)\b"
)
# Who was named is still meant past what they say, and past what nobody films.
_BETWEEN = frozenset(
    (ElementKind.BLANK, ElementKind.NOTE, ElementKind.PARENTHETICAL, ElementKind.DIALOGUE, ElementKind.LYRICS)
)


def likely_pronouns(breakdown: Breakdown) -> dict[str, tuple[str, ...]]:
    """By name: she or he, by what is said of somebody, else by the pronouns that stand for them."""
    canonical = {
        name: character.name
        for character in breakdown.characters
        for name in (character.name, *character.aliases)
    }
    votes = _votes(breakdown, canonical)
    likely: dict[str, tuple[str, ...]] = {
        name: (counts.most_common(1)[0][0],) for name, counts in votes.items() if _is_clear(counts)
    }
    for each in breakdown.characters:
        is_woman, is_man = (bool(words.search(each.description.lower())) for words in (_WOMAN, _MAN))
        if is_woman != is_man:
            likely[each.name] = ("she" if is_woman else "he",)
    for each in breakdown.characters:
        later = likely.get(canonical.get(_AT_ANOTHER_AGE.sub("", each.name), ""))
        if later and each.name not in likely:
            likely[each.name] = later
    return likely


def _votes(breakdown: Breakdown, canonical: Mapping[str, str]) -> dict[str, Counter[str]]:
    """Paragraphs that name one person tell by the pronouns behind the name which are theirs: who acts says
    more than whose something is, and `Tom pulls her out` says nothing of Tom."""
    finder = NameFinder(canonical)
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    name = ""
    for element in breakdown.elements:
        if element.kind is not ElementKind.ACTION:
            # `A torch in her hand.` is still of who was named before it, until somebody else has a line.
            is_own = element.kind is ElementKind.CHARACTER and name in (
                canonical.get(each) for each in speaker_names(element.words)
            )
            name = name if is_own or element.kind in _BETWEEN else ""
            continue
        named = [(span, canonical[each]) for each, span in finder.find(element.words)]
        for span, each in named:
            votes[each].update(_told_before(element.words, span.start))
        start = 0
        if named:
            start, name = named[0][0].end, named[0][1]
        # Past the first name of somebody else nobody knows who is meant.
        others = [span.end for span, each in named if each != name]
        if name:
            behind = element.words[: others[0] if others else None]
            votes[name].update(_told_behind(behind, start, breakdown.language))
        if others:
            name = ""
    return votes


def _told_before(words: str, start: int) -> Counter[str]:
    before = words[max(0, start - _REACH) : start].lower()
    kinds = (("she", _SISTER), ("he", _BROTHER))
    return Counter({kind: _OUTRIGHT for kind, pattern in kinds if pattern.search(before)})


def _told_behind(words: str, start: int, language: str) -> Counter[str]:
    behind = [*pronouns_after(words, start, language)]
    behind += [(_BESIDE_WHOM[word], Case.POSSESSIVE) for word in _BESIDE.findall(words, start)]
    acting = {kind for kind, case in behind if case is Case.SUBJECT}
    told: Counter[str] = Counter()
    for kind, case in behind:
        # Where a she and a he act, one of them is somebody else, and who is not told.
        if kind in ("she", "he") and not acting >= {"she", "he"}:
            told[kind] += int(case)
    return told


def _is_clear(counts: Counter[str]) -> bool:
    first = [*counts.most_common(2), ("", 0), ("", 0)]
    return first[0][1] > first[1][1]
