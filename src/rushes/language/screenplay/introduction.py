"""Where a script says who somebody is: cast lists, `MARA (40s)`, `A WAITER`, 赤いコートを着た美咲（28）."""

import re
from collections.abc import Iterable
from itertools import takewhile

from rushes.language.screenplay.element import Element, ElementKind
from rushes.language.screenplay.heading import heading_field
from rushes.language.screenplay.props import find_props
from rushes.language.screenplay.scene import ScenePart
from rushes.language.screenplay.words import AGE
from rushes.language.vocabulary import vocabulary

_CAST_ENTRY = re.compile(
    r"([^\s：:（(，,、—–\-]{1,24}(?: [A-Z][\w'.-]{0,20}){0,3})\s*(?:[：:（(，,—–\-]|\s|$)(.*)$"
)
# `水島　凪（32）`: a space inside the name.
_NAME_APART = re.compile(
    r"([\u3400-\u9fff々]{1,3})[ \u3000]([\u3041-\u30ff\u3400-\u9fff々]{1,4})(?=[（(\s]|$)"
)
_ALIAS = re.compile(r"([^\s：:（(，,、]{2,24})[（(]([^（）()]{1,8})[）)]")
_BRACKET_END = re.compile(r"([）)])[\s：:、，,–—-]{0,8}")
# MCCREADY, McCREADY.
_CAPITALS = r"(?:Ma?c|O['’])?[A-Z][A-Z'.-]{1,30}"
# `MARA (40s)`, `RUTH, 60`, `BEN, a tall boy`; in `BOOM, the door flies open` nobody is introduced.
_INTRODUCED = re.compile(
    rf"\b{_CAPITALS}(?: {_CAPITALS}){{0,3}}"
    r"(?=\s?\(\s?(?:\d|[a-z])|,\s?(?:\d|(?:an?|the|in|mid|late|early|barely|almost|his|her|our)\b))"
)
# `BETTY, the waitress, fifty`; in `BOOM, the door flies open` nobody is.
_THE = re.compile(r",\s?the ((?:[a-z'-]{1,30} ){0,3}[a-z'-]{1,30})(?=[,.(]|$)")
# `Tom, 50, grey beard`, `Tom (50)`: a name in small letters with an age.
_INTRODUCED_SMALL = re.compile(r"\b[A-Z][a-z]{1,30}(?: [A-Z][a-z]{1,30}){0,2}(?=\s?\(\d{1,2}[,)]|, \d{1,2},)")
# `A WAITER`, `TWO COPS`: who is no more than what they are.
_EXTRA = re.compile(
    r"\b(?i:an?|the|another|some|several|few|two|three|four|five|six|ten|dozen|his|her|their)"
    r" ([A-Z][A-Z'-]{1,30}(?: [A-Z][A-Z'-]{1,30}){0,2})\b(?!['’])"
)
_NAMED = re.compile(rf",? ({_CAPITALS}(?: {_CAPITALS}){{0,2}})(?=[,.(]|$)")
# Kana and particles are no part of a name here: `改札から駅員の佐伯健一（60）` introduces 佐伯健一.
_INTRODUCED_ASIAN = re.compile(
    r"(?P<name>(?:(?<![\u3400-\u9fff])|(?<=的))(?:(?!的)[\u3400-\u9fff\u30a1-\u30fc]){2,5}"
    r"|(?<=[兄弟姉妹父母子娘夫妻]の)[\u3400-\u9fff]"
    r"|(?:(?<![\uac00-\ud7a3])[\uac00-\ud7a3]{1,2} )?[\uac00-\ud7a3]{2,4})"
    rf"[（(]\s?(?P<about>(?:{AGE}|[女男中青老少](?:性|子|年|女)?[，,、 ])[^（）()\n]{{0,80}})[）)]"
)
# 兄の陸（17）: whose brother is not told, but that he is one.
_KIN = re.compile("(祖父|祖母|父|母|兄|弟|姉|妹|夫|妻|息子|娘)の$")
# 少年・タクミ, 父・健一
_BESIDE_NAME = re.compile(r"([\u3400-\u9fff\u30a1-\u30fa]{1,6})・([\u3400-\u9fff\u30a1-\u30fc]{1,8})$")
# 人物：慧明（老僧，七十岁）、海生（电话声）: only one of them is described.
_AGED = re.compile(rf"([^\s：:（(，,、；;）)]{{1,24}})[（(]([^（）()]{{0,40}}?{AGE}[^（）()]{{0,40}})[）)]")
# What somebody wears, right before their name: 赤いコートを着た, 穿红斗篷的, 검은 코트를 입은.
_WORN = {
    "ja": re.compile(
        r"((?:[\u3400-\u9fff々\u30a1-\u30fc](?:の|しい|い|な|びた|っぽい)?){2,20})"
        r"(?:を(?:着た|まとった|羽織った|かぶった|被った|履いた|はいた|かけた|締めた|巻いた|つけた|した)|姿の|の)$"
    ),
    "zh": re.compile(r"(?:[穿披戴系裹]着?)([^\s，,。、；;：:“”穿披戴系裹]{2,12})的$"),
    "ko": re.compile(
        r"((?:[\uac00-\ud7a3]{1,8} ){0,2}[\uac00-\ud7a3]{1,8}[^을를\W])[을를] "
        r"(?:입은|두른|걸친|쓴|신은|맨|낀|착용한) $"
    ),
}
# 두 형사, 그 형사
_NO_SURNAMES = frozenset("두세네몇그저첫옛")
_ANYBODY = frozenset(("person", "man", "woman", "boy", "girl", "child", "elder", "old_man", "old_woman"))
_LONGEST_WORN = 40
_LONGEST_GARMENT = 8
_AND = {"zh": "，", "ja": "、", "ko": ", "}
_ABOUT = re.compile(r"\s?(?:\(\s?([^()\n]{1,200})|,\s?([^()\n.]{1,200}))")
# `MARTA (50), in a grey uniform, listens`.
_WORN_AFTER = re.compile(r"\),( (?:in|wearing|dressed in|with) [^,.;:\n]{1,60})(?=,)")
# `HANK (60s), a trucker in a denim jacket, sits down`.
_TRADE_AFTER = re.compile(
    r"\), an? ((?:[a-z'-]{1,30} ){0,2}?([a-z'-]{1,30})(?: (?:in|with) [^,.;:\n]{1,60})?)(?=,)"
)
_LIST_OF_THINGS = re.compile(r",\s?an? [A-Z]{2}")
_VERB_OR_AND = re.compile(r"and\b|[a-z]{1,24}s\b")


def introductions(parts: tuple[ScenePart, ...], front: Iterable[Element]) -> dict[str, str]:
    """Name -> what the script says of it where it is introduced; cast lists and headings first."""
    notes: dict[str, str] = {}
    for element in front:
        if element.kind is ElementKind.CAST_LIST:
            for line in element.words.split("\n")[1:]:
                name, about = _cast_entry(line.strip(" ・-*\t\u3000"))
                if name:
                    notes.setdefault(name, about)
    for part in parts:
        for element in part.elements:
            if element.kind is ElementKind.ACTION:
                _introduced_in(element.words, notes)
            elif element.kind is ElementKind.SCENE_HEADING:
                _introduced_above(element.words, notes)
    return notes


def _introduced_above(heading: str, notes: dict[str, str]) -> None:
    """People of a scene whose heading lists them: `人物：慧明（老僧，七十岁）`."""
    for line in heading.split("\n")[1:]:
        field = heading_field(line)
        if field and field[0] == "cast":
            for name, about in _AGED.findall(field[1]):
                notes.setdefault(name, about.strip())


def _cast_entry(line: str) -> tuple[str, str]:
    """A line of the cast list: `水島　凪（32）　漁師の娘` -> 水島凪, `32，漁師の娘`."""
    line = _NAME_APART.sub(r"\1\2", line, count=1) if _NAME_APART.match(line) else line
    alias = _ALIAS.match(line)
    if alias and alias.group(2) in alias.group(1):
        # 周海生（海生）: what he is called is part of his name already.
        line = alias.group(1) + line[alias.end() :]
    found = _CAST_ENTRY.match(line)
    if not found:
        return "", ""
    about = found.group(2)
    if line[found.end(1) :].lstrip()[:1] in ("（", "("):
        about = _BRACKET_END.sub(lambda end: "，" if end.group(1) == "）" else ", ", about, count=1)
    return found.group(1).strip(), about.strip(" \u3000.。：，,")


def _introduced_in(words: str, notes: dict[str, str]) -> None:
    for found in _INTRODUCED.finditer(words):
        the = _THE.match(words, found.end())
        is_the = words[found.end() :].lstrip(" ,").startswith("the ")
        if _is_thing(found.group()) or _LIST_OF_THINGS.match(words, found.end()):
            continue
        if is_the and not (the and _is_kind_of_person(the.group(1))):
            continue
        about = _ABOUT.match(words, found.end())
        notes[found.group()] = notes.get(found.group()) or (_looks(about) if about else "")
    for extra in _EXTRA.finditer(words):
        if not _is_kind_of_person(extra.group(1)):
            continue
        named = _NAMED.match(words, extra.end())
        if named and not _is_kind_of_person(named.group(1)):
            # `A SECURITY GUARD, DESMOND, enters`
            notes[named.group(1)] = notes.get(named.group(1)) or extra.group(1).lower()
        else:
            notes.setdefault(extra.group(1), "")
    for asian in _INTRODUCED_ASIAN.finditer(words):
        name = _titled(asian["name"])
        before = words[: asian.end("name") - len(name)][-_LONGEST_WORN:]
        kin = _KIN.search(before)
        relation = f"、{kin[1]}" if kin else ""
        what = _BESIDE_NAME.search(before + name)
        if what and _is_person(what[1], "ja"):
            name, relation = what[2], f"、{what[1]}"
        notes.setdefault(name, asian["about"].strip() + relation + _worn(before))


def _titled(name: str) -> str:
    """마 형사 is a surname with a title; of 입은 민수 and 한 남자 only the last is anybody's name."""
    surname, _, title = name.rpartition(" ")
    if not surname:
        return name
    senses = vocabulary("ko").concepts.get(title, ())
    people = {sense.concept.id for sense in senses if sense.concept.slot == "person"}
    is_titled = len(surname) == 1 and surname not in _NO_SURNAMES and people and not people & _ANYBODY
    return name if is_titled else title


def _worn(before: str) -> str:
    """The garment that ends what stands before a name, behind a comma; nothing where there is none."""
    for language, pattern in _WORN.items():
        found = pattern.search(before)
        if not found:
            continue
        words = found.group(1).split(" ")
        while len(words) > 1 and not vocabulary(language).concepts.get(words[0]):
            # 옥상에서 검은 코트를 입은: what is no word of looks is where somebody stands.
            del words[0]
        worn = " ".join(words)
        known = vocabulary(language).concepts
        senses = (known.get(worn[at:], ()) for at in range(max(0, len(worn) - _LONGEST_GARMENT), len(worn)))
        if any(sense.concept.slot == "clothing" for each in senses for sense in each):
            return _AND[language] + worn
    return ""


def introductions_in_small_letters(parts: tuple[ScenePart, ...]) -> dict[str, str]:
    """Name in capitals -> what the script says of `Tom, 50, grey beard`, who may be somebody or a word."""
    found: dict[str, str] = {}
    for part in parts:
        for element in part.elements:
            if element.kind is ElementKind.ACTION:
                for name in _INTRODUCED_SMALL.finditer(element.words):
                    about = _ABOUT.match(element.words, name.end())
                    found.setdefault(name.group().upper(), _looks(about) if about else "")
    return found


def _is_thing(name: str) -> bool:
    """Whether a name in capitals is a prop that the script points at: `a WATCH, a photograph`."""
    things = find_props(f"the {name.lower()}", "en")
    return any(thing.span.start == len("the ") and thing.span.end == len(f"the {name}") for thing in things)


def _is_kind_of_person(name: str) -> bool:
    """Whether the lexicon knows the words, or the last of them, as people: SECURITY GUARD, COPS."""
    words = vocabulary("en").concepts
    senses = words.get(name.lower()) or words.get(name.lower().split()[-1], ())
    return any(sense.concept.slot == "person" for sense in senses)


def _is_person(word: str, language: str) -> bool:
    """Whether the lexicon knows a word as people: 少年, 父."""
    return any(sense.concept.slot == "person" for sense in vocabulary(language).concepts.get(word, ()))


def _looks(about: re.Match[str]) -> str:
    """All of the brackets and what is worn behind them; behind a comma, what comes before the first verb: of
    `60, denim jacket, climbs out` the age and the jacket."""
    if about.group(1):
        worn = _WORN_AFTER.match(about.string, about.end())
        trade = _TRADE_AFTER.match(about.string, about.end())
        if trade and _is_kind_of_person(trade.group(2)):
            return f"{about.group(1).strip(' ,')}, {trade.group(1)}"
        return about.group(1).strip(" ,") + (f",{worn.group(1)}" if worn else "")
    pieces = [piece.strip() for piece in about.group(2).split(",")]
    looks = takewhile(lambda piece: not _VERB_OR_AND.match(piece), pieces)
    return ", ".join(looks).strip(" ,)")
