"""Whether a text rules out what it names: "no gore", 没有血腥, 血は出ない, 유혈 없이. The parser decides.

The parser knows the negations of four languages but not the words of a policy: a word it does not know is
replaced by one it knows, and the sentence is read again.
"""

from rushes.core.errors import UsageError
from rushes.language.parse import parse
from rushes.safety.normal import Words
from rushes.safety.terms import Hit, sentence_of

# Nouns that can be there or not, whatever stands around them; the Korean one also takes 하다.
# Two, since the parser merges what is named twice.
_STAND_INS = {"zh": ("血", "狗"), "en": ("blood", "dog"), "ja": ("血", "犬"), "ko": ("전투", "싸움")}

# No negation reaches further; a sentence without end is not read again for each of its words.
_FAR = 200


def is_ruled_out(words: Words, hit: Hit) -> bool:
    """Whether the sentence says that ``hit`` is not there; False where the parser cannot tell."""
    start, end = sentence_of(words, hit.first)
    start, end = max(start, hit.first - _FAR), min(end, hit.last + _FAR)
    sentence = words.normal.text[start:end]
    first, last = hit.first - start, hit.last - start
    try:
        spec = parse(sentence)
        known = [each for each in spec.everything() if each.span == (first, last)]
        if known:
            return all(each.negated for each in known)
        stand_in = next((each for each in _STAND_INS[spec.language] if each not in sentence), "")
        again = parse(sentence[:first] + stand_in + sentence[last:], spec.language)
    except UsageError:
        return False
    place = (first, first + len(stand_in))
    return bool(stand_in) and any(each.span == place and each.negated for each in again.everything())
