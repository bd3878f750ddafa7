"""People of whom a script says only what they do, from `data/names.json`: 小红撑伞奔跑, Anna stops.

A word is a name where it is made like one, stands as a subject, does something and is no word of the lexicon.
What is made like a name but could be a word has to act twice. A person missed is better than one made up.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from typing import Any

from rushes.language.vocabulary import one_of, vocabulary, with_role

_ENOUGH = 2  # what a sure sign weighs
_ENGLISH_NAME = r"(?:[A-Z][a-z]{1,20}(?:[A-Z][a-z]{1,20})?|[A-Z]{3,20})"
_ENGLISH_MENTION = re.compile(rf"\b([a-z]{{1,20}}),? ({_ENGLISH_NAME})\b(?!['’])")
_LOWER = re.compile(r"\b[a-z]{2,20}\b")
_BEFORE = re.compile(r"([A-Za-z]{0,20})[ \t]{0,4}$")
_SENTENCE_END = re.compile(r"(?:^|[.!?…:\n\"”)—–-])\s{0,8}$")


def acting_names(actions: Sequence[str], language: str) -> tuple[str, ...]:
    """Names in the action lines of a script in the order they come; English ones in capitals."""
    if language == "en":
        return _english_names(actions)
    signs = {"zh": _chinese_signs, "ja": _japanese_signs, "ko": _korean_signs}[language]
    weights: Counter[str] = Counter()
    for text in actions:
        for name, weight in signs(text):
            weights[name] += weight
    found = dict.fromkeys(name for name, weight in weights.items() if weight >= _ENOUGH)
    # 李仁立 of `李仁立刻跑开` is 李仁, who acts elsewhere too.
    return tuple(name for name in found if language != "zh" or len(name) < 3 or name[:2] not in found)


@cache
def _names(language: str) -> dict[str, Any]:
    path = resources.files("rushes.language").joinpath("data/names.json")
    table: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return table[language]


def _is_word(word: str, language: str) -> bool:
    known = vocabulary(language)
    return word.lower() in known.concepts or word.lower() in known.roles


# Chinese


def _chinese_signs(text: str) -> Iterator[tuple[str, int]]:
    """A name at the start of a clause with a verb behind it, or behind the name that it stands beside."""
    for found in _chinese_start().finditer(text):
        first = list(_chinese_names(text, found.end()))
        for name, weight in first:
            end = found.end() + len(name)
            if _chinese_acts(text, end):
                yield name, weight
                break
            if text[end : end + 1] in _names("zh")["together"]:
                second = _chinese_names(text, end + 1)
                beside = next((s for s in second if _chinese_acts(text, end + 1 + len(s[0]))), None)
                if beside:
                    yield from ((name, weight), beside)
                    break


@cache
def _chinese_start() -> re.Pattern[str]:
    names = _names("zh")
    firsts = "小阿老" + names["surnames"] + names["word_surnames"]
    firsts += "".join(name[0] for name in names["compound_surnames"])
    return re.compile(rf"(?:^|[。！？；…，,\n”』」）])[\s△▲]{{0,20}}(?:只见|看见)?(?=[{firsts}])")


def _chinese_names(text: str, at: int) -> Iterator[tuple[str, int]]:
    """(name, weight) of what could be a name here, the longest first."""
    names = _names("zh")
    words = vocabulary("zh").concepts
    for name, weight in _chinese_candidates(text, at):
        is_part = any(text[at : at + longer] in words for longer in range(len(name), len(name) + 3))
        if not is_part and name not in names["nobody"]:
            yield name, weight


def _chinese_candidates(text: str, at: int) -> Iterator[tuple[str, int]]:
    names, given = _names("zh"), _names("zh")["given"]
    first, second, third = (text[i : i + 1] or " " for i in range(at, at + 3))
    for length in (4, 3):
        name = text[at : at + length]
        if name[:2] in names["compound_surnames"] and all(letter in given for letter in name[2:]):
            yield name, _ENOUGH
    if second in {"小": names["nicknames"], "阿": names["after_a"], "老": names["after_lao"]}.get(first, ""):
        yield first + second, _ENOUGH
    is_sure = first in names["surnames"]
    if is_sure or first in names["word_surnames"]:
        for length in (3, 2):
            if text[at + 1 : at + 1 + length] in names["titles"]:
                yield text[at : at + 1 + length], _ENOUGH
        if second in given:
            is_word = first + second in names["nobody"] or first + second in vocabulary("zh").concepts
            if third in given and not is_word:
                yield first + second + third, _ENOUGH
            yield first + second, _ENOUGH if is_sure else 1


def _chinese_acts(text: str, at: int) -> bool:
    adverbs = _chinese_adverbs().match(text, at)
    at = adverbs.end() if adverbs else at
    if _chinese_verbs().match(text, at):
        return True
    known = vocabulary("zh")
    lengths = known.lengths.get(text[at : at + 1], ())
    longest = next((text[at : at + n] for n in lengths if text[at : at + n] in known.concepts), "")
    return any(each.concept.slot == "action" for each in known.concepts.get(longest, ()))


@cache
def _chinese_adverbs() -> re.Pattern[str]:
    return re.compile(one_of(_names("zh")["before_verbs"]) + "{0,4}")


@cache
def _chinese_verbs() -> re.Pattern[str]:
    return re.compile(one_of(_names("zh")["verbs"]))


# Japanese


def _japanese_signs(text: str) -> Iterator[tuple[str, int]]:
    """A family name, a given name or both before が, は, も or the comma of a stage direction."""
    for found in _japanese_subject().finditer(text):
        name = (found.group(1) or "") + (found.group(2) or "")
        if name and not _is_word(name, "ja"):
            yield name, _ENOUGH


@cache
def _japanese_subject() -> re.Pattern[str]:
    names = _names("ja")
    family, given, suffix = (one_of(names[key]) for key in ("surnames", "given", "suffixes"))
    return re.compile(
        rf"(?<![\u3400-\u9fff々])(?=[\u3400-\u9fffお])({family})?[ 　]?({given})?{suffix}?(?=[がはも、])"
    )


# Korean


def _korean_signs(text: str) -> Iterator[tuple[str, int]]:
    """A given name, a family name with one, or a family name with a title, before a subject's particle."""
    for found in _korean_subject().finditer(text):
        name = next(group for group in found.groups() if group)
        is_usual = found.group(4) is None
        if not _is_word(name, "ko"):
            yield name, _ENOUGH if is_usual else 1


@cache
def _korean_subject() -> re.Pattern[str]:
    names = _names("ko")
    given = names["given"]
    family, titled = f"[{names['surnames']}]", f"[{names['titled_surnames']}]"
    first, last = ("".join(sorted({name[i] for name in given})) for i in (0, 1))
    return re.compile(
        rf"(?<![가-힣])(?:({family}?{one_of(given)})|({family}{one_of(names['given_words'])})"
        rf"|({titled} ?{one_of((*names['titles'], '씨'))})|({titled}[{first}][{last}]))"
        r"이?(?:께서|이|가|은|는|도|와|과)(?![가-힣])"
    )


# English


def _english_names(actions: Sequence[str]) -> tuple[str, ...]:
    """Subjects of a verb, named at least twice or where no sentence begins, once as only a person is."""
    sure: Counter[str] = Counter()
    weights: Counter[str] = Counter()
    for text in actions:
        for name, weight, is_sure in _english_signs(text):
            weights[name] += weight
            sure[name] += is_sure
    if not weights:
        return ()
    unfit = {word.upper() for text in actions for word in _LOWER.findall(text)}
    no_name_after = {*_names("en")["places"], *with_role("en", "determiner")}
    for text in actions:
        for before, name in _ENGLISH_MENTION.findall(text):
            key = name.upper()
            if key in weights and before in no_name_after:
                unfit.add(key)
            elif key in weights:
                weights[key] += 1
                sure[key] += 1
    return tuple(
        name
        for name, weight in weights.items()
        if weight >= _ENOUGH and sure[name] and not any(word in unfit for word in name.split())
    )


def _english_signs(text: str) -> Iterator[tuple[str, int, bool]]:
    """(name, weight, whether only a person does so) of each subject."""
    person_verbs = _names("en")["person_verbs"]
    for found in _english_subject().finditer(text):
        title, first, last, other, verb = found.groups()
        verb = verb + "s" if other else verb
        before = text[max(0, found.start() - 24) : found.start()]
        is_start = bool(_SENTENCE_END.search(before))
        if not (is_start or _joins(before)) or not _is_english_verb(verb):
            continue
        words = [last] if last and _opens_a_sentence(first) else [first, *filter(None, [last])]
        is_sure = bool(title) or verb in person_verbs
        weight = _ENOUGH if title or (is_sure and not is_start) else 1
        if not any(map(_is_nobody, words)):
            yield ((title or "") + " ".join(words)).upper(), weight, is_sure
        if other and not _is_nobody(other):
            yield other.upper(), weight, is_sure


@cache
def _english_subject() -> re.Pattern[str]:
    title = one_of(_names("en")["titles"])
    return re.compile(
        rf"\b({title}\.? )?({_ENGLISH_NAME})(?: ({_ENGLISH_NAME}))?(?: (?:and|&) ({_ENGLISH_NAME}))?"
        r" (?:[a-z]{2,20}ly )?([a-z]{2,20})\b"
    )


def _joins(before: str) -> bool:
    """Whether a clause begins behind these words: after a comma or `and`, `as`, `while`."""
    word = _BEFORE.search(before)
    return before.rstrip().endswith(",") or bool(word and word.group(1) in _names("en")["joins"])


def _opens_a_sentence(word: str) -> bool:
    """Suddenly, Then, Meanwhile: no part of the name behind them."""
    return word.endswith("ly") or word in ("Then", "Now", "Meanwhile", "And", "But", "As", "When", "While")


def _is_english_verb(word: str) -> bool:
    """Whether a word is what one person does: the -s form of a verb."""
    if word in _english_verbs():
        return True
    known = vocabulary("en").concepts.get(word, ())
    return word.endswith("s") and any(each.is_deed for each in known)


@cache
def _english_verbs() -> frozenset[str]:
    return frozenset((*_names("en")["verbs"], *_names("en")["person_verbs"]))


def _is_nobody(word: str) -> bool:
    return word.title() in _english_nobody() or _is_word(word, "en")


@cache
def _english_nobody() -> frozenset[str]:
    return frozenset(_names("en")["nobody"])
