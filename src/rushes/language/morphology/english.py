"""English inflection: plurals, and the -s, -ing and -ed of verbs with the irregular ones."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from rushes.language.tables import rows

_VOWELS = "aeiou"
_IRREGULAR_PLURALS = {
    **{name: name for name in ("deer", "sheep", "moose", "koi", "salmon", "aircraft", "bison", "elk")},
    "man": "men",
    "woman": "women",
    "child": "children",
    "person": "people",
    "mouse": "mice",
    "goose": "geese",
    "foot": "feet",
    "tooth": "teeth",
    "leaf": "leaves",
    "wolf": "wolves",
    "knife": "knives",
    "elf": "elves",
    "thief": "thieves",
    "shelf": "shelves",
    "life": "lives",
    "half": "halves",
    "scarf": "scarves",
    "loaf": "loaves",
    "calf": "calves",
    "fireman": "firemen",
}
# Two syllables, stressed on the last one: the final consonant doubles although the verb is not short.
_DOUBLING = frozenset(("begin", "admit", "prefer", "refer", "occur", "control", "patrol", "propel", "submit"))
_NEVER_DOUBLING = frozenset("wxy")
_ALWAYS_PLAIN = frozenset(("open", "listen", "enter", "wander", "whisper", "gather", "flicker", "glimmer"))
# Whose it may be where the lexicon writes his: to lose his footing, her footing, its footing.
_OTHER_OWNERS: Sequence[Mapping[str, str]] = (
    {"his": "her", "himself": "herself"},
    {"his": "its", "himself": "itself"},
    {"his": "their", "himself": "themselves"},
)


def verb_forms(phrase: str) -> Sequence[tuple[str, str]]:
    """Return base, -s, -ing and -ed forms of a verb phrase whose first word is the verb: `push in`."""
    head, _, rest = phrase.partition(" ")
    if not rest:
        return _forms_of(head)
    rests, words = [rest], rest.split()
    if "his" in words or "himself" in words:
        rests += (" ".join(owner.get(word, word) for word in words) for owner in _OTHER_OWNERS)
    return [(f"{form} {each}", kind) for each in rests for form, kind in _forms_of(head)]


@cache
def _forms_of(verb: str) -> tuple[tuple[str, str], ...]:
    participles = ((form, "participle") for form in (_ing(verb), *_past(verb)))
    return (verb, "verb"), (_with_s(verb), "verb"), *participles


def noun_forms(phrase: str, is_noun: bool, is_counted: bool) -> Iterator[tuple[str, str]]:
    """Yield a noun phrase and its plural; what is no noun (an adjective, an adverb) stays as it is."""
    yield phrase, "noun" if is_noun else "other"
    first, _, last = phrase.rpartition(" ")
    if not is_counted or not last or not last[-1].isalpha():
        return
    plural = _IRREGULAR_PLURALS.get(last) or _with_s(last)
    if last.endswith("man") and last not in _IRREGULAR_PLURALS and last != "human":
        plural = last[:-3] + "men"
    yield f"{first} {plural}" if first else plural, "noun" if is_noun else "other"


def _with_s(word: str) -> str:
    if word in ("go", "do") or word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and len(word) > 1 and word[-2] not in _VOWELS:
        return word[:-1] + "ies"
    return word + "s"


def _ing(verb: str) -> str:
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")) and len(verb) > 2:
        return verb[:-1] + "ing"
    return verb + (verb[-1] if _doubles(verb) else "") + "ing"


def _past(verb: str) -> tuple[str, ...]:
    if verb in _irregular_verbs():
        return _irregular_verbs()[verb]
    if verb.endswith("e"):
        return (verb + "d",)
    if verb.endswith("y") and len(verb) > 1 and verb[-2] not in _VOWELS:
        return (verb[:-1] + "ied",)
    if verb.endswith("c"):
        return (verb + "ked",)
    return (verb + (verb[-1] if _doubles(verb) else "") + "ed",)


def _doubles(verb: str) -> bool:
    """Whether the last consonant is doubled: consonant, one vowel, consonant in a stressed syllable."""
    if verb in _DOUBLING:
        return True
    if len(verb) < 3 or verb in _ALWAYS_PLAIN or verb[-1] in _VOWELS or verb[-1] in _NEVER_DOUBLING:
        return False
    one_vowel = verb[-2] in _VOWELS and (verb[-3] not in _VOWELS or verb[-3:-1] == "ui")
    syllables = sum(
        letter in _VOWELS and (index == 0 or verb[index - 1] not in _VOWELS)
        for index, letter in enumerate(verb)
    )
    return one_vowel and (syllables == 1 or verb[-3:-1] == "ui")


@cache
def _irregular_verbs() -> Mapping[str, tuple[str, ...]]:
    """Return verb -> past and participle; where one form serves for both it stands once."""
    return {verb: tuple(forms.split("/")) for verb, forms in rows("english_verbs")}
