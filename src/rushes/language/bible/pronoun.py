"""What a pronoun is to its clause: who acts, whose something is, or neither."""

import re
from enum import IntEnum

_AFTER = {"ja": {"は": 2, "が": 2, "も": 2, "の": 1}, "ko": {"는": 2, "가": 2, "도": 2, "의": 1}}
_NOUN_FOLLOWS = re.compile(
    r"\s(?!(?:and|or|to|in|on|at|from|with|as|into|by|out|up|an?|the|his|her|its|their|my|your|our|some"
    r"|another|this|that|one|two|three|something|nothing|back|away|down|off|over)\b)[a-z]"
)
_OPENS_CLAUSE = re.compile(r"(?:^|[\s，。！？；、,.!?;]|然后|接着|而|但)$")


class Case(IntEnum):
    """How much a pronoun behind a name says of whose it is."""

    OBJECT = 0
    POSSESSIVE = 1
    SUBJECT = 2


def case_of(text: str, start: int, end: int, language: str) -> Case:
    """The case of the pronoun ``text[start:end]``."""
    word = text[start:end].lower()
    if language == "en":
        if word in ("his", "its", "their") or (word == "her" and _NOUN_FOLLOWS.match(text, end)):
            return Case.POSSESSIVE
        return Case.SUBJECT if word in ("she", "he", "it", "they") else Case.OBJECT
    if language == "zh":
        if text.startswith("的", end):
            return Case.POSSESSIVE
        return Case.SUBJECT if _OPENS_CLAUSE.search(text, max(0, start - 2), start) else Case.OBJECT
    # 그는 has its particle in it, 그녀 and 彼女 stand before theirs.
    particle = word[-1] if language == "ko" and len(word) > 1 and word != "그녀" else text[end : end + 1]
    return Case(_AFTER[language].get(particle, 0))
