"""Somebody's facts as words that can stand where the name stood: `a waitress, fifty`, 收银员（20岁）."""

import re

from rushes.language.bible.entry import bible_words
from rushes.language.vocabulary import vocabulary
from rushes.language.writing import behind_article

_CHILD = re.compile(r"(?:0?[1-9]|1[0-7]|[１-９]|１[０-７]|(?:十?[一二三四五六七]|十|八|九)岁)(?![0-9０-９s])")
_ARTICLE = re.compile(r"^(?:the|an?) ", re.IGNORECASE)
# A trucker in a denim jacket: what somebody is ends there.
_OF_PERSON = re.compile(r" (?:in|with|who|of|from)\b")
_AND = {"zh": "，", "ja": "、", "ko": ", "}
# What somebody is to others says little of how they look.
# fmt: off
_KIN = frozenset((
    "father", "mother", "brother", "sister", "son", "daughter", "husband", "wife", "grandfather",
    "grandmother", "grandson", "granddaughter", "uncle", "aunt",
))
# fmt: on
# Concepts that a pronoun tells as well, or better.
_ANYBODY = frozenset(("person", "man", "woman", "boy", "girl", "child", "elder", "adult"))


def described(name: str, facts: str, pronouns: tuple[str, ...], language: str) -> str:
    """What a script says of somebody, behind what they are: their trade, else a woman, a boy, a person."""
    if not facts or facts.lower().startswith(("a ", "an ")):
        return facts
    if language == "en":
        pieces = facts.split(", ")
        trade = next((piece for piece in pieces if _is_trade(_OF_PERSON.split(piece)[0], language)), None)
        if trade is not None:
            pieces.remove(trade)
            return ", ".join([behind_article("a ", _ARTICLE.sub("", trade)), *pieces])
        title = name.split(" ", maxsplit=1)[0].lower()
        person = behind_article("a ", title) if " " in name and _is_trade(title, language) else ""
        return f"{person or _anybody(facts, pronouns, language)}, {facts}"
    told = next((piece for piece in facts.split(_AND[language]) if _is_trade(piece, language)), "")
    if told and told != facts:
        facts = _AND[language].join(piece for piece in facts.split(_AND[language]) if piece != told)
        person = _one(told, language)
    else:
        person = _trade_in(name, language) or _anybody(facts, pronouns, language)
    facts = _AND[language].join(piece for piece in facts.split(_AND[language]) if piece != person)
    return f"{person}({facts})" if language == "ko" else f"{person}（{facts}）"


def _anybody(facts: str, pronouns: tuple[str, ...], language: str) -> str:
    who = pronouns[0] if pronouns else "anybody"
    is_child = bool(_CHILD.match(facts)) and who in bible_words()["child"]
    person: str = bible_words()["child" if is_child else "person"][who][language]
    return person


def _trade_in(name: str, language: str) -> str:
    """收银员小敏 is a 收银员, 마 형사 a 형사."""
    words = name.split(" ")
    if language == "ko":
        return words[-1] if len(words) > 1 and _is_trade(words[-1], language) else ""
    titles = (name[:length] for length in range(len(name) - 1, 1, -1))
    title = next((each for each in titles if _is_trade(each, language)), "")
    return _one(title, language) if title else ""


def _one(trade: str, language: str) -> str:
    return f"一名{trade}" if language == "zh" else trade


def _is_trade(words: str, language: str) -> bool:
    known = vocabulary(language).concepts
    bare = _ARTICLE.sub("", words.lower())
    senses = known.get(bare) or (known.get(bare.split(" ")[-1], ()) if language == "en" else ())
    people = {sense.concept.id for sense in senses if sense.concept.slot == "person"}
    return bool(people) and not people & (_ANYBODY | _KIN)
